package e2e_test

import (
	"fmt"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/app"
	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
)

// opsState is what GET /ops/state shows, as far as tests look.
type opsState struct {
	CanBreak  bool
	Threshold float64
	Queue     struct{ Ready, Delayed, Leased, Dead int }
	Sent      struct{ Direct, Later, Queued, Expired int }
	Limits    []struct {
		Name    string
		N, Used int
	}
	Providers []struct {
		Name, State string
		Rate        float64
		Fault       struct{ Down bool }
	}
	Dead []struct{ ID, Cause string }
}

func (s opsState) waiting() int { return s.Queue.Ready + s.Queue.Delayed + s.Queue.Leased }

// operator returns a client that is signed in as the demo account.
func operator(t *testing.T, base string) *client {
	t.Helper()
	c := newClient(t, base)
	a := c.post("/users/login", fields{"email": app.DemoEmail, "password": app.DemoPassword}).want(t, 200)
	c.token = decode[tokens](t, a).AccessToken
	return c
}

func (c *client) ops() opsState {
	c.t.Helper()
	return decode[opsState](c.t, c.get("/ops/state").want(c.t, 200))
}

// fault breaks or mends every provider.
func (c *client) fault(f fields) {
	c.t.Helper()
	for _, provider := range []string{"north", "south"} {
		f["provider"] = provider
		c.post("/ops/sms/fault", f).want(c.t, 200)
	}
}

func (c *client) inbox() []message {
	c.t.Helper()
	return decode[[]message](c.t, c.get("/dev/sms").want(c.t, 200))
}

// The providers are down, somebody asks for a code, the process is killed and
// started again: once a provider is mended the code arrives, once, and is good.
func TestCodeSurvivesOutageAndKill(t *testing.T) {
	dir := t.TempDir()
	url, kill := runChild(t, dir)
	c := operator(t, url)
	c.fault(fields{"down": true})
	phone := newPhone()
	c.post("/users/login_sms/code/send", fields{"phone": phone}).want(t, 200)
	require.Empty(t, c.inbox())
	require.Equal(t, 1, c.ops().waiting())
	kill()

	c.base, kill = runChild(t, dir)
	state := c.ops() // the token is good, and the providers are still down
	require.Equal(t, 1, state.waiting())
	require.True(t, state.Providers[0].Fault.Down)
	require.Empty(t, c.inbox())
	c.post("/users/login_sms/code/send", fields{"phone": phone}).want(t, 429) // so is the pause of the phone
	kill()

	c.base, _ = runChild(t, dir)
	c.fault(fields{})
	require.Eventually(t, func() bool { return len(c.inbox()) > 0 && c.ops().waiting() == 0 }, 30*time.Second, poll)
	inbox := c.inbox()
	require.Len(t, inbox, 1)
	require.Equal(t, "+86"+phone, inbox[0].To)
	login := fields{"phone": phone, "code": inbox[0].Code}
	c.post("/users/login_sms", login).want(t, 200)
	c.post("/users/login_sms", login).want(t, 401)
	require.Len(t, c.inbox(), 1)
}

// One provider fails: the other takes the message while the client waits.
func TestSecondProviderTakesOver(t *testing.T) {
	c := operator(t, apptest.Start(t, nil).URL())
	c.post("/ops/sms/fault", fields{"provider": "north", "down": true}).want(t, 200)
	phone := newPhone()
	code := c.code(phone)
	require.Equal(t, "south", c.newest().Provider)
	c.post("/users/login_sms", fields{"phone": phone, "code": code}).want(t, 200)
	require.Zero(t, c.ops().waiting())
}

// One provider hangs: the other takes the message all the same while the client
// waits, also where nobody knows yet that it hangs.
func TestSecondProviderTakesOverFromOneThatHangs(t *testing.T) {
	c := operator(t, apptest.Start(t, nil).URL())
	c.post("/ops/sms/fault", fields{"provider": "north", "delayMs": 60_000}).want(t, 200)
	phone := newPhone()
	c.post("/users/login_sms/code/send", fields{"phone": phone}).want(t, 200)
	require.Len(t, c.inbox(), 1)
	require.Equal(t, "south", c.newest().Provider)
	c.post("/users/login_sms", fields{"phone": phone, "code": c.newest().Code}).want(t, 200)
	require.Zero(t, c.ops().waiting())
}

