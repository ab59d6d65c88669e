package ui_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/ycvk/tinybook/examples/tinybook/internal/ui"
)

func TestRedirects(t *testing.T) {
	h := newHandler(t)
	for _, tc := range []struct {
		name, path, cookie, to string
	}{
		{"profile, signed out", "/profile", "", "/login?next=%2Fprofile"},
		{"edit, signed out", "/profile/edit?x=1", "", "/login?next=%2Fprofile%2Fedit"},
		{"own articles, signed out", "/mine?page=2", "", "/login?next=%2Fmine"},
		{"editor, signed out", "/write/3", "", "/login?next=%2Fwrite%2F3"},
		{"login, signed in", "/login?next=%2Fprofile%2Fedit", "uid=7", "/profile/edit"},
		{"sign-up, signed in", "/signup", "uid=7", "/profile"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			res := get(t, h, tc.path, "Cookie", tc.cookie)
			if got := res.Header.Get("Location"); res.StatusCode != http.StatusSeeOther || got != tc.to {
				t.Errorf("GET %s = %d to %q, want 303 to %q", tc.path, res.StatusCode, got, tc.to)
			}
		})
	}
}

// TestNext proves that no ?next= leads off the site, neither from the form nor
// by redirect.
func TestNext(t *testing.T) {
	h := newHandler(t)
	for _, tc := range []struct{ next, want string }{
		{"/profile/edit", "/profile/edit"},
		{"/?a=b", "/?a=b"},
		{"", "/profile"},
		{"profile", "/profile"},
		{"https://evil.example/", "/profile"},
		{"//evil.example", "/profile"},
		{"///evil.example", "/profile"},
		{`/\evil.example`, "/profile"},
		{`\/evil.example`, "/profile"},
		{"/\t/evil.example", "/profile"},
		{"\n//evil.example", "/profile"},
		{"/\x00/evil.example", "/profile"},
		{"javascript:alert(1)", "/profile"},
		{" //evil.example", "/profile"},
		{"/%zz", "/profile"},
	} {
		t.Run(tc.next, func(t *testing.T) {
			path := "/login?next=" + url.QueryEscape(tc.next)
			if got := get(t, h, path, "Cookie", "uid=7").Header.Get("Location"); got != tc.want {
				t.Errorf("redirect to %q, want %q", got, tc.want)
			}
			for _, n := range parse(t, get(t, h, path)) {
				if n.Data == "form" && attr(n, "data-done") != tc.want {
					t.Errorf("the form goes to %q, want %q", attr(n, "data-done"), tc.want)
				}
			}
		})
	}
}

// TestResume proves that the page that tries a refresh comes once, also to a
// browser without script, which loads the address again: it takes the cookie that
// led to it away.
func TestResume(t *testing.T) {
	h := newHandler(t)
	for _, path := range []string{"/", "/login", "/signup", "/profile", "/profile/edit"} {
		res := get(t, h, path, "Cookie", "tb_session=1")
		again := ""
		for _, n := range parse(t, res) {
			if n.Data == "noscript" && n.Parent.Data == "head" {
				again = n.FirstChild.Data
			}
			if n.Data == "body" && attr(n, "data-page") != "resume" {
				t.Errorf("GET %s shows the page %q, want resume", path, attr(n, "data-page"))
			}
		}
		if again != `<meta http-equiv="refresh" content="0">` {
			t.Errorf("GET %s leaves a browser without script with %q", path, again)
		}
		cookies := res.Cookies()
		if len(cookies) != 1 || cookies[0].Name != "tb_session" || cookies[0].MaxAge >= 0 {
			t.Errorf("GET %s sets %v, want the cookie deleted", path, cookies)
		}
		if res := get(t, h, path, "Cookie", "uid=7; tb_session=1"); len(res.Cookies()) != 0 {
			t.Errorf("GET %s, signed in, sets %v", path, res.Cookies())
		}
	}
}

