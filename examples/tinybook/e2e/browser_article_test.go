package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
)

const (
	longTitle  = "一个很长很长的标题：在山里住的那些日子，我每天写一点小字，写得很慢，却一天也没有停下来过"
	manuscript = `# 山里的日子

今天**下雨**，屋檐下坐着写字。*The rain did not stop all day.*

- 早上喝茶
- 下午看书，[一本好书](https://book.example/a)

> 写下小事，留住日子。

## 晚上

` + "```go\nfmt.Println(\"小字\")\n```" + `

| 时间 | 事情 |
|---|---|
| 早 | 茶 |
| 晚 | 字 |

<script>document.title = "taken"</script>
![山](https://pictures.example/hill.png)`
)

// TestBrowserArticles writes, reads and ranks articles in a real browser, with two
// people who see what the other does.
func TestBrowserArticles(t *testing.T) {
	browser := newBrowser(t)
	for name, scene := range map[string]func(author, reader *tab){
		"from draft to withdrawn": published, "two editors": clashing, "without the server": offline,
		"ranking": ranked, "accessible": articlesLook,
	} {
		t.Run(name, func(t *testing.T) {
			site := apptest.Start(t, nil)
			scene(newTab(browser, t, site.Nodes[0].URL), newTab(browser, t, site.Nodes[1].URL))
		})
	}
}

// published goes the whole way of an article, in Chinese: the author sees in an open
// tab what a reader does on the other node.
func published(author, reader *tab) {
	author.open("/read?lang=zh-CN")
	author.text(".empty", "还没有人发表文章")
	author.text("[data-rank-none]", "还没有文章被喜欢过")
	author.audit()
	author.shot("feed-empty-zh")
	author.signIn("author@tinybook.example")
	author.open("/mine")
	author.text(".none", "还没有文章")
	author.audit()
	author.click(".head a.button")
	author.loaded("/write")

	// What can't be published yet says why, beside its field.
	author.fill("#title", longTitle)
	author.text("[data-state=saved]", "草稿已保存")
	author.wait("/^\\/write\\/\\d+$/.test(location.pathname)")
	author.click("form[data-editor] button[type=submit]")
	author.text("#content-error", "不能为空")
	author.wait("document.querySelector('#content').getAttribute('aria-describedby').includes('content-error')")
	author.wait("document.activeElement === document.querySelector('[data-summary]')")
	author.wantConsole("422 /articles/publish")
	author.audit()
	author.shot("write-errors-zh")
	author.fill("#content", manuscript)
	author.text("[data-state=saved]", "草稿已保存")
	author.wait("document.querySelectorAll('[aria-invalid=true]').length === 0")
	id := strings.TrimPrefix(eval[string](author, "location.pathname"), "/write/")

	// Nobody reads a draft.
	reader.open("/?lang=zh-CN")
	reader.open("/read/" + id)
	reader.text("h1", "没有这个页面")
	reader.wantConsole("404 /read/" + id)

	author.tabTo("form[data-editor] button[type=submit]")
	author.press('\r')
	author.loaded("/read/" + id)
	author.text("h1", longTitle)
	author.text(".prose h2", "山里的日子")
	author.text(".prose table td", "早")
	author.wait("document.title.includes('山里') && !document.querySelector('.prose img, .prose script')")
	author.wait("document.querySelector('.prose a[href^=\"https://book\"]').rel.includes('nofollow')")

	reader.signIn("reader@tinybook.example")
	author.open("/read")
	author.text(".entry h2", longTitle)
	eval[bool](author, "window.still = true")

	reader.open("/read")
	reader.click(".entry h2 a")
	reader.loaded("/read/" + id)
	reader.audit()
	reader.tabTo("[data-mark=like]") // without a mouse
	reader.press('\r')
	pressed(reader, "like", "true")
	reader.text("[data-mark=like] b", "1")
	press(reader, "collect", "1")
	reader.wait("Number(document.querySelector('[data-number=readCount]').textContent) >= 2") // by itself
	reader.shot("article-liked-zh")
	reader.open("/read/" + id)
	pressed(reader, "like", "true")
	pressed(reader, "collect", "true")

	// The author's tab has seen it come, and was never loaded again.
	author.wait("document.querySelector('.board li')?.innerText.includes('山里')")
	author.text(".board li .likes", "1")
	reader.click("[data-mark=like]")
	pressed(reader, "like", "false")
	author.wait("!document.querySelector('.board li') && window.still")
	author.text("[data-rank-none]", "还没有文章")
	reader.click("[data-mark=like]")
	author.wait("document.querySelector('.board li')?.innerText.includes('山里') && window.still")

	author.open("/write/" + id)
	author.click("[data-withdraw]")
	author.loaded("/mine?withdrawn=1")
	author.text(".notice", "已撤回")
	author.text(".rows .tag", "已撤回")
	reader.text("[data-gone]", "撤回")
	reader.wantConsole("404 /articles/counts/" + id)
	reader.open("/read/" + id)
	reader.text("h1", "没有这个页面")
	reader.audit()
	reader.wantConsole("404 /read/" + id)
	reader.open("/read")
	reader.text(".empty", "还没有人发表文章")
	reader.wait("!document.querySelector('.board li')")
	author.wantConsole()
	reader.wantConsole()
}

