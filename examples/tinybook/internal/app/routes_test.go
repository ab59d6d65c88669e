package app // In the package: only here can a site be wired to parts that fail.

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	mysqldriver "github.com/go-sql-driver/mysql"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/examples/tinybook/internal/code"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ops"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ranking"
	"github.com/ycvk/tinybook/examples/tinybook/internal/session"
	"github.com/ycvk/tinybook/examples/tinybook/internal/sms"
	"github.com/ycvk/tinybook/examples/tinybook/internal/user"
	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/topn"
)

// Nothing of this may be in a log line, whatever fails.
const (
	secretEmail    = "secret-person@example.com"
	secretPassword = "secret-Passw0rd"
	secretPhone    = "13912345678"
	secretCode     = "918273"
	secretText     = "secret-about-me"
)

var errBroken = errors.New("broken store")

// A fault is one way to make a route fail.
type fault struct {
	name   string
	body   string
	bearer bool
	cookie bool
	header map[string]string
	breaks func(t *testing.T, p *parts)
	status int
	uid    int // in the log line
}

var (
	signupBody = fmt.Sprintf(`{"email":%q,"password":%q,"confirmPassword":%q}`, secretEmail, secretPassword, secretPassword)
	loginBody  = fmt.Sprintf(`{"email":%q,"password":%q}`, secretEmail, secretPassword)
	phoneBody  = fmt.Sprintf(`{"phone":%q}`, secretPhone)
	codeBody   = fmt.Sprintf(`{"phone":%q,"code":%q}`, secretPhone, secretCode)
	editBody   = fmt.Sprintf(`{"aboutMe":%q}`, secretText)
	badJSON    = fmt.Sprintf(`{"password":%q`, secretPassword)
)

func brokenUsers(_ *testing.T, p *parts)    { p.users = brokenRepo{} }
func brokenCodes(_ *testing.T, p *parts)    { p.codes = brokenCache{} }
func brokenSessions(_ *testing.T, p *parts) { p.sessions = brokenStore{} }
func awaySessions(_ *testing.T, p *parts)   { p.sessions = awayStore{} }
func brokenLimits(_ *testing.T, p *parts)   { p.guard = newGuard(brokenLimiter{}) }

// brokenSMS is the real way of a message, where both its provider and its queue
// fail and quote what they were given.
func brokenSMS(t *testing.T, p *parts) {
	var err error
	p.sender, err = smsfailover.New(brokenProvider{}, brokenQueue{smsfailover.NewMemStore()})
	require.NoError(t, err)
}

// notAdmin is user 7, who is no operator; operator is user 7, who is.
func notAdmin(_ *testing.T, p *parts) {
	p.cfg.User.Admins = []string{"other@example.com"}
	p.users = memberRepo{}
}

func operator(then func(*testing.T, *parts)) func(*testing.T, *parts) {
	return func(t *testing.T, p *parts) {
		p.cfg.User.Admins = []string{secretEmail}
		p.users = memberRepo{}
		then(t, p)
	}
}

func brokenQueues(t *testing.T, p *parts) {
	p.desk.Store = brokenQueue{smsfailover.NewMemStore()}
	failover, err := smsfailover.New(brokenProvider{}, p.desk.Store)
	require.NoError(t, err)
	p.desk.Failover = failover
}

// brokenSettings makes what operators set go to a Redis that isn't there.
func brokenSettings(t *testing.T, p *parts) {
	p.desk.Control = ops.NewControl(ops.NewStore(noRedis(t), nil), p.log, 0.5, []ops.Provider{testProvider(t)})
}

// noRedis is a Redis that isn't there.
func noRedis(t *testing.T) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	t.Cleanup(func() { require.NoError(t, rdb.Close()) })
	return rdb
}

// brokenKafka can't tell what its clients do.
func brokenKafka(_ *testing.T, p *parts) {
	p.desk.Kafka = func() (ops.Kafka, error) { return ops.Kafka{}, errBroken }
}

// closedUsers is the real repository on a database that is gone.
func closedUsers(t *testing.T, p *parts) {
	db, err := platform.OpenSQLite(t.Context(), t.TempDir())
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context()))
	require.NoError(t, db.Close())
	p.users = user.NewSQLRepo(db)
}

// panics makes every handler panic with a value that holds a secret.
func panics(_ *testing.T, p *parts) {
	p.extra = append(p.extra, func(*gin.Context) { panic("panic with " + secretPassword) })
}

