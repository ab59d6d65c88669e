package e2e_test

import (
	"fmt"

	"github.com/ycvk/tinybook/examples/tinybook/internal/app"
)

// operations breaks both providers on the operators' page, sees the queue grow,
// mends them and sees it drain.
func operations(p *tab) {
	p.operator()
	p.text("tr[data-provider=north] td", "In use")
	p.text("[data-ops-limits]", "Codes of the whole site: 0 / ")
	p.wait(waiting(0))
	p.everyLook("/ops", "ops")
	p.desk("/ops?lang=en")

	p.suffer("north", "down")
	p.suffer("south", "down")
	const asked = 3
	p.ask(asked)
	p.wait(waiting(asked))
	p.text("[data-ops-limits]", fmt.Sprintf("Codes of the whole site: %d / ", asked))
	p.scheme("dark")
	p.audit()
	p.shot("ops-broken-dark-en")
	p.scheme("light")

	p.suffer("north", "well")
	p.wait(waiting(0))
	p.wait(fmt.Sprintf("document.querySelector('[data-ops=\"sent.later\"]').textContent === '%d'", asked))

	// What makes no sense is said beside the field, and changes nothing.
	for _, bad := range []string{"", "0", "1.01"} {
		p.fill("#threshold", bad)
		p.click("[data-ops-threshold] button")
		p.text("#threshold-error", "must be above 0 and at most 1")
		p.wait("document.activeElement.id === 'threshold' && document.activeElement.getAttribute('aria-invalid') === 'true'")
		p.wantConsole("422 /ops/sms/threshold")
	}
	p.audit()
	p.fill("#threshold", "0.3")
	p.click("[data-ops-threshold] button")
	p.wait("!document.querySelector('#threshold-error').checkVisibility() && !document.querySelector('[data-ops-failed]').checkVisibility()")
	p.open("/ops")
	p.wait("document.querySelector('#threshold').value === '0.3'")
	p.wait("document.querySelector('tr[data-provider=south] select').value === 'down'")
	p.wantConsole()
}

// kafkaFigures reads an article and sees it go through Kafka, which is well.
func kafkaFigures(p *tab) {
	p.operator()
	p.wait("document.querySelectorAll('tr[data-group]').length === 2 && document.querySelectorAll('tr[data-lag=ok]').length === 2")
	p.wait("!document.querySelector('[data-ops-lag-none]').checkVisibility()")
	p.text("tr[data-writer=reads] td", "0")
	people := newClient(p.T, p.base)
	people.signUp()
	people.read(people.publish("Seen by Kafka").ID)
	p.text("tr[data-writer=reads] td", "1")
	p.text("tr[data-reader=reads] td", "1 / 1")
	p.text("tr[data-group=group-article-read] td", "Well")
	p.audit()
	p.wantConsole()
}

// letters makes messages that nobody takes into dead letters, and tries them
// again, all without a mouse.
func letters(p *tab) {
	p.operator()
	p.suffer("north", "down")
	p.suffer("south", "down")
	const asked = 2
	p.ask(asked)
	p.wait(waiting(asked))
	p.tabTo("tr[data-provider=north] select")
	p.choose("north", "refuses")
	p.tabTo("tr[data-provider=south] select")
	p.choose("south", "refuses")
	p.wait(fmt.Sprintf("document.querySelectorAll('[data-ops-dead] tr').length === %d", asked))
	p.wait(waiting(0))
	p.audit()
	p.everyLook("/ops", "ops-letters")
	p.desk("/ops?lang=en")
	p.text("[data-ops-dead]", "the provider will never take this message")

	p.tabTo("tr[data-provider=north] select")
	p.choose("north", "well")
	p.tabTo("tr[data-provider=south] select") // or it refuses those that it is asked for first
	p.choose("south", "well")
	p.tabTo("[data-ops-redrive]")
	p.press('\r')
	p.wait("document.querySelectorAll('[data-ops-dead] tr').length === 0 && document.activeElement.id === 'ops-letters'")
	p.wait(fmt.Sprintf("document.querySelector('[data-ops=\"sent.later\"]').textContent === '%d'", asked))
	p.tabTo("#threshold")
	eval[bool](p, "document.activeElement.select(), true")
	p.typed("0.25")
	p.press('\r')
	p.until(func() (bool, error) {
		return eval[bool](p, `fetch("/ops/state").then(r => r.json()).then(e => e.data.threshold === 0.25)`), nil
	}, "threshold 0.25")
	p.wantConsole()
}