// press uses one of the marks of an article and waits for its number.
func press(p *tab, mark, number string) {
	p.Helper()
	p.click("[data-mark=" + mark + "]")
	pressed(p, mark, "true")
	p.text("[data-mark="+mark+"] b", number)
}

func pressed(p *tab, mark, state string) {
	p.Helper()
	p.wait(fmt.Sprintf("document.querySelector('[data-mark=%s]').getAttribute('aria-pressed') === %q", mark, state))
}

// draft makes a draft in the editor and returns its id.
func (p *tab) draft(title, content string) (id string) {
	p.Helper()
	p.open("/write")
	p.fill("#title", title)
	p.fill("#content", content)
	p.wait("/^\\/write\\/\\d+$/.test(location.pathname) && document.querySelector('[data-state]').dataset.state === 'saved'")
	return strings.TrimPrefix(eval[string](p, "location.pathname"), "/write/")
}

// publish makes an article in the editor and returns its id.
func (p *tab) publish(title, content string) (id string) {
	p.Helper()
	id = p.draft(title, content)
	p.click("form[data-editor] button[type=submit]")
	p.loaded("/read/" + id)
	return id
}

// again signs the same person in, in another browser.
func (p *tab) again(email string) {
	p.Helper()
	p.open("/login?via=email&lang=en")
	p.fill("#email", email)
	p.fill("#password", password)
	p.click("#panel-email button.wide")
	p.loaded("/profile")
}

// clashing is one author with two tabs: nothing is lost unnoticed, and either
// version can be kept.
func clashing(one, two *tab) {
	one.open("/?lang=en")
	one.signIn("two@tinybook.example")
	two.again("two@tinybook.example")
	id := one.draft("Draft", "first")
	for round, keep := range []bool{true, false} {
		two.open("/write/" + id)
		one.open("/write/" + id)
		mine, theirs := fmt.Sprint("mine ", round), fmt.Sprint("theirs ", round)
		two.fill("#content", theirs)
		two.text("[data-state=saved]", "Draft saved")
		one.fill("#content", mine)
		one.wait("document.activeElement === document.querySelector('[data-clash]')")
		one.text("[data-state=failed]", "changed elsewhere")
		one.click("[data-clash] summary")
		one.text("[data-their-content]", theirs)
		one.audit()
		if keep {
			one.shot("write-clash-en")
		}
		one.wantConsole("409 /articles/edit")
		want := theirs
		if keep {
			want = mine
			one.click("[data-keep]")
		} else {
			one.click("[data-take]")
		}
		one.wait(fmt.Sprintf("!document.querySelector('[data-clash]').checkVisibility() && document.querySelector('#content').value === %q", want))
		one.until(func() (bool, error) {
			return eval[bool](one, fmt.Sprintf(`fetch("/articles/detail/%s").then(r => r.json()).then(e => e.data.content === %q)`, id, want)), nil
		}, "the server has "+want)
		one.wait("document.querySelector('[data-state]').dataset.state !== 'failed'")
	}
	one.wantConsole()
	two.wantConsole()
}

// offline takes the server away: the draft waits and is saved when it is back, and a
// like that didn't happen isn't shown.
func offline(p, _ *tab) {
	const away = "(window.good ??= window.fetch, window.fetch = async () => { throw new TypeError('no network') }, true)"
	const back = "(window.fetch = window.good, true)"
	p.open("/?lang=en")
	p.signIn("offline@tinybook.example")
	id := p.publish("Offline", "text")
	eval[bool](p, away)
	p.click("[data-mark=like]")
	p.text("[data-mark-failed]", "can't be reached")
	pressed(p, "like", "false")
	p.text("[data-mark=like] b", "0")
	p.audit()
	eval[bool](p, back)
	press(p, "like", "1")

	p.open("/write/" + id)
	eval[bool](p, away)
	p.fill("#content", "more text")
	p.text("[data-state=failed]", "can't be reached")
	p.audit()
	eval[bool](p, back)
	p.text("[data-state=saved]", "Draft saved") // by itself
	p.open("/mine")
	p.text(".rows .meta", "Changes not published")

	// What was written before the script began is kept too.
	stop := p.onEveryPage(`document.addEventListener("readystatechange", () => {
		const title = document.querySelector("#title");
		if (title && document.readyState === "interactive") title.value = "Early";
	})`)
	p.open("/write")
	p.text("[data-state=saved]", "Draft saved")
	stop()
	p.open("/mine")
	p.text(".rows .name", "Early")
	p.wantConsole()
}

