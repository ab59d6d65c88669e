package e2e_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
)

func TestEveryRefusalIsAnEnvelope(t *testing.T) {
	c := start(t)
	for _, tc := range []struct {
		name, method, path, media, body string
		status                          int
	}{
		{"unknown path", "GET", "/nothing", "", "", 404},
		{"path with a slash at the end", "POST", "/users/login/", "application/json", "{}", 404},
		{"method", "PUT", "/users/login", "application/json", "{}", 405},
		{"unknown method", "FROB", "/users/login", "application/json", "{}", 405},
		{"no media type", "POST", "/users/login", "", "{}", 415},
		{"form", "POST", "/users/login", "application/x-www-form-urlencoded", "email=a", 415},
		{"text", "POST", "/users/login", "text/plain", "{}", 415},
		{"with a charset", "POST", "/users/login", "application/json; charset=utf-8", "{}", 422},
		{"empty", "POST", "/users/login", "application/json", "", 400},
		{"cut off", "POST", "/users/login", "application/json", `{"email":"a`, 400},
		{"two values", "POST", "/users/login", "application/json", `{}{}`, 400},
		{"list", "POST", "/users/login", "application/json", `[]`, 400},
		{"null", "POST", "/users/login", "application/json", `null`, 400},
		{"not UTF-8", "POST", "/users/login", "application/json", "{\"email\":\"\xff\"}", 400},
		{"another charset", "POST", "/users/login", "application/json; charset=gbk", "{}", 415},
		{"charset in capitals", "POST", "/users/login", "application/json; charset=UTF-8", "{}", 422},
		{"a key twice", "POST", "/users/login", "application/json", `{"email":"a","email":"b"}`, 400},
		{"a key twice, escaped", "POST", "/users/login", "application/json", `{"email":"a","\u0065mail":"b"}`, 400},
		{"a key twice inside", "POST", "/users/login", "application/json", `{"x":[{"a":1,"b":{"a":2},"a":3}]}`, 400},
		{"a key in two objects", "POST", "/users/login", "application/json", `{"x":[{"a":1},{"a":{"a":2}}]}`, 422},
		{"half a surrogate", "POST", "/users/login", "application/json", `{"password":"passw0rd\ud800"}`, 400},
		{"the other half", "POST", "/users/login", "application/json", `{"password":"passw0rd\uDC00"}`, 400},
		{"two first halves", "POST", "/users/login", "application/json", `{"password":"\ud83d\ud83d\udc69"}`, 400},
		{"a surrogate and a letter", "POST", "/users/login", "application/json", `{"password":"\ud83dx"}`, 400},
		{"half a surrogate in a key", "POST", "/users/login", "application/json", `{"\udc00":1}`, 400},
		{"a pair", "POST", "/users/login", "application/json", `{"password":"\ud83d\udc69 \\ud800"}`, 422},
		{"too large", "POST", "/users/login", "application/json", `{"email":"` + strings.Repeat("a", 64<<10) + `"}`, 413},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := c.at(c.base)
			c.t = t
			req := c.request(tc.method, tc.path, strings.NewReader(tc.body))
			req.Header.Del("Content-Type")
			if tc.media != "" {
				req.Header.Set("Content-Type", tc.media)
			}
			a := c.do(req).want(t, tc.status)
			if tc.status == 405 && tc.method == "PUT" {
				require.Equal(t, "POST", a.Header.Get("Allow"))
			}
		})
	}
}

func TestLanguages(t *testing.T) {
	c := start(t)
	for accept, want := range map[string]string{
		"":                          "没有这个地址",
		"zh-CN":                     "没有这个地址",
		"zh-TW,en;q=0.5":            "没有这个地址",
		"fr":                        "没有这个地址",
		"*":                         "没有这个地址",
		"en;q=0":                    "没有这个地址",
		"en;q=0.1, zh;q=0.9":        "没有这个地址",
		"not a language;;;":         "没有这个地址",
		strings.Repeat("a-", 2000):  "没有这个地址",
		"en":                        "There is nothing at this address",
		"en-GB":                     "There is nothing at this address",
		"fr, en;q=0.2":              "There is nothing at this address",
		"zh;q=0.1,en;q=0.9":         "There is nothing at this address",
		"de-DE,de;q=0.9,en-US;q=.8": "There is nothing at this address",
	} {
		c.lang = accept
		a := c.get("/nothing").want(t, 404)
		require.Equal(t, want, a.Msg, accept)
		require.Contains(t, a.Header.Values("Vary"), "Accept-Language")
	}
}

func TestRequestIDs(t *testing.T) {
	site := apptest.Start(t, nil)
	c := newClient(t, site.URL())
	for id, kept := range map[string]bool{
		"a-sane_ID-1":           true,
		strings.Repeat("a", 64): true,
		strings.Repeat("a", 65): false,
		"":                      false,
		"with space":            false,
		`"quoted"`:              false,
		"slash/slash":           false,
	} {
		req := c.request("GET", "/nothing", nil)
		req.Header.Set("X-Request-Id", id)
		got := c.do(req).RequestID
		require.Equal(t, kept, got == id, "%q became %q", id, got)
		require.Contains(t, site.Log.String(), `"request_id":"`+got+`"`)
	}
}