// faults are the ways in which each route is made to fail. A route without one
// fails the test.
var faults = map[string][]fault{
	"POST /users/signup": {
		{name: "database", body: signupBody, breaks: closedUsers, status: 500},
		{name: "quoting database", body: signupBody, breaks: brokenUsers, status: 500},
		{name: "bad JSON", body: badJSON, status: 400},
		{name: "bad fields", body: loginBody, status: 422},
	},
	"POST /users/login": {
		{name: "database", body: loginBody, breaks: closedUsers, status: 500},
		{name: "quoting database", body: loginBody, breaks: brokenUsers, status: 500},
		{name: "session store", body: loginBody, breaks: knownUser, status: 503, uid: 0},
		{name: "wrong password", body: loginBody, status: 401},
	},
	"POST /users/login_sms/code/send": {
		{name: "cache", body: phoneBody, breaks: brokenCodes, status: 503},
		{name: "limits", body: phoneBody, breaks: brokenLimits, status: 503},
		{name: "provider and queue", body: phoneBody, breaks: brokenSMS, status: 503},
		{name: "bad phone", body: `{"phone":"secret-about-me"}`, status: 422},
	},
	"POST /users/login_sms": {
		{name: "cache", body: codeBody, breaks: brokenCodes, status: 500},
		{name: "quoting database", body: codeBody, breaks: goodCode(brokenUsers), status: 500},
		{name: "session store", body: codeBody, breaks: goodCode(brokenSessions), status: 503},
		{name: "no code", body: codeBody, status: 401},
	},
	"POST /users/edit": {
		{name: "database", body: editBody, bearer: true, breaks: closedUsers, status: 500, uid: 7},
		{name: "quoting database", body: editBody, bearer: true, breaks: brokenUsers, status: 500, uid: 7},
		{name: "nobody", body: editBody, status: 401},
		{name: "other site", body: editBody, cookie: true, header: map[string]string{"Sec-Fetch-Site": "cross-site"}, status: 403},
	},
	"GET /users/profile": {
		{name: "session store", bearer: true, breaks: awaySessions, status: 503},
		{name: "database", bearer: true, breaks: brokenUsers, status: 500, uid: 7},
		{name: "nobody", status: 401},
	},
	"POST /users/refresh_token": {
		{name: "store", cookie: true, breaks: brokenSessions, status: 503},
		{name: "no token", status: 401},
	},
	"GET /users/refresh_token": {
		{name: "cookie only", cookie: true, status: 401},
		{name: "wrong type", bearer: true, status: 401},
	},
	"POST /users/logout": {
		{name: "store", cookie: true, breaks: brokenSessions, status: 503, uid: 7},
		{name: "nobody", status: 401},
	},
	"GET /users/logout": {
		{name: "store", bearer: true, breaks: brokenSessions, status: 503, uid: 7},
		{name: "cookie only", cookie: true, status: 401},
	},
	"GET /dev/sms": {
		{name: "other host", header: map[string]string{"Host": "evil.example"}, status: 404},
	},
	"GET /profile": {
		{name: "session store", cookie: true, breaks: awaySessions, status: 503},
		{name: "database", cookie: true, breaks: brokenUsers, status: 500, uid: 7},
	},
	"GET /ops": {
		{name: "database", cookie: true, breaks: operator(brokenUsers), status: 500, uid: 7},
		{name: "no operator", cookie: true, breaks: notAdmin, status: 403, uid: 7},
	},
	"GET /ops/state": {
		{name: "nobody", status: 401},
		{name: "no operator", bearer: true, breaks: notAdmin, status: 403, uid: 7},
		{name: "database", bearer: true, breaks: operator(brokenUsers), status: 500, uid: 7},
		{name: "queue", bearer: true, breaks: operator(brokenQueues), status: 500, uid: 7},
		{name: "kafka", bearer: true, breaks: operator(brokenKafka), status: 500, uid: 7},
	},
	"POST /ops/sms/threshold": {
		{name: "nobody", body: `{"ratio":0.5}`, status: 401},
		{name: "no operator", body: `{"ratio":0.5}`, bearer: true, breaks: notAdmin, status: 403, uid: 7},
		{name: "bad ratio", body: `{"ratio":7}`, bearer: true, breaks: operator(brokenSettings), status: 422, uid: 7},
		{name: "settings", body: `{"ratio":0.5}`, bearer: true, breaks: operator(brokenSettings), status: 500, uid: 7},
	},
	"POST /ops/sms/fault": {
		{name: "no operator", body: `{"provider":"north"}`, bearer: true, breaks: notAdmin, status: 403, uid: 7},
		{name: "no such provider", body: `{"provider":"east"}`, bearer: true, breaks: operator(brokenSettings), status: 422, uid: 7},
		{name: "settings", body: `{"provider":"north"}`, bearer: true, breaks: operator(brokenSettings), status: 500, uid: 7},
	},
	"POST /ops/sms/redrive": {
		{name: "no operator", bearer: true, breaks: notAdmin, status: 403, uid: 7},
		{name: "queue", bearer: true, breaks: operator(brokenQueues), status: 500, uid: 7},
	},
	"GET /profile/edit": {
		{name: "database", cookie: true, breaks: brokenUsers, status: 500, uid: 7},
	},
	// These depend on nothing that could fail but the code itself.
	"GET /":                 {{name: "panic", breaks: panics, status: 500}},
	"GET /signup":           {{name: "panic", breaks: panics, status: 500}},
	"GET /login":            {{name: "panic", breaks: panics, status: 500}},
	"GET /favicon.ico":      {{name: "panic", breaks: panics, status: 500}},
	"GET /static/*filepath": {{name: "panic", breaks: panics, status: 500}},
}

