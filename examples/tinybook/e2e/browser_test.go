package e2e_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
	"github.com/ycvk/tinybook/internal/realserver"
)

const password = "correct-horse-8"

// TestBrowser uses the pages in a real browser as people do.
func TestBrowser(t *testing.T) {
	base := startSite(t)
	browser := newBrowser(t)
	t.Run("journey", func(t *testing.T) { journey(newTab(browser, t, base)) })
	t.Run("keyboard", func(t *testing.T) { keyboard(newTab(browser, t, base)) })
	t.Run("session", func(t *testing.T) { resumed(newTab(browser, t, base)) })
	t.Run("choices", func(t *testing.T) { choices(newTab(browser, t, base)) })
	t.Run("accessible", func(t *testing.T) { accessible(newTab(browser, t, base)) })
	for name, scene := range map[string]func(*tab){
		"operations": operations, "kafka": kafkaFigures, "letters": letters, "away": away, "stranger": stranger,
	} {
		t.Run(name, func(t *testing.T) {
			site := apptest.Start(t, func(cfg *config.Config) {
				cfg.SMS.ProviderLimit = config.Default(config.Embedded).SMS.ProviderLimit // what people see
			})
			scene(newTab(browser, t, site.URL()))
		})
	}
}

// journey goes the way of a new user, in Chinese.
func journey(p *tab) {
	p.open("/?lang=zh-CN")
	p.shot("landing-zh")
	p.click(".intro a[href='/signup']")
	p.loaded("/signup")

	// Everything wrong is named at once, and the summary takes the focus.
	p.fill("#email", "nobody")
	p.fill("#password", "short")
	p.fill("#confirmPassword", "shorter")
	p.click("button[type=submit].wide")
	p.text("#email-error", "格式")
	p.text("#password-error", "8")
	p.text("#confirmPassword-error", "不一致")
	p.wait("document.activeElement === document.querySelector('[data-summary]')")
	p.wait("document.querySelectorAll('[aria-invalid=true]').length === 3")
	p.wantConsole("422 /users/signup")
	p.audit()
	p.shot("signup-errors-zh")
	p.click("[data-summary] li:nth-child(2) a")
	p.wait("document.activeElement.id === 'password'")

	p.fill("#email", "ming@tinybook.example")
	p.fill("#password", password)
	p.fill("#confirmPassword", password)
	p.click("button[type=submit].wide")
	p.loaded("/login?via=email&created=1")
	p.text(".notice", "注册成功")
	p.wait("document.querySelector('#email').value === 'ming@tinybook.example'")

	p.fill("#password", "not-the-one-1")
	p.click("#panel-email button.wide")
	p.text("#panel-email [data-summary]", "邮箱或密码不正确")
	p.wantConsole("401 /users/login")
	p.fill("#password", password)
	p.click("#panel-email button.wide")
	p.loaded("/profile")
	p.text("[data-field=email]", "ming@tinybook.example")
	p.text("[data-field=phone]", "未填写")

	// Each field says what is wrong with it.
	p.click(".head a.button")
	p.loaded("/profile/edit")
	p.fill("#nickname", "一二三四五六七八九十多")
	p.fill("#birthday", "2023-02-30")
	p.fill("#aboutMe", strings.Repeat("长", 201))
	p.text("[data-count]", "201 / 200")
	p.click("form[data-api] button[type=submit]")
	p.text("#nickname-error", "10")
	p.text("#birthday-error", "没有这一天")
	p.text("#aboutMe-error", "200")
	p.wantConsole("422 /users/edit")
	p.scheme("dark")
	p.audit()
	p.shot("edit-errors-dark-zh")
	p.scheme("light")

	p.fill("#nickname", "小明")
	p.fill("#birthday", "19920115")
	p.fill("#aboutMe", "在山里住，写一点小字。\n<b>不加粗</b>")
	p.click("form[data-api] button[type=submit]")
	p.loaded("/profile?saved=1")
	p.text(".notice", "资料已保存")
	p.text("h1", "小明")
	p.text("[data-field=birthday]", "1992-01-15")
	p.text("[data-field=aboutMe]", "<b>不加粗</b>")

	p.click("[data-logout] button")
	p.loaded("/")
	p.visit("/profile", "/login?next=%2Fprofile")

	smsLogin(p)
	p.wantConsole("429 /users/login_sms/code/send", "401 /users/login_sms")
}

