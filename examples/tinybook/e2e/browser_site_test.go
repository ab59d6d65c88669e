package e2e_test

import (
	"context"
	"io"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/app"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
)

// startSite runs the application as it comes, on ports of its own, until the
// test is over. It returns the address of the first node.
func startSite(t *testing.T) string {
	t.Helper()
	cfg := config.Default(config.Embedded)
	cfg.HTTP.Addr, cfg.Admin.Addr = "127.0.0.1:0", "127.0.0.1:0"
	a, err := app.New(cfg, slog.New(slog.DiscardHandler), io.Discard)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
	select {
	case <-a.Ready():
	case err := <-done:
		done <- err
		require.NoError(t, err)
	}
	return a.Nodes()[0].URL
}