func TestEveryRouteLogsItsFailureOnce(t *testing.T) {
	maps.Copy(faults, articleFaults)
	reference := testSite(t, nil)
	for _, r := range reference.site.engine.Routes() {
		route := r.Method + " " + r.Path
		ways := faults[strings.Replace(route, "HEAD ", "GET ", 1)]
		if len(ways) == 0 {
			t.Errorf("%s: no way to make it fail; add one to faults", route)
			continue
		}
		ways = append(ways, fault{name: "any panic", breaks: panics, status: 500})
		for _, way := range ways {
			t.Run(route+"/"+way.name, func(t *testing.T) { testFault(t, r.Method, r.Path, way) })
		}
	}
}

func testFault(t *testing.T, method, path string, way fault) {
	s := testSite(t, way.breaks)
	req := httptest.NewRequest(method, strings.NewReplacer("*filepath", "app.css", ":id", "3", ":n", "3").Replace(path), strings.NewReader(way.body))
	req.RemoteAddr = "127.0.0.1:4711"
	req.Host = "127.0.0.1:8081"
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Request-Id", "the-request")
	if way.bearer {
		req.Header.Set("Authorization", "Bearer "+s.tokens.Access)
	}
	if way.cookie {
		req.AddCookie(&http.Cookie{Name: "tb_access", Value: s.tokens.Access})
		req.AddCookie(&http.Cookie{Name: "tb_refresh", Value: s.tokens.Refresh})
	}
	for name, value := range way.header {
		req.Header.Set(name, value)
		if name == "Host" {
			req.Host = value
		}
	}
	answer := httptest.NewRecorder()
	s.site.engine.ServeHTTP(answer, req)

	if way.status == http.StatusServiceUnavailable && answer.Header().Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
	if answer.Code != way.status {
		t.Errorf("status %d, want %d; body %s", answer.Code, way.status, answer.Body)
	}
	var envelope web.Result
	if err := json.Unmarshal(answer.Body.Bytes(), &envelope); err != nil {
		t.Errorf("the answer is no envelope: %v: %s", err, answer.Body)
	}
	if envelope.Code != answer.Code || envelope.Msg == "" || envelope.RequestID != "the-request" {
		t.Errorf("envelope %+v for status %d", envelope, answer.Code)
	}
	line := s.failure(t)
	if line["route"] != path || line["request_id"] != "the-request" || line["status"] != float64(way.status) {
		t.Errorf("log line %v, want route %s and the request's id and status", line, path)
	}
	if line["uid"] != float64(way.uid) {
		t.Errorf("log line %v, want uid %d", line, way.uid)
	}
	s.noSecrets(t, "log", s.log.String())
	s.noSecrets(t, "answer", answer.Body.String())
}

// A tested site writes its log into a buffer.
type tested struct {
	site   *site
	tokens session.Tokens
	log    *strings.Builder
}