// A code that no provider would ever take is a dead letter, and revoked. Tried
// again it doesn't follow the code that its phone got instead.
func TestDeadLetterSendsNoStaleCode(t *testing.T) {
	c := operator(t, apptest.Start(t, nil).URL())
	phone := newPhone()
	c.fault(fields{"refuses": true})
	c.post("/users/login_sms/code/send", fields{"phone": phone}).want(t, 503)
	require.Len(t, c.ops().Dead, 1)
	c.fault(fields{})
	code := c.code(phone)
	require.JSONEq(t, `{"redriven":1}`, string(c.post("/ops/sms/redrive", fields{}).want(t, 200).Data))
	require.Eventually(t, func() bool { return c.ops().waiting() == 0 }, time.Minute, poll)
	require.Len(t, c.inbox(), 1)
	require.Contains(t, c.ops().Dead[0].Cause, "replaced")
	c.post("/users/login_sms", fields{"phone": phone, "code": code}).want(t, 200)
}

// Whatever asks, no provider is sent more than its limit in any window.
func TestNoProviderGetsMoreThanItsLimit(t *testing.T) {
	const limit, window, phones = 15, time.Second, 50
	book := &courier{}
	site := apptest.Start(t, func(cfg *config.Config) {
		cfg.SMS.ProviderLimit = config.Rate{N: limit, Per: window}
	}, app.WithProvider(book))
	c := operator(t, site.URL())
	begin := time.Now()
	var all sync.WaitGroup
	for i := range phones {
		node := c.at(site.Nodes[i%2].URL)
		phone := newPhone()
		all.Go(func() { node.post("/users/login_sms/code/send", fields{"phone": phone}).want(t, 200) })
	}
	all.Wait()
	require.Eventually(t, func() bool { return len(book.deliveries()) >= phones && c.ops().waiting() == 0 }, time.Minute, poll)
	require.Len(t, book.deliveries(), phones)
	require.Equal(t, 1, book.most())
	book.paced(t, begin, limit, window)
	require.Positive(t, c.ops().Sent.Later)
}

// Every code that is asked for is taken from the limits of its phone, of the
// client's address and of the site, or from none of them.
func TestCodesAreLimited(t *testing.T) {
	site := apptest.Start(t, func(cfg *config.Config) {
		cfg.SMS.AddressLimit = config.Rate{N: 3, Per: time.Hour}
		cfg.SMS.PhoneLimit = config.Rate{N: 1, Per: time.Hour}
		cfg.SMS.SiteLimit = config.Rate{N: 100, Per: time.Hour}
	})
	c := operator(t, site.URL())
	phone := newPhone()
	c.code(phone)
	for range 5 { // refused for the phone: nothing is taken from the address
		a := c.post("/users/login_sms/code/send", fields{"phone": phone}).want(t, 429)
		require.Greater(t, retryAfter(t, a), 3000)
	}
	c.code(newPhone())
	c.at(site.Nodes[1].URL).post("/users/login_sms/code/send", fields{"phone": newPhone()}).want(t, 200)
	a := c.post("/users/login_sms/code/send", fields{"phone": newPhone()}).want(t, 429)
	require.Equal(t, "Too many requests; please wait", a.Msg)
	require.Greater(t, retryAfter(t, a), 3000)
	require.Equal(t, "codes", c.ops().Limits[0].Name)
	require.Equal(t, 3, c.ops().Limits[0].Used)

	// A proxy that nobody trusts can't speak for other addresses.
	req := c.request("POST", "/users/login_sms/code/send", body(t, fields{"phone": newPhone()}))
	req.Header.Set("X-Forwarded-For", "203.0.113.7")
	c.do(req).want(t, 429)
}

func TestTrustedProxySpeaksForOthers(t *testing.T) {
	site := apptest.Start(t, func(cfg *config.Config) {
		cfg.HTTP.TrustedProxies = []string{"127.0.0.0/8"}
		cfg.HTTP.AddressLimit = config.Rate{N: 2, Per: time.Hour}
	})
	c := newClient(t, site.URL())
	from := func(address string) answer {
		req := c.request("GET", "/users/profile", nil)
		req.Header.Set("X-Forwarded-For", address)
		return c.do(req)
	}
	for _, address := range []string{"203.0.113.7", "203.0.113.8", "2001:db8::1"} {
		from(address).want(t, 401)
		from(address).want(t, 401)
		from(address).want(t, 429)
	}
	from("2001:db8::2").want(t, 429) // the same /64
	from("2001:db8:0:1::2").want(t, 401)
}

