package e2e_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
)

// TestBrowserWriter shows that what somebody writes in a real browser isn't lost,
// whatever happens to the session, the account and the requests.
func TestBrowserWriter(t *testing.T) {
	browser := newBrowser(t)
	for name, scene := range map[string]func(p *tab){
		"session over": sessionOver, "other account": otherAccount, "lost answer": lostAnswer,
		"too large": tooLarge, "wide table": wideTable,
	} {
		t.Run(name, func(t *testing.T) {
			scene(newTab(browser, t, apptest.Start(t, nil).URL()))
		})
	}
}

// call makes a request of another tab of the same browser, which must be answered
// with 200.
func (p *tab) call(path string, body map[string]string) {
	p.Helper()
	text, err := json.Marshal(body)
	require.NoError(p.T, err)
	status := eval[int](p, fmt.Sprintf(`fetch(%q, {method: "POST", headers: {"Content-Type": "application/json"},
		body: %q}).then(r => r.status)`, path, text))
	require.Equal(p.T, 200, status, path)
}

// stored waits until the server has a content of an own article.
func (p *tab) stored(id, content string) {
	p.Helper()
	p.until(func() (bool, error) {
		return eval[bool](p, fmt.Sprintf(`fetch("/articles/detail/%s").then(r => r.json()).then(e => e.data?.content === %q)`, id, content)), nil
	}, "the server has "+content)
}

// onlyConsole checks that the console shows each of these refusals, however often,
// and nothing else.
func (p *tab) onlyConsole(want ...string) {
	p.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	slices.Sort(p.errors)
	slices.Sort(want)
	require.Equal(p.T, want, slices.Compact(p.errors))
	p.errors = nil
}

// sessionOver ends the session while its owner writes: the page stays as it is,
// says so, and saves by itself when there is a session again.
func sessionOver(p *tab) {
	p.open("/?lang=en")
	p.signIn("over@tinybook.example")
	id := p.draft("Over", "first")
	p.call("/users/logout", map[string]string{})
	p.fill("#content", "second")
	p.text("[data-over]", "Your session is over")
	p.text("[data-state=failed]", "Not saved")
	p.wait("document.querySelector('[data-over] a').target === '_blank'")
	p.audit()
	p.shot("write-over-en")

	p.click("form[data-editor] button[type=submit]")
	p.text("[data-summary]", "sign in")
	p.wait("document.querySelector('#content').value === 'second'")
	p.loaded("/write/" + id)

	p.call("/users/login", map[string]string{"email": "over@tinybook.example", "password": password})
	p.text("[data-state=saved]", "Draft saved")
	p.wait("!document.querySelector('[data-over]').checkVisibility()")
	p.stored(id, "second")
	p.onlyConsole("401 /articles/edit", "401 /articles/publish", "401 /users/refresh_token")
}

// otherAccount signs somebody else in, in the browser in which an editor is open:
// nothing is saved in their name, and the page waits for its own author.
func otherAccount(p *tab) {
	p.open("/?lang=en")
	p.signUp("other@tinybook.example")
	p.signIn("own@tinybook.example")
	p.open("/write")
	p.call("/users/login", map[string]string{"email": "other@tinybook.example", "password": password})
	p.fill("#title", "Whose is this")
	p.text("[data-state=failed]", "Another account is signed in")
	p.audit()
	p.shot("write-other-en")
	own := `fetch("/articles/list", {method: "POST"}).then(r => r.json()).then(e => e.data.length)`
	require.Zero(p.T, eval[int](p, own))

	p.call("/users/login", map[string]string{"email": "own@tinybook.example", "password": password})
	p.text("[data-state=saved]", "Draft saved")
	require.Equal(p.T, 1, eval[int](p, own))
	p.onlyConsole("403 /articles/edit")
}

// lostAnswer loses the answer to the first save: the editor makes one draft of it.
func lostAnswer(p *tab) {
	p.open("/?lang=en")
	p.signIn("lost@tinybook.example")
	p.open("/write")
	eval[bool](p, `(window.good = window.fetch, window.fetch = async (...args) => {
		const answer = await good(...args);
		if (args[0] !== "/articles/edit") return answer;
		window.fetch = good;
		throw new TypeError("the answer is lost");
	}, true)`)
	p.fill("#title", "Once")
	p.text("[data-state=failed]", "can't be reached")
	p.fill("#content", "more")
	p.text("[data-state=saved]", "Draft saved")
	p.stored(strings.TrimPrefix(eval[string](p, "location.pathname"), "/write/"), "more")
	require.Equal(p.T, 1, eval[int](p, `fetch("/articles/list", {method: "POST"}).then(r => r.json()).then(e => e.data.length)`))
	p.wantConsole()
}

// tooLarge shows that what the server has no room for isn't sent again and again.
func tooLarge(p *tab) {
	p.open("/?lang=en")
	p.signIn("large@tinybook.example")
	stop := p.onEveryPage(`window.pauses = [];
		const later = window.setTimeout;
		window.setTimeout = (work, pause) => (pauses.push(pause), later(work, pause));`)
	p.open("/write")
	eval[bool](p, `(e => { e.value = "a".repeat(250000); return e.dispatchEvent(new Event("input", { bubbles: true })) })(document.querySelector("#content"))`)
	p.text("[data-state=failed]", "too large")
	require.Equal(p.T, []int{1000}, eval[[]int](p, "pauses.filter((pause) => pause >= 1000)"))
	stop()
	p.wantConsole("413 /articles/edit")
}

// wideTable shows that a table that is wider than the screen scrolls, by keys too,
// and its words stay whole.
func wideTable(p *tab) {
	p.open("/?lang=en")
	p.signIn("table@tinybook.example")
	row := strings.Repeat("| comfortable ", 8) + "|\n"
	p.publish("Wide", row+strings.Repeat("|---", 8)+"|\n"+row)
	p.do(chromedp.EmulateViewport(390, 844))
	p.wait("(t => t.scrollWidth > t.clientWidth)(document.querySelector('.prose table'))")
	p.wait("document.documentElement.scrollWidth <= innerWidth")
	p.wait(`[...document.querySelectorAll(".prose td")].every((cell) => {
		const range = document.createRange();
		range.selectNodeContents(cell);
		return range.getClientRects().length === 1;
	})`)
	p.tabTo(".prose table")
	p.audit()
	p.shot("table-narrow-en")
	p.wantConsole()
}
