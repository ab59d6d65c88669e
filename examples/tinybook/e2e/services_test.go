package e2e_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/app"
	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
	"github.com/ycvk/tinybook/internal/realserver"
)

// runFailing runs an application that must not start.
func runFailing(t *testing.T, change func(*config.Config)) error {
	t.Helper()
	cfg := apptest.Config()
	change(&cfg)
	a, err := app.New(cfg, slog.New(slog.DiscardHandler), io.Discard)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	select {
	case err := <-done:
		return err
	case <-a.Ready():
		cancel()
		require.NoError(t, <-done)
		t.Fatal("it started")
		return nil
	}
}

func TestServicesThatAreNotThere(t *testing.T) {
	t.Run("redis", func(t *testing.T) {
		err := runFailing(t, func(cfg *config.Config) { cfg.Redis.Addr = "127.0.0.1:1" })
		require.ErrorContains(t, err, "redis at 127.0.0.1:1 is not reachable")
	})
	t.Run("mysql", func(t *testing.T) {
		err := runFailing(t, func(cfg *config.Config) {
			cfg.MySQL.Addr, cfg.MySQL.Password = "127.0.0.1:1", "secret-db-password"
		})
		require.ErrorContains(t, err, "mysql at 127.0.0.1:1 is not reachable")
		require.NotContains(t, err.Error(), "secret-db-password")
	})
}

// The two nodes and the login codes on a real Redis, the rest embedded.
func TestRealRedis(t *testing.T) {
	server := realserver.Redis(t)
	key := "k1:" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32))
	onRedis := func(cfg *config.Config) {
		cfg.Redis.Addr, cfg.Code.Store, cfg.Session.Keys, cfg.Nodes = server.Addr(), config.StoreRedis, key, 1
	}
	// Two processes, as two pods would be.
	one := newClient(t, apptest.Start(t, onRedis).URL())
	two := newClient(t, apptest.Start(t, onRedis).URL())

	phone := newPhone()
	login := fields{"phone": phone, "code": one.code(phone)}
	two.post("/users/login_sms/code/send", fields{"phone": phone}).want(t, 429)
	a := two.post("/users/login_sms", login).want(t, 200)
	one.post("/users/login_sms", login).want(t, 401)

	got := decode[tokens](t, a)
	one.post("/users/refresh_token", fields{"refreshToken": got.RefreshToken}).want(t, 200)
	two.post("/users/refresh_token", fields{"refreshToken": got.RefreshToken}).want(t, 401)
	one.token = got.AccessToken
	require.Eventually(t, func() bool { return one.get("/users/profile").Status == 401 }, second, poll)
}