// away takes the state from under the page: it says so, keeps what it shows,
// puts a switch back that has switched nothing, and recovers by itself.
func away(p *tab) {
	p.operator()
	for _, outage := range []struct{ fetch, says string }{
		{"async () => { throw new TypeError('no network') }", "can't be reached"},
		{`async () => new Response('{"msg": "in pieces"}', {status: 503})`, "in pieces"},
	} {
		p.desk("/ops?lang=en") // which knows that both are well
		eval[bool](p, "(window.good = window.fetch, window.fetch = "+outage.fetch+", true)")
		p.text("[data-ops-failed]", outage.says)
		p.text("tr[data-provider=north] td", "In use")
		p.audit()
		p.pick("north", "down")
		p.wait("document.querySelector('tr[data-provider=north] select').value === 'well'")
		eval[bool](p, "(window.fetch = window.good, true)")
		p.wait("!document.querySelector('[data-ops-failed]').checkVisibility()")
		p.suffer("north", "down")
		p.suffer("north", "well")
	}
	p.wantConsole()
}

// stranger is signed in and no operator.
func stranger(p *tab) {
	p.signIn("stranger@tinybook.example")
	p.wait("!document.querySelector(\".menu a[href='/ops']\")")
	p.open("/ops?lang=en")
	p.text("h1", "Not for this account")
	p.audit()
	p.wantConsole("403 /ops?lang=en")
	p.open("/ops?lang=zh-CN")
	p.text("h1", "没有权限")
	p.wantConsole("403 /ops?lang=zh-CN")
}

// operator signs in as the demo account and goes to the operators' page.
func (p *tab) operator() {
	p.Helper()
	p.visit("/ops?lang=en", "/login?next=%2Fops")
	p.open("/login?via=email&next=%2Fops")
	p.fill("#email", app.DemoEmail)
	p.fill("#password", app.DemoPassword)
	p.click("#panel-email button.wide")
	p.loaded("/ops")
	p.wait("document.querySelectorAll('tr[data-provider]').length === 2")
}

// desk opens the operators' page and waits until it shows something.
func (p *tab) desk(path string) {
	p.Helper()
	p.open(path)
	p.wait("document.querySelectorAll('tr[data-provider]').length === 2")
}

// ask asks for codes for so many phones.
func (p *tab) ask(n int) {
	p.Helper()
	people := newClient(p.T, p.base)
	for range n {
		people.post("/users/login_sms/code/send", fields{"phone": newPhone()}).want(p.T, 200)
	}
}

// suffer chooses what a provider suffers from, and waits until it does.
func (p *tab) suffer(provider, fault string) {
	p.Helper()
	p.pick(provider, fault)
	p.suffers(provider, fault)
}

// pick chooses what a provider is to suffer from.
func (p *tab) pick(provider, fault string) {
	p.Helper()
	eval[bool](p, fmt.Sprintf(`(s => {
		s.value = %q;
		s.dispatchEvent(new Event("change", { bubbles: true }));
		return true;
	})(document.querySelector("tr[data-provider=%s] select"))`, fault, provider))
}

// choose goes to a fault in the switch that has the focus by the arrow keys,
// past all those between, each of which holds for a moment.
func (p *tab) choose(provider, fault string) {
	p.Helper()
	steps := eval[int](p, fmt.Sprintf(`(s => [...s.options].findIndex(o => o.value === %q) - s.selectedIndex)(document.activeElement)`, fault))
	key := '\u0301' // Down.
	if steps < 0 {
		steps, key = -steps, '\u0304' // Up.
	}
	for range steps {
		p.press(key)
	}
	p.suffers(provider, fault)
}

func (p *tab) suffers(provider, fault string) {
	p.Helper()
	p.until(func() (bool, error) {
		return eval[bool](p, fmt.Sprintf(`fetch("/ops/state").then(r => r.json()).then(e => {
			const f = e.data.providers.find(p => p.name === %q).fault;
			const on = Object.keys(f).filter(k => f[k]);
			return %q === "well" ? on.length === 0 : on.length === 1 && on[0] === %q;
		})`, provider, fault, fault)), nil
	}, provider+" "+fault)
}

// waiting is true when the page shows so many messages that wait.
func waiting(n int) string {
	return fmt.Sprintf(`["ready", "delayed", "leased"].reduce((sum, name) =>
		sum + Number.parseInt(document.querySelector("[data-ops='queue." + name + "']").textContent, 10), 0) === %d`, n)
}
