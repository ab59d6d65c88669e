package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/app"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
)

// childServices tells a process of this test where the services are that it runs
// a site on: [whereabouts] in JSON.
const childServices = "TINYBOOK_TEST_CHILD_SERVICES"

type whereabouts struct {
	MySQL, Redis string
	Brokers      []string
}

// TestServicesChild is no test, but the site in services mode that other tests kill.
func TestServicesChild(t *testing.T) {
	text := os.Getenv(childServices)
	if text == "" {
		t.Skip("runs only as the child of tests that kill it")
	}
	var at whereabouts
	require.NoError(t, json.Unmarshal([]byte(text), &at))
	cfg := config.Default(config.Services)
	cfg.HTTP.Addr, cfg.Admin.Addr, cfg.HTTP.DrainDelay = "127.0.0.1:0", "127.0.0.1:0", 0
	cfg.HTTP.AddressLimit = config.Rate{N: 100_000, Per: time.Second}
	cfg.MySQL.Addr, cfg.MySQL.User, cfg.Redis.Addr, cfg.Kafka.Brokers = at.MySQL, "root", at.Redis, at.Brokers
	cfg.Session.Keys = "k1:" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), 32))
	cfg.User.BcryptCost = 4
	a, err := app.New(cfg, slog.New(slog.DiscardHandler), io.Discard, app.WithProvider(&courier{}))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { // The parent ends, and the child with it.
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	select {
	case <-a.Ready():
		fmt.Printf("\nurl %s\n", a.Nodes()[0].URL)
		require.NoError(t, <-done)
	case err := <-done:
		t.Fatal(err)
	}
}

// child starts a site in services mode in a process of its own and returns its
// address, and what kills it with SIGKILL.
func (s *services) child(t *testing.T) (url string, kill func()) {
	t.Helper()
	text, err := json.Marshal(whereabouts{s.database.Addr(), s.redis.Addr(), s.brokers})
	require.NoError(t, err)
	cmd := exec.Command(os.Args[0], "-test.run=^TestServicesChild$", "-test.v")
	cmd.Env = append(os.Environ(), childServices+"="+string(text))
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	kill = sync.OnceFunc(func() {
		_ = cmd.Process.Kill() // an error says that it has gone
		_ = cmd.Wait()
		_ = stdin.Close()
	})
	t.Cleanup(kill)
	lines := bufio.NewScanner(stdout)
	var said strings.Builder
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "url "); ok {
			return url, kill
		}
		said.WriteString(lines.Text() + "\n")
	}
	t.Fatalf("the child ended before it was ready: %s", &said)
	return "", nil
}
