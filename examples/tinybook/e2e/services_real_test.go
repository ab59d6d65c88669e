package e2e_test

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"net/http"
	"strconv"
	"testing"
	"time"

	mysqldriver "github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/ycvk/tinybook/examples/tinybook/internal/app"
	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
	"github.com/ycvk/tinybook/internal/realserver"
)

// services are a database and a Redis for sites in services mode.
type services struct {
	database, redis *realserver.Server
	db              *sql.DB // an operator's own connection
	phones          *courier
	brokers         []string
}

// startServices starts a Redis and a database: realserver.MariaDB or
// realserver.MySQL.
func startServices(t *testing.T, database func(testing.TB, ...string) *realserver.Server) *services {
	t.Helper()
	s := &services{database: database(t), redis: realserver.Redis(t, "--appendonly", "yes"), phones: &courier{}, brokers: startKafka(t)}
	cfg := mysqldriver.NewConfig()
	cfg.Net, cfg.Addr, cfg.User, cfg.Logger = "tcp", s.database.Addr(), "root", &mysqldriver.NopLogger{}
	connector, err := mysqldriver.NewConnector(cfg)
	require.NoError(t, err)
	s.db = sql.OpenDB(connector)
	t.Cleanup(func() { require.NoError(t, s.db.Close()) })
	_, err = s.db.ExecContext(t.Context(), "CREATE DATABASE tinybook")
	require.NoError(t, err)
	return s
}

// boss is the operator of sites on services.
const boss = "boss@example.com"

// site starts one process on the services. change may be nil.
func (s *services) site(t *testing.T, change func(*config.Config)) *apptest.Site {
	t.Helper()
	return apptest.Start(t, func(cfg *config.Config) {
		*cfg = config.Default(config.Services)
		cfg.HTTP.Addr, cfg.Admin.Addr, cfg.HTTP.DrainDelay = "127.0.0.1:0", "127.0.0.1:0", 0
		cfg.MySQL.Addr, cfg.MySQL.User, cfg.Redis.Addr = s.database.Addr(), "root", s.redis.Addr()
		cfg.Kafka.Brokers, cfg.Kafka.SessionTimeout = s.brokers, 2*second
		cfg.Session.Keys = "k1:" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32))
		cfg.Session.MaxStale = 2 * second
		cfg.User.BcryptCost = 4
		cfg.User.Admins = []string{boss}
		if change != nil {
			change(cfg)
		}
	}, app.WithProvider(s.phones))
}

// Everything that a user does, on two processes that share a MariaDB and a
// Redis, as two pods do.
func TestServicesMode(t *testing.T) {
	s := startServices(t, realserver.MariaDB)
	siteOne, siteTwo := s.site(t, nil), s.site(t, nil)
	one, two := newClient(t, siteOne.URL()), newClient(t, siteTwo.URL())

	// Two sign up with one e-mail at once: one of them has it.
	email := newEmail()
	signUp := fields{"email": email, "password": accountPassword, "confirmPassword": accountPassword}
	statuses := make(chan int, 10)
	for i := range cap(statuses) {
		c := []*client{one, two}[i%2]
		go func() { statuses <- c.post("/users/signup", signUp).Status }()
	}
	count := map[int]int{}
	for range cap(statuses) {
		count[<-statuses]++
	}
	require.Equal(t, map[int]int{201: 1, 409: 9}, count)
	require.Equal(t, []string{"email taken"}, two.post("/users/signup", signUp).want(t, 409).faults())

	one.post("/users/login", fields{"email": email, "password": "wr0ng-password"}).want(t, 401)
	got := one.login(email)
	two.token = one.token
	edit := fields{"nickname": "书虫🐛", "birthday": "1992-01-15", "aboutMe": "喜欢读书\n📚"}
	for range 2 { // the same values again change no row, and that is no fault
		two.post("/users/edit", edit).want(t, 200)
	}
	want := profile{Email: email, Nickname: "书虫🐛", Birthday: "1992-01-15", AboutMe: "喜欢读书\n📚"}
	require.Equal(t, want, decode[profile](t, one.get("/users/profile").want(t, 200)))

	// A code sent by one is good on the other, once.
	phone := newPhone()
	one.post("/users/login_sms/code/send", fields{"phone": phone}).want(t, 200)
	two.post("/users/login_sms/code/send", fields{"phone": phone}).want(t, 429)
	login := fields{"phone": phone, "code": s.phones.codes("+86" + phone)[0]}
	bySMS := *two
	bySMS.token = decode[tokens](t, two.post("/users/login_sms", login).want(t, 200)).AccessToken
	one.post("/users/login_sms", login).want(t, 401)
	require.Equal(t, phone[:3]+"****"+phone[7:], decode[profile](t, bySMS.get("/users/profile").want(t, 200)).Phone)

	// Nobody shows codes here.
	two.get("/dev/sms").want(t, 404)

	one.post("/users/logout", nil).want(t, 200)
	require.Eventually(t, func() bool { return two.get("/users/profile").Status == 401 }, second, poll)
	two.token = ""
	two.post("/users/refresh_token", fields{"refreshToken": got.RefreshToken}).want(t, 401)

	// Other processes know all of it.
	require.NoError(t, siteOne.Stop())
	require.NoError(t, siteTwo.Stop())
	again := newClient(t, s.site(t, nil).URL())
	again.token = got.AccessToken
	again.get("/users/profile").want(t, 401)
	again.login(email)
	require.Equal(t, want, decode[profile](t, again.get("/users/profile").want(t, 200)))
	again.token = bySMS.token
	again.get("/users/profile").want(t, 200)

	for _, site := range []*apptest.Site{siteOne, siteTwo} {
		text := site.Log.String()
		for _, secret := range []any{email, accountPassword, phone, login["code"], got.AccessToken, got.RefreshToken} {
			require.NotContains(t, text, secret)
		}
		require.NotContains(t, text, `"level":"ERROR"`)
	}
}