func TestRequestsAreLimitedPerAddress(t *testing.T) {
	site := apptest.Start(t, func(cfg *config.Config) { cfg.HTTP.AddressLimit = config.Rate{N: 5, Per: time.Hour} })
	c := newClient(t, site.URL())
	for left := 4; left >= 0; left-- {
		a := c.at(site.Nodes[left%2].URL).get("/users/profile").want(t, 401)
		require.Equal(t, "5", a.Header.Get("RateLimit-Limit"))
		require.Equal(t, strconv.Itoa(left), a.Header.Get("RateLimit-Remaining"))
		require.Empty(t, a.Header.Get("Retry-After"))
	}
	for _, node := range site.Nodes {
		a := c.at(node.URL).get("/users/profile").want(t, 429)
		require.Positive(t, retryAfter(t, a))
		require.Equal(t, "0", a.Header.Get("RateLimit-Remaining"))
	}
}

func TestOperationsAreForOperators(t *testing.T) {
	site := apptest.Start(t, func(cfg *config.Config) { cfg.User.Admins = []string{"Boss@example.com"} })
	c := newClient(t, site.URL())
	c.get("/ops/state").want(t, 401)
	c.signUp()
	c.get("/ops/state").want(t, 403)
	c.post("/ops/sms/fault", fields{"provider": "north"}).want(t, 403)
	c.post("/ops/sms/threshold", fields{"ratio": 0.5}).want(t, 403)
	c.post("/ops/sms/redrive", fields{}).want(t, 403)

	boss := fields{"email": "boss@example.com", "password": accountPassword, "confirmPassword": accountPassword}
	c.post("/users/signup", boss).want(t, 201)
	c.login("boss@example.com")
	require.True(t, c.ops().CanBreak)
	for _, bad := range []any{0, -1, 1.01, "0.5", nil} {
		c.post("/ops/sms/threshold", fields{"ratio": bad}).want(t, 422)
	}
	c.post("/ops/sms/threshold", fields{"ratio": 0.25}).want(t, 200)
	require.Equal(t, 0.25, c.ops().Threshold)
	for field, bad := range map[string]any{"down": "yes", "failPercent": 101, "delayMs": -1, "provider": "east"} {
		f := fields{"provider": "north"}
		f[field] = bad
		a := c.post("/ops/sms/fault", f).want(t, 422)
		require.Len(t, a.Errors, 1)
		require.Equal(t, field, a.Errors[0].Field)
	}
	require.JSONEq(t, `{"redriven":0}`, string(c.post("/ops/sms/redrive", fields{}).want(t, 200).Data))
}

// The providers fail often enough to be left alone, and are tried again.
func TestThresholdOpensAndCloses(t *testing.T) {
	c := operator(t, apptest.Start(t, func(cfg *config.Config) { cfg.SMS.Window = 2 * time.Second }).URL())
	c.fault(fields{"down": true})
	for range 30 {
		c.post("/users/login_sms/code/send", fields{"phone": newPhone()}).want(t, 200)
	}
	require.Eventually(t, func() bool { return c.ops().Providers[0].State != "closed" }, 30*time.Second, poll)
	require.Equal(t, 30, c.ops().waiting())
	c.fault(fields{})
	require.Eventually(t, func() bool { return c.ops().waiting() == 0 }, time.Minute, poll)
	require.Len(t, c.inbox(), 30)
	require.Eventually(t, func() bool { return c.ops().Providers[0].State == "closed" }, time.Minute, poll)
	seen := map[string]bool{}
	for _, m := range c.inbox() {
		require.False(t, seen[m.To], "a phone got two messages")
		seen[m.To] = true
	}
}

func retryAfter(t *testing.T, a answer) int {
	t.Helper()
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	require.NoError(t, err, fmt.Sprint(a.Header))
	return seconds
}