func TestOtherSitesCannotActWithCookies(t *testing.T) {
	const friend = "https://app.example"
	site := apptest.Start(t, func(cfg *config.Config) { cfg.HTTP.Origins = []string{friend, "http://localhost"} })
	c := newCookieClient(t, site.URL())
	_, got := c.signUp()
	for _, tc := range []struct {
		name           string
		origin, fetch  string
		bearer         bool
		status         int
		allowed, login bool
	}{
		{name: "no browser", status: 200},
		{name: "own page", origin: site.URL(), fetch: "same-origin", status: 200},
		{name: "own page, old browser", origin: site.URL(), status: 200},
		{name: "friend", origin: friend, fetch: "cross-site", status: 200, allowed: true},
		{name: "other site", origin: "https://evil.example", fetch: "cross-site", status: 403},
		{name: "same site, other origin", origin: "http://127.0.0.1:1", fetch: "same-site", status: 403},
		{name: "name that begins as a friend's", origin: "http://localhost.evil.com", status: 403},
		{name: "friend with another scheme", origin: "http://app.example", status: 403},
		{name: "null", origin: "null", status: 403},
		{name: "Bearer from anywhere", origin: "https://evil.example", fetch: "cross-site", bearer: true, status: 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := c.at(c.base)
			c.t = t
			req := c.request("POST", "/users/edit", strings.NewReader("{}"))
			if tc.origin != "" {
				req.Header.Set("Origin", tc.origin)
			}
			if tc.fetch != "" {
				req.Header.Set("Sec-Fetch-Site", tc.fetch)
			}
			if tc.bearer {
				req.Header.Set("Authorization", "Bearer "+got.AccessToken)
			}
			a := c.do(req).want(t, tc.status)
			want := ""
			if tc.allowed {
				want = tc.origin
			}
			require.Equal(t, want, a.Header.Get("Access-Control-Allow-Origin"))
			require.Contains(t, a.Header.Values("Vary"), "Origin")
		})
	}
}

func TestPreflight(t *testing.T) {
	const friend = "https://app.example"
	site := apptest.Start(t, func(cfg *config.Config) { cfg.HTTP.Origins = []string{friend} })
	c := newClient(t, site.URL())
	ask := func(origin string) *http.Response {
		req := c.request("OPTIONS", "/users/edit", nil)
		req.Header.Set("Origin", origin)
		req.Header.Set("Access-Control-Request-Method", "POST")
		resp, err := c.http.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp
	}
	ok := ask(friend)
	require.Equal(t, 204, ok.StatusCode)
	require.Equal(t, friend, ok.Header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "true", ok.Header.Get("Access-Control-Allow-Credentials"))
	for _, origin := range []string{"http://localhost.evil.com", "https://app.example.evil.com", "https://app.example:444", "null"} {
		refused := ask(origin)
		require.Equal(t, 403, refused.StatusCode, origin)
		require.Empty(t, refused.Header.Get("Access-Control-Allow-Origin"), origin)
	}
}

func TestHeadersProtectPages(t *testing.T) {
	c := start(t)
	for _, path := range []string{"/", "/login", "/users/profile", "/nothing"} {
		resp, err := c.http.Do(c.request("GET", path, nil))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		policy := resp.Header.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'self'", path)
		require.NotContains(t, policy, "unsafe", path)
		require.Equal(t, "nosniff", resp.Header.Get("X-Content-Type-Options"), path)
		require.Equal(t, "DENY", resp.Header.Get("X-Frame-Options"), path)
	}
}

func TestOutboxIsForThisMachineOnly(t *testing.T) {
	site := apptest.Start(t, nil)
	c := newClient(t, site.URL())
	u, err := url.Parse(site.URL())
	require.NoError(t, err)
	for host, status := range map[string]int{
		"127.0.0.1:" + u.Port():              200,
		"localhost:" + u.Port():              200,
		"localhost":                          200,
		"[::1]:1":                            200,
		"rebound.evil.example":               404,
		"rebound.evil.example:8081":          404,
		"localhost.evil.example":             404,
		"127.0.0.1.evil.example:" + u.Port(): 404,
	} {
		req := c.request("GET", "/dev/sms", nil)
		req.Host = host
		require.Equal(t, status, c.do(req).Status, host)
	}
}

// A body of unknown length may turn out to be empty.
func TestChunkedBodies(t *testing.T) {
	c := start(t)
	_, got := c.signUp()
	c.token = got.RefreshToken
	for _, tc := range []struct {
		name, body, media string
		status            int
	}{
		{"text", "refreshToken", "text/plain", 415},
		{"nothing", "", "", 200},
	} {
		req := c.request("POST", "/users/refresh_token", struct{ io.Reader }{strings.NewReader(tc.body)})
		req.ContentLength = -1 // or the client looks whether there is anything
		req.Header.Del("Content-Type")
		if tc.media != "" {
			req.Header.Set("Content-Type", tc.media)
		}
		require.Equal(t, tc.status, c.do(req).Status, tc.name)
	}
}

