package e2e_test

import (
	"bytes"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/app"
	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
)

func TestRefreshRotatesAndReuseEndsTheSession(t *testing.T) {
	c := start(t)
	_, first := c.signUp()
	c.token = ""

	a := c.post("/users/refresh_token", fields{"refreshToken": first.RefreshToken}).want(t, 200)
	second := decode[tokens](t, a)
	require.Equal(t, second.AccessToken, a.Header.Get("X-Jwt-Token"))
	require.Equal(t, second.RefreshToken, a.Header.Get("X-Refresh-Token"))
	require.Equal(t, 900, second.ExpiresIn)
	require.NotEqual(t, first.RefreshToken, second.RefreshToken)
	for _, access := range []string{first.AccessToken, second.AccessToken} {
		c.token = access
		c.get("/users/profile").want(t, 200)
	}
	c.token = second.RefreshToken // as a Bearer
	third := decode[tokens](t, c.post("/users/refresh_token", nil).want(t, 200))

	c.token = ""
	c.post("/users/refresh_token", fields{"refreshToken": first.RefreshToken}).want(t, 401)
	c.post("/users/refresh_token", fields{"refreshToken": third.RefreshToken}).want(t, 401)
	c.token = third.AccessToken
	c.get("/users/profile").want(t, 401)
}

func TestRefreshWithTheOldGET(t *testing.T) {
	c := start(t)
	_, got := c.signUp()
	c.token = got.RefreshToken
	c.get("/users/refresh_token").want(t, 200)
	c.get("/users/refresh_token").want(t, 401) // spent
}

func TestTokensThatAreRefused(t *testing.T) {
	key := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32))
	site := apptest.Start(t, func(cfg *config.Config) { cfg.Session.Keys = "k1:" + key })
	c := newClient(t, site.URL())
	_, good := c.signUp()
	secret, err := base64.StdEncoding.DecodeString(key)
	require.NoError(t, err)
	claims := jwt.MapClaims{}
	_, _, err = jwt.NewParser().ParseUnverified(good.AccessToken, claims)
	require.NoError(t, err)

	forge := func(method jwt.SigningMethod, kid string, key any, change map[string]any) string {
		says := jwt.MapClaims{}
		maps.Copy(says, claims)
		maps.Copy(says, change)
		token := jwt.NewWithClaims(method, says)
		token.Header["kid"] = kid
		text, err := token.SignedString(key)
		require.NoError(t, err)
		return text
	}
	c.token = forge(jwt.SigningMethodHS256, "k1", secret, nil)
	c.get("/users/profile").want(t, 200)
	for name, token := range map[string]string{
		"empty":           "",
		"no token":        "x",
		"refresh":         good.RefreshToken,
		"algorithm none":  forge(jwt.SigningMethodNone, "k1", jwt.UnsafeAllowNoneSignatureType, nil),
		"other algorithm": forge(jwt.SigningMethodHS512, "k1", secret, nil),
		"other kid":       forge(jwt.SigningMethodHS256, "k2", secret, nil),
		"other secret":    forge(jwt.SigningMethodHS256, "k1", bytes.Repeat([]byte("x"), 32), nil),
		"expired":         forge(jwt.SigningMethodHS256, "k1", secret, map[string]any{"exp": time.Now().Add(-time.Minute).Unix()}),
		"never expires":   forge(jwt.SigningMethodHS256, "k1", secret, map[string]any{"exp": nil}),
		"other issuer":    forge(jwt.SigningMethodHS256, "k1", secret, map[string]any{"iss": "other"}),
		"no user":         forge(jwt.SigningMethodHS256, "k1", secret, map[string]any{"sub": "0"}),
		"no session":      forge(jwt.SigningMethodHS256, "k1", secret, map[string]any{"sid": ""}),
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t, site.URL())
			req := c.request(http.MethodGet, "/users/profile", nil)
			req.Header.Set("Authorization", "Bearer "+token)
			c.do(req).want(t, 401)
		})
	}
	c.token = ""
	c.post("/users/refresh_token", fields{"refreshToken": good.AccessToken}).want(t, 401)
	require.NotContains(t, site.Log.String(), good.AccessToken)
	require.NotContains(t, site.Log.String(), good.RefreshToken)
}