// ranked proves that the ranking follows without a stream too, and says so when
// nobody answers.
func ranked(p, _ *tab) {
	p.open("/?lang=en")
	p.signIn("rank@tinybook.example")
	first, second := p.publish("First", "text"), p.publish("Second", "text")
	like := func(id string, like bool) {
		p.Helper()
		status := eval[int](p, fmt.Sprintf(`fetch("/articles/like", {method: "POST", headers: {"Content-Type": "application/json"},
			body: JSON.stringify({id: %s, like: %t})}).then(r => r.status)`, id, like))
		if status != 200 {
			p.Fatalf("like %s = %d", id, status)
		}
	}
	order := func(want ...string) string {
		return fmt.Sprintf("[...document.querySelectorAll('.board li a')].map(a => a.textContent).join() === %q", strings.Join(want, ","))
	}
	like(first, true)
	p.open("/read")
	p.wait(order("First"))

	stop := p.onEveryPage(`window.EventSource = class extends EventTarget {
		static CLOSED = 2;
		readyState = 2;
		constructor() { super(); setTimeout(() => this.dispatchEvent(new Event("error"))); }
		close() {}
	}`)
	p.open("/read")
	eval[bool](p, "window.still = true")
	like(second, true)
	p.wait(order("Second", "First") + " && window.still")
	eval[bool](p, "(window.good = window.fetch, window.fetch = async () => { throw new TypeError('no network') }, true)")
	p.text("[data-rank-stale]", "up to date")
	p.wait(order("Second", "First"))
	eval[bool](p, "(window.fetch = window.good, true)")
	p.wait("!document.querySelector('[data-rank-stale]').checkVisibility()")
	stop()
	p.wantConsole()
}

// articlesLook shows every page of articles to everyLook, with enough in them to
// be turned.
func articlesLook(p, _ *tab) {
	p.signIn("look@tinybook.example")
	people := newClient(p.T, p.base)
	people.signUp()
	people.post("/users/edit", fields{"nickname": "小明", "birthday": "1992-01-15"}).want(p.T, 200)
	for i := range 12 {
		people.publish(fmt.Sprintf("第 %d 篇：山里的小事", i+1))
	}
	article := people.publish(longTitle).ID
	people.post("/articles/publish", fields{"id": article, "content": manuscript}).want(p.T, 200)
	people.like(article, true)
	own := p.publish("A page of my own", manuscript)
	p.draft("", "Without a title")
	p.draft(strings.Repeat("Antidisestablishmentarianism", 3), manuscript)

	p.everyLook("/read", "feed")
	p.click("a[rel=next]")
	p.wait("location.search.startsWith('?cursor=') && document.querySelectorAll('.entry').length === 4")
	p.audit()
	p.everyLook(fmt.Sprint("/read/", article), "article")
	p.everyLook("/mine", "mine")
	p.everyLook("/write/"+own, "write")
	p.lightweight("/", "/read", "/mine", fmt.Sprint("/read/", article), "/write/"+own)
	p.wantConsole()
}

// lightweight proves that the first page of a visit is at most 40 KB with all that
// it needs.
func (p *tab) lightweight(paths ...string) {
	p.Helper()
	p.do(chromedp.EmulateViewport(1200, 800))
	for _, path := range paths {
		p.open(path)
		n := eval[int](p, `Promise.all([location.href, ...new Set(performance.getEntriesByType("resource").map(r => r.name))]
			.filter(url => !url.includes("/articles/"))
			.map(url => fetch(url).then(r => r.arrayBuffer()).then(b => b.byteLength))).then(all => all.reduce((a, b) => a + b))`)
		p.Logf("%s: %d bytes", path, n)
		if n > 40<<10 {
			p.Errorf("%s and all it needs are %d bytes, want at most %d", path, n, 40<<10)
		}
	}
}
