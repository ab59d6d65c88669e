package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
)

const accountPassword = "passw0rd-1"

type fields map[string]any

// An answer is what the API said.
type answer struct {
	Status int
	Header http.Header

	Code   int             `json:"code"`
	Msg    string          `json:"msg"`
	Data   json.RawMessage `json:"data"`
	Errors []struct {
		Field, Code, Msg string
	} `json:"errors"`
	RequestID string `json:"requestId"`
}

// A client talks to one node. With a token it sends it as a Bearer; with a jar
// it keeps cookies as a browser does.
type client struct {
	t     testing.TB
	base  string
	token string
	lang  string
	http  http.Client
}

func newClient(t testing.TB, base string) *client {
	return &client{t: t, base: base, lang: "en", http: http.Client{Timeout: 30 * time.Second}}
}

func newCookieClient(t testing.TB, base string) *client {
	c := newClient(t, base)
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	c.http.Jar = jar
	return c
}

// at returns the same client at another node.
func (c *client) at(base string) *client {
	other := *c
	other.base = base
	return &other
}

func (c *client) request(method, path string, body io.Reader) *http.Request {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, body)
	require.NoError(c.t, err)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set("Accept-Language", c.lang)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	return req
}

// do sends a request. The answer must be an envelope that agrees with its
// status.
func (c *client) do(req *http.Request) answer {
	c.t.Helper()
	resp, err := c.http.Do(req)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	a := answer{Status: resp.StatusCode, Header: resp.Header}
	require.NoError(c.t, json.Unmarshal(text, &a), "%s %s: %s", req.Method, req.URL.Path, text)
	require.Equal(c.t, a.Status, a.Code, "code and status")
	require.NotEmpty(c.t, a.Msg)
	require.NotNil(c.t, a.Errors)
	require.Equal(c.t, resp.Header.Get("X-Request-Id"), a.RequestID)
	return a
}

func (c *client) post(path string, body any) answer {
	c.t.Helper()
	if body == nil {
		return c.do(c.request(http.MethodPost, path, nil))
	}
	text, err := json.Marshal(body)
	require.NoError(c.t, err)
	return c.do(c.request(http.MethodPost, path, bytes.NewReader(text)))
}

func (c *client) get(path string) answer {
	c.t.Helper()
	return c.do(c.request(http.MethodGet, path, nil))
}

// want fails the test unless the answer has that status.
func (a answer) want(t testing.TB, status int) answer {
	t.Helper()
	require.Equal(t, status, a.Status, "%s %s %+v", a.Msg, a.Data, a.Errors)
	return a
}

// faults returns "field code" for each field that is wrong.
func (a answer) faults() []string {
	all := make([]string, len(a.Errors))
	for i, e := range a.Errors {
		all[i] = e.Field + " " + e.Code
	}
	return all
}

func decode[T any](t testing.TB, a answer) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal(a.Data, &v))
	return v
}

type tokens struct {
	AccessToken, RefreshToken string
	ExpiresIn                 int
}

type profile struct{ Email, Phone, Nickname, Birthday, AboutMe string }

type message struct {
	To, Code, Body, Provider string
	At                       time.Time
}

var people atomic.Int64

// newEmail and newPhone belong to nobody yet.
func newEmail() string { return fmt.Sprintf("user%d@example.com", people.Add(1)) }
func newPhone() string { return fmt.Sprintf("139%08d", people.Add(1)) }

// signUp makes an account and signs the client in.
func (c *client) signUp() (email string, got tokens) {
	c.t.Helper()
	email = newEmail()
	c.post("/users/signup", fields{"email": email, "password": accountPassword, "confirmPassword": accountPassword}).want(c.t, 201)
	got = c.login(email)
	return email, got
}

func (c *client) login(email string) tokens {
	c.t.Helper()
	a := c.post("/users/login", fields{"email": email, "password": accountPassword}).want(c.t, 200)
	got := decode[tokens](c.t, a)
	if c.http.Jar == nil {
		c.token = got.AccessToken
	}
	return got
}

// code asks for a code for phone and reads it from the outbox.
func (c *client) code(phone string) string {
	c.t.Helper()
	c.post("/users/login_sms/code/send", fields{"phone": phone}).want(c.t, 200)
	return c.newest().Code
}

func (c *client) newest() message {
	c.t.Helper()
	all := decode[[]message](c.t, c.get("/dev/sms").want(c.t, 200))
	require.NotEmpty(c.t, all)
	require.Regexp(c.t, regexp.MustCompile(`^\d{6}$`), all[0].Code)
	return all[0]
}

func start(t *testing.T) *client {
	t.Helper()
	return newClient(t, apptest.Start(t, nil).URL())
}
