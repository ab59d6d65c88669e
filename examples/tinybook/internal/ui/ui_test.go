package ui_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ranking"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ui"
	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode)
	m.Run()
}

// hostile is a profile that tries to leave each context it is put in.
var hostile = ui.Profile{
	Email:    `"><script>alert(1)</script>@x.example`,
	Phone:    "138****8000",
	Nickname: `<b>'"&`,
	Birthday: `" onfocus="alert(1)`,
	AboutMe:  "</textarea><script>alert(2)</script>\n\nlast",
}

// errProfile is what the profile source of the tests fails with.
var errProfile = errors.New("no profile today")

// errAway is what the source of users fails with for the cookie uid=away.
var errAway = &web.Error{Status: http.StatusServiceUnavailable, Key: "unavailable", RetryAfter: time.Second}

// newHandler returns the pages. A request with the cookie uid is signed in.
func newHandler(t *testing.T, change ...func(*ui.Config)) http.Handler {
	t.Helper()
	cfg := ui.Config{
		Dev: true, DemoEmail: "demo@tinybook.example", DemoPassword: "Demo#2026",
		User: func(c *gin.Context) (int64, bool, error) {
			uid, err := c.Cookie("uid")
			if uid == "away" {
				return 0, false, errAway
			}
			if uid == "8" {
				return 8, true, nil
			}
			return 7, err == nil, nil
		},
		Profile: func(context.Context, int64) (ui.Profile, error) { return hostile, nil },
		Admin:   func(context.Context, int64) (bool, error) { return true, nil },

		Articles: &shelf{},
		Rank:     func(context.Context, int) (ranking.Places, error) { return ranking.Places{Items: hostileRank}, nil },
	}
	for _, f := range change {
		f(&cfg)
	}
	pages, err := ui.New(cfg)
	require.NoError(t, err)
	engine := gin.New()
	engine.Use(web.Errors([]web.Mapper{article.MapError}), pages.ErrorPages())
	pages.Register(engine)
	return engine
}

// get asks h for target with headers given as names and values in turn.
func get(t *testing.T, h http.Handler, target string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

// parse returns the elements of a page in order.
func parse(t *testing.T, res *http.Response) []*html.Node {
	t.Helper()
	doc, err := html.Parse(res.Body)
	require.NoError(t, err)
	var elements []*html.Node
	for n := range doc.Descendants() {
		if n.Type == html.ElementNode {
			elements = append(elements, n)
		}
	}
	return elements
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func text(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data)
		}
	}
	return b.String()
}

// everyPage lists a request for each page and each of its states.
var everyPage = []struct {
	name, path, cookie, h1ZH, h1EN string
}{
	{"landing", "/", "", "一个写小字的地方", "A small place to write"},
	{"landing, signed in", "/", "uid=7", "一个写小字的地方", "A small place to write"},
	{"sign up", "/signup", "", "注册", "Sign up"},
	{"login by SMS", "/login", "", "登录", "Log in"},
	{"login by e-mail", "/login?via=email&created=1", "", "登录", "Log in"},
	{"profile", "/profile?saved=1", "uid=7", `<b>'"&`, `<b>'"&`},
	{"edit", "/profile/edit", "uid=7", "编辑资料", "Edit profile"},
	{"feed", "/read", "", "最新文章", "Newest articles"},
	{"feed, signed in", "/read", "uid=7", "最新文章", "Newest articles"},
	{"article", "/read/1", "", hostileTitle, hostileTitle},
	{"article, signed in", "/read/1", "uid=8", hostileTitle, hostileTitle},
	{"own articles", "/mine?withdrawn=1", "uid=7", "我的文章", "My articles"},
	{"new article", "/write", "uid=7", "写文章", "Write an article"},
	{"article of its author", "/write/1", "uid=7", "写文章", "Write an article"},
	{"resume", "/profile", "tb_session=1", "正在恢复登录", "Signing you in again"},
}

