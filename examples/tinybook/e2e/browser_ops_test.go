package e2e_test

import (
	"fmt"

	"github.com/ycvk/tinybook/examples/tinybook/internal/app"
)

// operations breaks both providers on the operators' page, sees the queue grow,
// mends them and sees it drain.
func operations(p *tab) {
	p.visit("/ops?lang=en", "/login?next=%2Fops")
	p.open("/login?via=email&next=%2Fops")
	p.fill("#email", app.DemoEmail)
	p.fill("#password", app.DemoPassword)
	p.click("#panel-email button.wide")
	p.loaded("/ops")
	p.wait("document.querySelectorAll('tr[data-provider]').length === 2")
	p.text("tr[data-provider=north] td", "In use")
	p.text("[data-ops-limits]", "codes: 0 / ")
	p.wait(waiting(0))
	p.audit()
	p.shot("ops-en")

	p.suffer("north", "down")
	p.suffer("south", "down")
	people := newClient(p.T, p.base)
	const asked = 3
	for range asked {
		people.post("/users/login_sms/code/send", fields{"phone": newPhone()}).want(p.T, 200)
	}
	p.wait(waiting(asked))
	p.text("[data-ops-limits]", fmt.Sprintf("codes: %d / ", asked))
	p.scheme("dark")
	p.audit()
	p.shot("ops-broken-dark-en")
	p.scheme("light")

	p.suffer("north", "well")
	p.wait(waiting(0))
	p.wait(fmt.Sprintf("document.querySelector('[data-ops=\"sent.later\"]').textContent === '%d'", asked))

	p.fill("#threshold", "0.3")
	p.click("[data-ops-threshold] button")
	p.open("/ops")
	p.wait("document.querySelector('#threshold').value === '0.3'")
	p.wait("document.querySelector('tr[data-provider=south] select').value === 'down'")
	p.wantConsole()
}

// suffer chooses what a provider suffers from.
func (p *tab) suffer(provider, fault string) {
	p.Helper()
	eval[bool](p, fmt.Sprintf(`(s => {
		s.value = %q;
		s.dispatchEvent(new Event("change", { bubbles: true }));
		return true;
	})(document.querySelector("tr[data-provider=%s] select"))`, fault, provider))
	want := fmt.Sprintf("(f => Boolean(f.down) === %t)", fault == "down")
	p.until(func() (bool, error) {
		return eval[bool](p, fmt.Sprintf(`fetch("/ops/state").then(r => r.json()).then(e =>
			%s(e.data.providers.find(p => p.name === %q).fault))`, want, provider)), nil
	}, provider+" "+fault)
}

// waiting is true when the page shows so many messages that wait.
func waiting(n int) string {
	return fmt.Sprintf(`["ready", "delayed", "leased"].reduce((sum, name) =>
		sum + Number.parseInt(document.querySelector("[data-ops='queue." + name + "']").textContent, 10), 0) === %d`, n)
}
