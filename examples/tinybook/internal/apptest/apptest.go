// Package apptest starts the application for tests: in the process of the
// test, on ports of its own, with cheap passwords.
package apptest

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ycvk/tinybook/examples/tinybook/internal/app"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
)

// startTimeout and stopTimeout are for a machine with much else to do.
const (
	startTimeout = 60 * time.Second
	stopTimeout  = 60 * time.Second
)

// A Site is an application that runs.
type Site struct {
	Nodes []app.Node
	Log   *Log
	stop  context.CancelFunc
	done  chan struct{}
	err   error
}

// Config returns the configuration that [Start] begins with: the embedded
// mode's, with free ports, the cheapest passwords, limits that a test doesn't
// meet unless it lowers them, no articles, and a queue in a hurry.
func Config() config.Config {
	cfg := config.Default(config.Embedded)
	cfg.DemoArticles = false
	cfg.HTTP.Addr = "127.0.0.1:0"
	cfg.Admin.Addr = "127.0.0.1:0"
	cfg.User.BcryptCost = 4
	cfg.HTTP.AddressLimit = config.Rate{N: 100_000, Per: time.Second}
	cfg.SMS.AddressLimit = config.Rate{N: 100_000, Per: time.Second}
	cfg.SMS.ProviderLimit = config.Rate{N: 1000, Per: time.Second}
	cfg.SMS.Timeout, cfg.SMS.Lease = time.Second, 3*time.Second
	cfg.Kafka.SessionTimeout = 2 * time.Second
	cfg.SMS.Poll, cfg.SMS.OpenFor = 50*time.Millisecond, 300*time.Millisecond
	return cfg
}

// Start starts the application and stops it when the test ends. change may be
// nil, or alter the configuration.
func Start(t testing.TB, change func(*config.Config), opts ...app.Option) *Site {
	t.Helper()
	cfg := Config()
	if change != nil {
		change(&cfg)
	}
	log := &Log{}
	a, err := app.New(cfg, slog.New(slog.NewJSONHandler(log, nil)), io.Discard, opts...)
	if err != nil {
		t.Fatalf("app.New: %v", err)
	}
	ctx, stop := context.WithCancel(context.Background())
	s := &Site{Log: log, stop: stop, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		s.err = a.Run(ctx)
	}()
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Errorf("stop: %v", err)
		}
		if t.Failed() {
			t.Logf("the site warned of:\n%s", log.warnings())
		}
	})
	select {
	case <-a.Ready():
	case <-s.done:
		t.Fatalf("app.Run: %v", s.err)
	case <-time.After(startTimeout):
		t.Fatalf("not ready after %v", startTimeout)
	}
	s.Nodes = a.Nodes()
	return s
}

// URL returns the address of the first node.
func (s *Site) URL() string { return s.Nodes[0].URL }

// Cancel asks the application to stop, as SIGTERM does, and doesn't wait.
func (s *Site) Cancel() { s.stop() }

// Stop stops the application and returns what Run returned.
func (s *Site) Stop() error {
	s.stop()
	select {
	case <-s.done:
		return s.err
	case <-time.After(stopTimeout):
		return context.DeadlineExceeded
	}
}

// A Log keeps what is written to it. It is safe for concurrent use.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// warnings returns the lines above the level of information.
func (l *Log) warnings() string {
	var out strings.Builder
	for line := range strings.Lines(l.String()) {
		if !strings.Contains(line, `"level":"INFO"`) {
			out.WriteString(line)
		}
	}
	return out.String()
}

// String returns everything that was written.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}