func TestPages(t *testing.T) {
	h := newHandler(t)
	for _, tc := range everyPage {
		for lang, h1 := range map[string]string{"zh-CN": tc.h1ZH, "en": tc.h1EN} {
			t.Run(tc.name+"/"+lang, func(t *testing.T) {
				res := get(t, h, tc.path, "Cookie", tc.cookie, "Accept-Language", lang)
				require.Equal(t, http.StatusOK, res.StatusCode)
				if got := res.Header.Get("Content-Language"); got != lang {
					t.Errorf("Content-Language = %q, want %q", got, lang)
				}
				headings, ids := []string{}, map[string]bool{}
				for _, n := range parse(t, res) {
					if n.Data == "html" && attr(n, "lang") != lang {
						t.Errorf("html lang = %q, want %q", attr(n, "lang"), lang)
					}
					if n.Data == "h1" {
						headings = append(headings, text(n))
					}
					if id := attr(n, "id"); id != "" {
						if ids[id] {
							t.Errorf("id %q occurs twice", id)
						}
						ids[id] = true
					}
				}
				if len(headings) != 1 || headings[0] != h1 {
					t.Errorf("h1 = %q, want one, %q", headings, h1)
				}
			})
		}
	}
}

// TestNothingInline proves that the pages live with a Content-Security-Policy
// that admits nothing inline and nothing from elsewhere.
func TestNothingInline(t *testing.T) {
	h := newHandler(t)
	for _, tc := range everyPage {
		t.Run(tc.name, func(t *testing.T) {
			res := get(t, h, tc.path, "Cookie", tc.cookie)
			for _, n := range parse(t, res) {
				switch {
				case n.Data == "style":
					t.Error("a style element")
				case n.Data == "script" && (attr(n, "src") == "" || n.FirstChild != nil):
					t.Error("an inline script")
				}
				for _, a := range n.Attr {
					if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
						t.Errorf("<%s> has the attribute %s", n.Data, a.Key)
					}
					local := strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "//") || strings.HasPrefix(a.Val, "#")
					if (a.Key == "src" || a.Key == "href" || a.Key == "action") && !local {
						t.Errorf("<%s> leads to %q", n.Data, a.Val)
					}
				}
			}
		})
	}
}

// TestReferences proves that labels, descriptions and tabs point at elements
// that are there.
func TestReferences(t *testing.T) {
	h := newHandler(t)
	for _, tc := range everyPage {
		t.Run(tc.name, func(t *testing.T) {
			elements := parse(t, get(t, h, tc.path, "Cookie", tc.cookie))
			ids := map[string]bool{}
			for _, n := range elements {
				ids[attr(n, "id")] = true
			}
			for _, n := range elements {
				for _, name := range []string{"for", "aria-describedby", "aria-labelledby", "aria-controls"} {
					for id := range strings.FieldsSeq(attr(n, name)) {
						if !ids[id] {
							t.Errorf("<%s %s=%q> points at nothing", n.Data, name, id)
						}
					}
				}
				if n.Data == "form" && attr(n, "method") != "post" {
					t.Errorf("a form without script would put its fields into the address: %q", attr(n, "action"))
				}
			}
		})
	}
}

func TestHostileProfile(t *testing.T) {
	h := newHandler(t)
	shown, edited := map[string]string{}, map[string]string{}
	for _, n := range parse(t, get(t, h, "/profile", "Cookie", "uid=7")) {
		if field := attr(n, "data-field"); field != "" {
			shown[field] = text(n)
		}
	}
	for _, n := range parse(t, get(t, h, "/profile/edit", "Cookie", "uid=7")) {
		switch n.Data {
		case "input":
			edited[attr(n, "name")] = attr(n, "value")
		case "textarea":
			edited[attr(n, "name")] = text(n)
		}
	}
	require.Equal(t, map[string]string{
		"email": hostile.Email, "phone": hostile.Phone, "birthday": hostile.Birthday, "aboutMe": hostile.AboutMe,
	}, shown)
	require.Equal(t, map[string]string{
		"nickname": hostile.Nickname, "birthday": hostile.Birthday, "aboutMe": hostile.AboutMe,
	}, edited)
}

func TestEmptyProfile(t *testing.T) {
	h := newHandler(t, func(c *ui.Config) {
		c.Profile = func(context.Context, int64) (ui.Profile, error) { return ui.Profile{}, nil }
	})
	for _, n := range parse(t, get(t, h, "/profile", "Cookie", "uid=7", "Accept-Language", "en")) {
		if field := attr(n, "data-field"); field != "" && text(n) != "Not filled in" {
			t.Errorf("%s = %q, want the words for an empty field", field, text(n))
		}
	}
}

func TestProfileFails(t *testing.T) {
	h := newHandler(t, func(c *ui.Config) {
		c.Profile = func(context.Context, int64) (ui.Profile, error) { return ui.Profile{}, errProfile }
	})
	for _, path := range []string{"/profile", "/profile/edit"} {
		if res := get(t, h, path, "Cookie", "uid=7"); res.StatusCode != http.StatusInternalServerError {
			t.Errorf("GET %s = %d, want the status of the middleware", path, res.StatusCode)
		}
	}
}