func TestSlowBody(t *testing.T) {
	site := apptest.Start(t, func(cfg *config.Config) {
		cfg.HTTP.HeaderTimeout, cfg.HTTP.RequestTimeout = 200*time.Millisecond, 300*time.Millisecond
	})
	conn, err := net.Dial("tcp", strings.TrimPrefix(site.URL(), "http://"))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(30*time.Second)))
	_, err = io.WriteString(conn, "POST /users/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{")
	require.NoError(t, err)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusRequestTimeout, resp.StatusCode)
	require.True(t, resp.Close, "what is left of the body is still to come")
}

// A browser that is lost gets a page, and only outside the API.
func TestNotFoundPage(t *testing.T) {
	c := start(t)
	for path, media := range map[string]string{
		"/nothing": "text/html; charset=utf-8", "/users/nothing": "application/json; charset=utf-8", "/dev/x": "application/json; charset=utf-8",
	} {
		req := c.request("GET", path, nil)
		req.Header.Set("Accept", "text/html,*/*;q=0.8")
		resp, err := c.http.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 404, resp.StatusCode, path)
		require.Equal(t, media, resp.Header.Get("Content-Type"), path)
	}
}

// A HEAD is answered as the GET of the same path, without the body.
func TestHead(t *testing.T) {
	site := apptest.Start(t, nil)
	c := newClient(t, site.URL())
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, status := range map[string]int{
		"/": 200, "/signup": 200, "/login": 200, "/profile": 303, "/profile/edit": 303,
		"/read": 200, "/mine": 303, "/write": 303, "/read/1": 404,
		"/static/app.css": 200, "/favicon.ico": 200, "/users/profile": 401, "/nothing": 404,
		"/users/logout": 405, "/users/login": 405,
		"/articles/rank/stream": 200, "/articles/rank/stream?n=0": 422,
	} {
		resp, err := client.Do(c.request("HEAD", path, nil))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, status, resp.StatusCode, path)
		if status == 200 {
			require.NotEmpty(t, resp.Header.Get("Content-Type"), path)
		}
	}
	_, got := c.signUp()
	c.token = got.AccessToken
	resp, err := client.Do(c.request("HEAD", "/users/profile", nil))
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, 200, resp.StatusCode)
}

// An Authorization header without a token is no reason to use the cookie.
func TestEmptyBearerIsNobody(t *testing.T) {
	c := newCookieClient(t, apptest.Start(t, nil).URL())
	c.signUp()
	c.get("/users/profile").want(t, 200)
	for _, value := range []string{"Bearer ", "bearer", "Bearer"} {
		req := c.request("GET", "/users/profile", nil)
		req.Header.Set("Authorization", value)
		c.do(req).want(t, 401)
	}
}

// A listener that others can reach has no outbox, not even for this machine.
func TestNoOutboxOnAnOpenListener(t *testing.T) {
	site := apptest.Start(t, func(cfg *config.Config) { cfg.HTTP.Addr = "0.0.0.0:0" })
	newClient(t, site.URL()).get("/dev/sms").want(t, 404)
}

func TestAdmin(t *testing.T) {
	site := apptest.Start(t, nil)
	newClient(t, site.URL()).get("/users/profile").want(t, 401)
	for path, want := range map[string]string{
		"/healthz":      "ok",
		"/readyz":       "ready",
		"/version":      "tinybook",
		"/metrics":      `tinybook_http_request_duration_seconds_count{method="GET",route="/users/profile",status="401"} 1`,
		"/debug/pprof/": "goroutine",
	} {
		resp, err := http.Get(site.Nodes[0].AdminURL + path)
		require.NoError(t, err)
		text, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 200, resp.StatusCode, path)
		require.Contains(t, string(text), want, path)
	}
	// A page of another site can't read it, by a name of its own either.
	for header, value := range map[string]string{"Host": "rebound.example", "Sec-Fetch-Site": "cross-site"} {
		req, err := http.NewRequest(http.MethodGet, site.Nodes[0].AdminURL+"/debug/pprof/cmdline", nil)
		require.NoError(t, err)
		req.Header.Set(header, value)
		if header == "Host" {
			req.Host = value
		}
		resp, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, 403, resp.StatusCode, header)
	}
	// And nothing of it on the site.
	for _, path := range []string{"/metrics", "/debug/pprof/", "/readyz"} {
		newClient(t, site.URL()).get(path).want(t, 404)
	}
}

func TestPortInUse(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	err = runFailing(t, func(cfg *config.Config) { cfg.HTTP.Addr, cfg.Nodes = ln.Addr().String(), 1 })
	require.ErrorContains(t, err, "address already in use")
}