// smsLogin logs in with a code that the page itself shows, and starts on the
// login page.
func smsLogin(p *tab) {
	p.click("[data-send]")
	p.text("#phone-error", "不")
	p.wantConsole("422 /users/login_sms/code/send")
	p.fill("#phone", "139 1234 5678")
	p.click("[data-send]")
	p.text("[data-said]", "验证码已发送")
	p.text("[data-dev-status]", "验证码 ")
	p.text("[data-send]", "秒后可重发")
	p.wait("document.querySelector('[data-send]').getAttribute('aria-disabled') === 'true'")
	p.audit()
	p.shot("login-code-zh")

	// A page that doesn't know of the code is told how long to wait, and the
	// code that was sent still counts.
	p.open("/login?next=%2Fprofile")
	p.fill("#phone", "+86 139-1234-5678")
	p.click("[data-send]")
	p.text("#panel-sms [data-summary]", "请等待")
	p.text("[data-send]", "秒后可重发")

	p.text("[data-dev-status]", "验证码 ")
	p.fill("#code", wrongCode(p))
	p.click("#panel-sms button.wide")
	p.text("#code-error", "还可以试 2 次")
	p.click("[data-dev-fill]")
	p.click("#panel-sms button.wide")
	p.loaded("/profile")
	p.text("[data-field=phone]", "139****5678")
	p.text("[data-field=email]", "未填写")
}

// wrongCode returns a code other than the one on the page.
func wrongCode(p *tab) string {
	p.Helper()
	if strings.Contains(eval[string](p, "document.querySelector('[data-dev-status]').textContent"), "000000") {
		return "111111"
	}
	return "000000"
}

// keyboard goes from the front page to a changed profile without a mouse.
func keyboard(p *tab) {
	p.signUp("keys@tinybook.example")
	p.open("/?lang=en")
	p.tabTo(".skip")
	p.press('\r')
	p.tabTo(".intro a[href='/login']")
	p.press('\r')
	p.loaded("/login")
	p.tabTo("#tab-sms")
	p.press('\u0303') // Right.
	p.wait("document.activeElement.id === 'tab-email' && document.querySelector('#panel-email').checkVisibility()")
	p.wait("!document.querySelector('#panel-sms').checkVisibility()")
	p.press('\t')
	p.wait("document.activeElement.id === 'email'")
	p.typed("keys@tinybook.example")
	p.press('\t')
	p.wait("document.activeElement.id === 'password'")
	p.typed(password)
	p.press('\r')
	p.loaded("/profile")

	p.tabTo(".head a[href='/profile/edit']")
	p.press('\r')
	p.loaded("/profile/edit")
	p.tabTo("#nickname")
	p.typed("Eleven chars")
	p.tabTo("#birthday")
	p.typed("1990-12-31")
	p.press('\r')
	p.wait("document.activeElement === document.querySelector('[data-summary]')")
	p.wantConsole("422 /users/edit")
	p.press('\t')
	p.text("[data-summary] a", "Nickname must not be longer than 10 characters")
	p.press('\r')
	p.wait("document.activeElement.id === 'nickname' && document.activeElement.getAttribute('aria-invalid') === 'true'")
	eval[bool](p, "document.activeElement.select(), true")
	p.typed("Keys")
	p.press('\r')
	p.loaded("/profile?saved=1")
	p.text("h1", "Keys")

	p.tabTo("[data-logout] button")
	p.press('\r')
	p.loaded("/")
	p.wantConsole()
}

// signUp makes an account by the API.
func (p *tab) signUp(email string) {
	p.Helper()
	p.open("/signup")
	body, err := json.Marshal(map[string]string{"email": email, "password": password, "confirmPassword": password})
	require.NoError(p.T, err)
	status := eval[int](p, fmt.Sprintf(
		"fetch('/users/signup', {method: 'POST', headers: {'Content-Type': 'application/json'}, body: %q}).then(r => r.status)", body))
	require.Equal(p.T, 201, status)
}

// signIn makes an account and logs in to it by the form.
func (p *tab) signIn(email string) {
	p.Helper()
	p.signUp(email)
	p.open("/login?via=email")
	p.fill("#email", email)
	p.fill("#password", password)
	p.click("#panel-email button.wide")
	p.loaded("/profile")
}

// tabTo presses Tab until the focus is on an element, and checks on the way
// that the focus can be seen wherever it is.
func (p *tab) tabTo(selector string) {
	p.Helper()
	for range 40 {
		p.press('\t')
		seen := eval[string](p, `(e => {
			const style = getComputedStyle(e), box = e.getBoundingClientRect();
			if (e === document.body) return "";
			const visible = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 && box.width > 0;
			return visible ? "" : e.outerHTML;
		})(document.activeElement)`)
		if seen != "" {
			p.Errorf("no visible focus on %s", seen)
		}
		if eval[bool](p, fmt.Sprintf("document.activeElement.matches(%q)", selector)) {
			return
		}
	}
	p.Fatalf("Tab doesn't lead to %s", selector)
}

