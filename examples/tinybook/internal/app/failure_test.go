package app // In the package: only here can parts be made to fail.

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/examples/tinybook/internal/session"
	"github.com/ycvk/tinybook/examples/tinybook/internal/user"
)

// A login code is worth something until a session was opened for it.
func TestCodeOutlivesAnAwayStore(t *testing.T) {
	s := testSite(t, func(t *testing.T, p *parts) {
		goodCode(brokenSessions)(t, p)
		p.users = knownRepo{user: user.User{ID: 7}}
	})
	p := testParts(t)
	goodCode(func(_ *testing.T, p *parts) { p.users = knownRepo{user: user.User{ID: 7}} })(t, p)
	healthy, err := newSite(p, true)
	require.NoError(t, err)
	post := func(s *site) int {
		req := httptest.NewRequest(http.MethodPost, "/users/login_sms", strings.NewReader(codeBody))
		req.Header.Set("Content-Type", "application/json")
		answer := httptest.NewRecorder()
		s.engine.ServeHTTP(answer, req)
		return answer.Code
	}
	for range 5 { // more than a code has tries
		require.Equal(t, http.StatusServiceUnavailable, post(s.site))
	}
	require.Equal(t, http.StatusOK, post(healthy))
	require.Equal(t, http.StatusUnauthorized, post(healthy), "it was spent by that")
}

// Liveness and readiness are two questions.
func TestReadinessOfParts(t *testing.T) {
	s := testSite(t, nil)
	var failing error
	n := &node{site: s.site, checks: []func() error{func() error { return failing }}}
	ask := func(path string) (int, string) {
		answer := httptest.NewRecorder()
		n.adminMux().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		return answer.Code, answer.Body.String()
	}
	want := func(path string, status int, text string) {
		t.Helper()
		code, body := ask(path)
		require.Equal(t, status, code, body)
		require.Contains(t, body, text)
	}
	want("/readyz", 503, "starting or stopping")
	n.ready.Store(true)
	want("/readyz", 503, "store unavailable") // its list was never loaded
	s.site.sessions = loadedManager(t)
	want("/readyz", 200, "ready")
	failing = errors.New("disk full")
	want("/readyz", 503, "disk full")
	want("/healthz", 200, "ok")
	failing = nil
	want("/readyz", 200, "ready")
}

func loadedManager(t *testing.T) *session.Manager {
	t.Helper()
	m, err := session.New(loadedStore{}, session.Config{
		Keys: []session.Key{session.RandomKey()}, AccessTTL: time.Hour, RefreshTTL: time.Hour, MaxStale: time.Hour,
	})
	require.NoError(t, err)
	require.NoError(t, m.Load(t.Context()))
	return m
}

// loadedStore lists no ended session.
type loadedStore struct{ emptyStore }

func (loadedStore) Ended(context.Context, time.Time) ([]session.Ended, error) { return nil, nil }

// A start names everything that isn't there.
func TestStartReportsEveryService(t *testing.T) {
	cfg := config.Default(config.Services)
	cfg.Session.Keys = "k1:" + strings.Repeat("a2tr", 11)
	cfg.MySQL.Addr, cfg.Redis.Addr = "127.0.0.1:1", "127.0.0.1:2"
	cfg.Kafka.Brokers = []string{"127.0.0.1:3"}
	cfg.MySQL.Password, cfg.Redis.Password = "secret-db", "secret-redis"
	require.NoError(t, cfg.Validate())
	p, err := open(t.Context(), cfg, slog.New(slog.DiscardHandler), nil)
	require.ErrorContains(t, err, "mysql at 127.0.0.1:1 is not reachable")
	require.ErrorContains(t, err, "redis at 127.0.0.1:2 is not reachable")
	require.ErrorContains(t, err, "kafka at 127.0.0.1:3 is not reachable")
	require.NotContains(t, err.Error(), "secret-")
	require.NoError(t, p.close())
}

// When somebody else has the phone of the demo account, the site says so and
// does without.
func TestDemoAccountThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	db, err := platform.OpenSQLite(t.Context(), dir)
	require.NoError(t, err)
	require.NoError(t, db.Migrate(t.Context()))
	_, err = user.NewSQLRepo(db).Create(t.Context(), user.User{Phone: DemoPhone})
	require.NoError(t, err)
	require.NoError(t, db.Close())

	cfg := config.Default(config.Embedded)
	cfg.Data, cfg.User.BcryptCost = dir, 4
	cfg.HTTP.Addr, cfg.Admin.Addr = "127.0.0.1:0", "127.0.0.1:0"
	var out strings.Builder
	a, err := New(cfg, slog.New(slog.DiscardHandler), &out)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	select {
	case <-a.Ready():
	case err := <-done:
		t.Fatal(err)
	}
	page, err := http.Get(a.Nodes()[0].URL + "/login")
	require.NoError(t, err)
	defer page.Body.Close()
	var body strings.Builder
	require.NoError(t, page.Write(&body))
	stop()
	require.NoError(t, <-done)
	require.Contains(t, out.String(), "demo        could not be created: its phone belongs to another account")
	require.NotContains(t, out.String(), DemoPassword)
	require.NotContains(t, body.String(), DemoPassword)
}