func TestLanguage(t *testing.T) {
	h := newHandler(t)
	for _, tc := range []struct{ name, query, cookie, accept, want string }{
		{"nothing said", "", "", "", "zh-CN"},
		{"browser", "", "", "en-GB,en;q=0.9,zh;q=0.8", "en"},
		{"browser prefers Chinese", "", "", "zh-TW,zh;q=0.9,en;q=0.8", "zh-CN"},
		{"another language", "", "", "fr", "zh-CN"},
		{"cookie before browser", "", "lang=zh-CN", "en", "zh-CN"},
		{"query before cookie", "?lang=en", "lang=zh-CN", "zh", "en"},
		{"unknown query", "?lang=xx", "lang=en", "zh", "en"},
		{"unknown cookie", "", "lang=xx", "en", "en"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			res := get(t, h, "/"+tc.query, "Cookie", tc.cookie, "Accept-Language", tc.accept)
			if got := res.Header.Get("Content-Language"); got != tc.want {
				t.Errorf("language = %q, want %q", got, tc.want)
			}
			remembered := strings.HasPrefix(res.Header.Get("Set-Cookie"), "lang="+tc.want)
			if asked := tc.query == "?lang=en"; remembered != asked {
				t.Errorf("remembered: %v, want %v", remembered, asked)
			}
		})
	}
}

// TestLanguageLink proves that the link to the other language keeps the rest
// of the address.
func TestLanguageLink(t *testing.T) {
	res := get(t, newHandler(t), "/login?next=%2Fprofile%2Fedit&lang=en")
	for _, n := range parse(t, res) {
		if attr(n, "hreflang") == "zh-CN" {
			if got, want := attr(n, "href"), "/login?lang=zh-CN&next=%2Fprofile%2Fedit"; got != want {
				t.Errorf("link = %q, want %q", got, want)
			}
			return
		}
	}
	t.Error("no link to the Chinese page")
}

func TestDevAndDemo(t *testing.T) {
	count := func(h http.Handler, path, name string) (n int) {
		for _, e := range parse(t, get(t, h, path)) {
			for _, a := range e.Attr {
				if a.Key == name {
					n++
				}
			}
		}
		return n
	}
	with, without := newHandler(t), newHandler(t, func(c *ui.Config) { c.Dev, c.DemoEmail, c.DemoPassword = false, "", "" })
	for _, name := range []string{"data-dev", "data-demo-fill"} {
		if n := count(with, "/login", name); n != 1 {
			t.Errorf("%d elements with %s, want 1", n, name)
		}
		if n := count(without, "/login", name); n != 0 {
			t.Errorf("%d elements with %s in production, want 0", n, name)
		}
	}
}

func TestStatic(t *testing.T) {
	h := newHandler(t)
	for _, n := range parse(t, get(t, h, "/")) {
		link := attr(n, "src") + attr(n, "href")
		if !strings.HasPrefix(link, "/static/") {
			continue
		}
		kept := get(t, h, link)
		if kept.StatusCode != http.StatusOK || !strings.Contains(kept.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("GET %s = %d, Cache-Control %q", link, kept.StatusCode, kept.Header.Get("Cache-Control"))
		}
		name := link[strings.LastIndexByte(link, '/'):]
		fresh := get(t, h, "/static"+name)
		etag := fresh.Header.Get("ETag")
		if fresh.StatusCode != http.StatusOK || etag == "" || fresh.Header.Get("Cache-Control") != "public, no-cache" {
			t.Errorf("GET /static%s = %d, ETag %q, Cache-Control %q", name, fresh.StatusCode, etag, fresh.Header.Get("Cache-Control"))
		}
		if again := get(t, h, "/static"+name, "If-None-Match", `"x", W/`+etag); again.StatusCode != http.StatusNotModified {
			t.Errorf("GET /static%s with its ETag = %d, want 304", name, again.StatusCode)
		}
	}
	for path, want := range map[string]int{
		"/favicon.ico":                 http.StatusOK,
		"/static/nothing.css":          http.StatusNotFound,
		"/static/000000000000/app.css": http.StatusNotFound,
		"/static/../ui.go":             http.StatusNotFound,
		"/static/":                     http.StatusNotFound,
	} {
		if res := get(t, h, path); res.StatusCode != want {
			t.Errorf("GET %s = %d, want %d", path, res.StatusCode, want)
		}
	}
}

// TestTheme proves that only the two known themes get into the page.
func TestTheme(t *testing.T) {
	for cookie, want := range map[string]string{"theme=dark": "dark", "theme=light": "light", `theme="x`: "", "": ""} {
		for _, n := range parse(t, get(t, newHandler(t), "/", "Cookie", cookie)) {
			if n.Data == "html" && attr(n, "data-theme") != want {
				t.Errorf("Cookie %q: theme %q, want %q", cookie, attr(n, "data-theme"), want)
			}
		}
	}
}