// Whether anybody is signed in can't be told: nobody is sent to the login page,
// and the mark that a refresh is worth a try stays.
func TestUserFails(t *testing.T) {
	h := newHandler(t)
	for _, path := range []string{"/", "/signup", "/login", "/profile", "/profile/edit"} {
		res := get(t, h, path, "Cookie", "uid=away; tb_session=1", "Accept", "text/html,*/*;q=0.8", "Accept-Language", "en")
		require.Equal(t, http.StatusServiceUnavailable, res.StatusCode, path)
		require.Equal(t, "1", res.Header.Get("Retry-After"), path)
		require.Empty(t, res.Cookies(), path)
		for _, n := range parse(t, res) {
			if href := attr(n, "href"); n.Data == "a" && (href == "/login" || href == "/signup") {
				t.Errorf("GET %s asks a user who may be signed in to sign in", path)
			}
		}
	}
}

// TestErrorPages proves that people get a page and programs an envelope.
func TestErrorPages(t *testing.T) {
	const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
	h := newHandler(t, func(c *ui.Config) {
		c.Profile = func(context.Context, int64) (ui.Profile, error) { return ui.Profile{}, errProfile }
	})
	for _, tc := range []struct {
		name, path, cookie, lang, accept, h1 string
		status                               int
	}{
		{"not found", "/static/nothing", "", "en", browser, "There is no such page", 404},
		{"not found, Chinese", "/static/nothing", "", "zh-CN", browser, "没有这个页面", 404},
		{"failure", "/profile", "uid=7", "en", browser, "Something went wrong", 500},
		{"failure, Chinese", "/profile", "uid=7", "zh-CN", browser, "系统出错了", 500},
		{"away", "/profile", "uid=away", "en", browser, "Back in a moment", 503},
		{"away, Chinese", "/profile", "uid=away", "zh-CN", browser, "稍等一下", 503},
		{"no Accept", "/profile", "uid=7", "en", "", "", 500},
		{"anything", "/profile", "uid=7", "en", "*/*", "", 500},
		{"JSON", "/profile", "uid=7", "en", "application/json, text/html;q=0.5", "", 500},
	} {
		t.Run(tc.name, func(t *testing.T) {
			res := get(t, h, tc.path, "Cookie", tc.cookie, "Accept-Language", tc.lang, "Accept", tc.accept)
			require.Equal(t, tc.status, res.StatusCode)
			require.Equal(t, "no-store", res.Header.Get("Cache-Control"))
			if tc.h1 == "" {
				require.Contains(t, res.Header.Get("Content-Type"), "application/json")
				return
			}
			require.Contains(t, res.Header.Get("Content-Type"), "text/html")
			require.Equal(t, tc.lang, res.Header.Get("Content-Language"))
			var headings []string
			for _, n := range parse(t, res) {
				if n.Data == "h1" {
					headings = append(headings, text(n))
				}
				if n.Data == "body" {
					_, signedIn := attrOf(n, "data-signed-in")
					require.False(t, signedIn, "the mark of a session is set where there is one")
				}
			}
			require.Equal(t, []string{tc.h1}, headings)
		})
	}
}

func attrOf(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func TestNew(t *testing.T) {
	for name, change := range map[string]func(*ui.Config){
		"no User":             func(c *ui.Config) { c.User = nil },
		"no Profile":          func(c *ui.Config) { c.Profile = nil },
		"no Admin":            func(c *ui.Config) { c.Admin = nil },
		"no Articles":         func(c *ui.Config) { c.Articles = nil },
		"no Rank":             func(c *ui.Config) { c.Rank = nil },
		"half a demo account": func(c *ui.Config) { c.DemoEmail = "demo@tinybook.example" },
	} {
		t.Run(name, func(t *testing.T) {
			cfg := ui.Config{
				User:     func(*gin.Context) (int64, bool, error) { return 0, false, nil },
				Profile:  func(context.Context, int64) (ui.Profile, error) { return ui.Profile{}, nil },
				Admin:    func(context.Context, int64) (bool, error) { return false, nil },
				Articles: &shelf{},
				Rank:     func(context.Context, int) (ranking.Places, error) { return ranking.Places{}, nil },
			}
			_, err := ui.New(cfg)
			require.NoError(t, err)
			change(&cfg)
			_, err = ui.New(cfg)
			require.Error(t, err)
		})
	}
}