func TestKeysCanBeChangedWhileUsersAreSignedIn(t *testing.T) {
	secret := func(s string) string { return base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(s), 32)) }
	dir := t.TempDir()
	before := apptest.Start(t, func(cfg *config.Config) {
		cfg.Data, cfg.Session.Keys = dir, "old:"+secret("o")
	})
	c := newClient(t, before.URL())
	c.signUp()
	require.NoError(t, before.Stop())

	after := apptest.Start(t, func(cfg *config.Config) {
		cfg.Data, cfg.Session.Keys = dir, "new:"+secret("n")+",old:"+secret("o")
	})
	c.at(after.URL()).get("/users/profile").want(t, 200)
	require.NoError(t, after.Stop())

	without := apptest.Start(t, func(cfg *config.Config) {
		cfg.Data, cfg.Session.Keys = dir, "new:"+secret("n")
	})
	c.at(without.URL()).get("/users/profile").want(t, 401)
}

// A directory that is kept keeps accounts, sessions, and what ended them.
func TestKeptDirectory(t *testing.T) {
	dir := t.TempDir()
	kept := func(cfg *config.Config) { cfg.Data = dir }
	before := apptest.Start(t, kept)
	c := newClient(t, before.URL())
	email, got := c.signUp()
	left := newClient(t, before.URL())
	left.login(email)
	left.post("/users/logout", nil).want(t, 200)
	require.NoError(t, before.Stop())

	after := apptest.Start(t, kept)
	c = c.at(after.URL())
	require.Equal(t, email, decode[profile](t, c.get("/users/profile").want(t, 200)).Email)
	left.at(after.URL()).get("/users/profile").want(t, 401)
	c.token = ""
	c.post("/users/refresh_token", fields{"refreshToken": got.RefreshToken}).want(t, 200)
	c.post("/users/login", fields{"email": app.DemoEmail, "password": app.DemoPassword}).want(t, 200)
}

func TestLogoutReachesTheOtherNodeWithinASecond(t *testing.T) {
	site := apptest.Start(t, nil)
	c := newClient(t, site.URL())
	other := c.at(site.Nodes[1].URL)
	for _, logout := range []func() answer{
		func() answer { return c.post("/users/logout", nil) },
		func() answer { return c.get("/users/logout") },
	} {
		_, got := c.signUp()
		other.token = got.AccessToken
		other.get("/users/profile").want(t, 200)
		logout().want(t, 200)
		c.get("/users/profile").want(t, 401)
		require.Eventually(t, func() bool { return other.get("/users/profile").Status == 401 }, time.Second, 20*time.Millisecond)
		c.token = ""
		c.post("/users/refresh_token", fields{"refreshToken": got.RefreshToken}).want(t, 401)
	}
}

func TestCookies(t *testing.T) {
	site := apptest.Start(t, nil)
	c := newCookieClient(t, site.URL())
	email, _ := c.signUp()
	a := c.post("/users/login", fields{"email": email, "password": accountPassword}).want(t, 200)
	set := a.Header.Values("Set-Cookie")
	require.Len(t, set, 2)
	require.Regexp(t, `^tb_access=[^;]+; Path=/; Max-Age=900; HttpOnly; SameSite=Lax$`, set[0])
	require.Regexp(t, `^tb_refresh=[^;]+; Path=/users; Max-Age=604800; HttpOnly; SameSite=Strict$`, set[1])

	c.get("/users/profile").want(t, 200)
	c.post("/users/edit", fields{"nickname": "cookie"}).want(t, 200)
	c.post("/users/refresh_token", fields{}).want(t, 200)
	c.get("/users/profile").want(t, 200)

	// A link of another site can make a browser send these.
	c.get("/users/logout").want(t, 401)
	c.get("/users/refresh_token").want(t, 401)
	c.get("/users/profile").want(t, 200)

	c.post("/users/logout", nil).want(t, 200)
	u, err := url.Parse(site.URL() + "/users")
	require.NoError(t, err)
	require.Empty(t, c.http.Jar.Cookies(u))
	c.get("/users/profile").want(t, 401)
}

// A browser drops the access cookie when its time is over; the refresh cookie
// is left, and must be enough to sign out.
func TestLogoutWithTheRefreshCookieAlone(t *testing.T) {
	c := start(t)
	_, got := c.signUp()
	access := c.token
	c.token = ""
	req := c.request(http.MethodPost, "/users/logout", nil)
	req.AddCookie(&http.Cookie{Name: "tb_refresh", Value: got.RefreshToken})
	c.do(req).want(t, 200)
	c.token = access
	c.get("/users/profile").want(t, 401)
}

func TestSecureCookies(t *testing.T) {
	site := apptest.Start(t, func(cfg *config.Config) { cfg.HTTP.SecureCookies = true })
	c := newClient(t, site.URL())
	a := c.post("/users/login", fields{"email": app.DemoEmail, "password": app.DemoPassword}).want(t, 200)
	for _, set := range a.Header.Values("Set-Cookie") {
		require.Contains(t, strings.Split(set, "; "), "Secure")
	}
	require.NotEmpty(t, a.Header.Get("Strict-Transport-Security"))
}