// testParts returns parts in memory, which know nobody.
func testParts(t *testing.T) *parts {
	t.Helper()
	cfg := config.Default(config.Embedded)
	cfg.Demo = false
	p := &parts{
		cfg: cfg, log: slog.New(slog.DiscardHandler),
		users: emptyRepo{}, sessions: emptyStore{}, keys: []session.Key{session.RandomKey()},
	}
	var err error
	p.hasher, err = user.NewHasher(4)
	require.NoError(t, err)
	p.codes, err = cachex.NewCodeLocalCache()
	require.NoError(t, err)
	p.outbox, err = sms.NewOutbox(10)
	require.NoError(t, err)
	limiter, err := ratelimit.NewLocal(ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerMinute(100)})
	require.NoError(t, err)
	p.guard = newGuard(limiter)
	provider := testProvider(t)
	store := smsfailover.NewMemStore()
	failover, err := smsfailover.New(provider.Fake, store)
	require.NoError(t, err)
	p.sender = failover
	p.articles, p.interactions, p.visit = emptyArticles{}, nothingListed{}, func(int64) {}
	p.newBoard = func() (*topn.Board[int64], error) { return ranking.NewBoard(noRedis(t), p.articles, p.log) }
	p.desk = &ops.Desk{
		Control:  ops.NewControl(nil, p.log, 0.5, []ops.Provider{provider}),
		Failover: failover, Store: store, CanBreak: true,
		Gauges: []ops.Gauge{{Name: "codes", Peek: p.guard.Site}},
	}
	return p
}

func newGuard(l code.Limiter) *code.Guard {
	all := ratelimit.PerMinute(100)
	return code.NewGuard(l, code.Limits{Phone: all, Address: all, Site: all}, []byte("a secret of a test"))
}

func testProvider(t *testing.T) ops.Provider {
	t.Helper()
	outbox, err := sms.NewOutbox(10)
	require.NoError(t, err)
	monitor, err := smsfailover.NewErrorRateMonitor()
	require.NoError(t, err)
	return ops.Provider{Name: "north", Monitor: monitor, Fake: sms.NewProvider("north", outbox)}
}

// testSite wires a site of such parts, breaks it, and signs user 7 in.
func testSite(t *testing.T, breaks func(t *testing.T, p *parts)) *tested {
	t.Helper()
	s := &tested{log: &strings.Builder{}}
	p := testParts(t)
	p.log = slog.New(slog.NewJSONHandler(s.log, nil))
	if breaks != nil {
		breaks(t, p)
	}
	var err error
	s.site, err = newSite(p, true)
	require.NoError(t, err)

	// The same keys, so that the broken site knows the tokens.
	manager, err := session.New(emptyStore{}, session.Config{Keys: p.keys, AccessTTL: time.Hour, RefreshTTL: time.Hour})
	require.NoError(t, err)
	s.tokens, err = manager.Start(t.Context(), 7)
	require.NoError(t, err)
	return s
}

// failure returns the one line about a request that failed.
func (s *tested) failure(t *testing.T) map[string]any {
	t.Helper()
	lines := slices.Collect(strings.Lines(s.log.String()))
	require.Len(t, lines, 1, "lines about the request")
	var line map[string]any
	require.NoError(t, json.Unmarshal([]byte(lines[0]), &line), lines[0])
	require.Equal(t, "request failed", line["msg"])
	require.NotEmpty(t, line["error"])
	require.NotNil(t, line["took"])
	level := "INFO"
	if line["status"].(float64) >= 500 {
		level = "ERROR"
	}
	require.Equal(t, level, line["level"])
	return line
}

func (s *tested) noSecrets(t *testing.T, where, text string) {
	t.Helper()
	for _, secret := range []string{
		secretEmail, secretPassword, secretPhone, "+86" + secretPhone, secretCode, secretText,
		s.tokens.Access, s.tokens.Refresh, quoted,
	} {
		if strings.Contains(text, secret) {
			t.Errorf("the %s holds %q: %s", where, secret, text)
		}
	}
}

// quoted is in every error of a store here that quotes what it was asked.
const quoted = "near the value"

// quote is an error of MySQL that quotes values, as 1366 and 1406 do.
func quote(values ...any) error {
	return fmt.Errorf("driver: %w", &mysqldriver.MySQLError{Number: 1366, Message: fmt.Sprintf("%s %q", quoted, values)})
}

// quoteRedis is an error of a Redis that quotes a command.
func quoteRedis(values ...any) error { return fmt.Errorf("ERR %s %q", quoted, values) }