// resumed proves that a lost access token costs nobody their session or the
// page they asked for.
func resumed(p *tab) {
	p.open("/?lang=zh-CN")
	p.signIn("resume@tinybook.example")
	p.lose("tb_access")
	p.open("/profile/edit")
	p.text("h1", "编辑资料")
	p.wantConsole()

	// It is lost while the page is open: the form is sent all the same.
	p.lose("tb_access")
	p.fill("#nickname", "还在")
	p.fill("#birthday", "2000-02-29")
	p.click("form[data-api] button[type=submit]")
	p.loaded("/profile?saved=1")
	p.text("h1", "还在")
	p.wantConsole("401 /users/edit")

	// While the server can't end or renew a session, the page stays and says so,
	// and nobody is sent to the login page.
	repair := p.onEveryPage("window.fetch = async () => new Response('{}', {status: 503})")
	p.open("/profile")
	p.click("[data-logout] button")
	p.text("[data-logout-failed]", "没有退出")
	p.audit()
	p.loaded("/profile")
	p.open("/profile/edit")
	p.lose("tb_access")
	p.click("form[data-api] button[type=submit]")
	p.text("[data-summary]", "出错")
	p.open("/profile/edit")
	p.text(".wait [role=status]", "出错")
	p.wait("document.cookie.includes('tb_session=1')")
	repair()
	p.open("/profile/edit")
	p.text("h1", "编辑资料")
	p.wantConsole()

	// With both tokens lost there is a login page, once, and the way back.
	p.lose("tb_access")
	p.open("/?x=1")
	p.click("[data-logout] button")
	p.loaded("/")
	eval[string](p, "document.cookie = 'tb_session=1; path=/'")
	p.visit("/profile/edit", "/login?next=%2Fprofile%2Fedit")
	p.wantConsole("401 /users/refresh_token")
}

// choices proves that language and theme are remembered.
func choices(p *tab) {
	p.open("/login?next=%2Fprofile%2Fedit&lang=zh-CN")
	p.click(".tools a")
	p.loaded("/login?lang=en&next=%2Fprofile%2Fedit")
	p.text("h1", "Log in")
	p.open("/")
	p.text("h1", "A small place to write")

	p.scheme("light")
	before := eval[string](p, "getComputedStyle(document.body).backgroundColor")
	p.click("[data-theme-toggle]")
	p.wait(fmt.Sprintf("getComputedStyle(document.body).backgroundColor !== %q", before))
	p.open("/signup")
	p.wait("document.documentElement.dataset.theme === 'dark'")
	p.wait(fmt.Sprintf("getComputedStyle(document.body).backgroundColor !== %q", before))
	p.wantConsole()
}

// accessible shows every page to everyLook.
func accessible(p *tab) {
	p.everyLook("/", "landing")
	p.everyLook("/signup", "signup")
	p.everyLook("/login", "login-sms")
	p.everyLook("/login?via=email", "login-email")
	p.click("[data-demo-fill]")
	p.click("#panel-email button.wide")
	p.loaded("/profile")
	p.everyLook("/profile", "profile")
	p.everyLook("/profile/edit", "edit")
	p.wantConsole()
	realserver.Axe(p.T) // ends the test here where nothing was audited
}

// everyLook shows a page in both languages, light and dark, wide and narrow, to
// axe-core, and proves that it doesn't scroll sideways and comes with the
// policy. It leaves the tab light and wide.
func (p *tab) everyLook(path, name string) {
	p.Helper()
	for _, size := range []struct {
		name  string
		width int64
		lang  string
	}{{"wide", 1200, "en"}, {"narrow", 390, "zh"}} {
		p.do(chromedp.EmulateViewport(size.width, 844))
		for _, scheme := range []string{"light", "dark"} {
			p.scheme(scheme)
			separator := "?"
			if strings.Contains(path, "?") {
				separator = "&"
			}
			p.open(path + separator + "lang=" + size.lang)
			p.wait("document.body.dataset.page !== 'ops' || document.querySelector('tr[data-provider]')")
			if over := eval[int](p, "document.documentElement.scrollWidth - innerWidth"); over > 0 {
				p.Errorf("%s, %s: scrolls sideways by %d", path, size.name, over)
			}
			policy := eval[string](p, "fetch(location.href).then(r => r.headers.get('Content-Security-Policy'))")
			if !strings.HasPrefix(policy, "default-src 'self';") || strings.Contains(policy, "unsafe") {
				p.Errorf("%s: Content-Security-Policy: %s", path, policy)
			}
			p.audit()
			if (size.name == "wide") == (scheme == "dark") {
				p.shot(strings.Join([]string{name, size.name, scheme, size.lang}, "-"))
			}
		}
	}
	p.do(chromedp.EmulateViewport(1200, 800))
	p.scheme("light")
}