// The hashes in the database say how much work a refusal is.
func TestHighestCostInMariaDB(t *testing.T) {
	s := startServices(t, realserver.MariaDB)
	c := newClient(t, s.site(t, nil).URL())
	email, _ := c.signUp()
	hash, err := bcrypt.GenerateFromPassword([]byte(accountPassword), 6)
	require.NoError(t, err)
	_, err = s.db.ExecContext(t.Context(), "UPDATE tinybook.users SET password_hash = ? WHERE email = ?", string(hash), email)
	require.NoError(t, err)
	c.base = s.site(t, nil).URL() // finds a hash of cost 6 when it starts
	c.login(email)
	var now string
	require.NoError(t, s.db.QueryRowContext(t.Context(), "SELECT password_hash FROM tinybook.users WHERE email = ?", email).Scan(&now))
	cost, err := bcrypt.Cost([]byte(now))
	require.NoError(t, err)
	require.Equal(t, 4, cost, "the login brought it to the cost of now")
	c.login(email)
}

// While Redis is away nobody is told that the site is broken, codes stay good,
// and balancers look elsewhere.
func TestRedisGoesAway(t *testing.T) {
	s := startServices(t, realserver.MariaDB)
	site := s.site(t, func(cfg *config.Config) { cfg.HTTP.AddressLimit = config.Rate{N: 20, Per: time.Hour} })
	c := newClient(t, site.URL())
	email, got := c.signUp()
	node := site.Nodes[0]

	s.redis.Kill()
	unavailable := func(a answer) {
		t.Helper()
		require.NotEmpty(t, a.want(t, 503).Header.Get("Retry-After"))
	}
	unavailable(c.post("/users/login", fields{"email": email, "password": accountPassword}))
	unavailable(c.post("/users/refresh_token", fields{"refreshToken": got.RefreshToken}))
	unavailable(c.post("/users/login_sms", fields{"phone": newPhone(), "code": "123456"}))
	unavailable(c.post("/users/login_sms/code/send", fields{"phone": newPhone()}))
	unavailable(c.post("/users/logout", nil))
	a := c.get("/users/profile").want(t, 401) // this node knows that it has ended
	require.Empty(t, s.phones.deliveries())
	// Requests pass, and this process limits them alone, at the latest from when Redis went.
	require.Equal(t, "20", a.Header.Get("RateLimit-Limit"))
	left, err := strconv.Atoi(a.Header.Get("RateLimit-Remaining"))
	require.NoError(t, err)
	require.LessOrEqual(t, left, 14, "six came since")
	for range left {
		c.get("/users/profile").want(t, 401)
	}
	require.Positive(t, retryAfter(t, c.get("/users/profile").want(t, 429)))
	require.Eventually(t, func() bool { return !ready(node) }, 30*time.Second, poll)
	alive, err := http.Get(node.AdminURL + "/healthz")
	require.NoError(t, err)
	require.NoError(t, alive.Body.Close())
	require.Equal(t, 200, alive.StatusCode)

	s.redis.Restart()
	require.Eventually(t, func() bool { return ready(node) }, 30*time.Second, poll)
	// The sign-out reaches a node that starts only now.
	other := newClient(t, s.site(t, nil).URL())
	other.token = got.AccessToken
	require.Eventually(t, func() bool { return other.get("/users/profile").Status == 401 }, 30*time.Second, poll)
	c.login(email)
}
