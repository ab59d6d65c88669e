package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
	"github.com/ycvk/tinybook/smsfailover"
)

// closeGrace is how long a node that is going away waits for clients to close
// their connections. One that is in use is closed by its next answer; only
// connections that nobody uses last as long as this.
const closeGrace = 250 * time.Millisecond

// App is the application. New starts nothing; Run does everything.
type App struct {
	cfg      config.Config
	log      *slog.Logger
	out      io.Writer
	provider smsfailover.Service
	up       chan struct{}
	nodes    []Node
}

// An Option changes an application.
type Option func(*App)

// WithProvider makes the site send its messages with s. By default there are two
// providers that keep them in the process.
func WithProvider(s smsfailover.Service) Option { return func(a *App) { a.provider = s } }

// A Node is where a node listens.
type Node struct {
	URL      string // of the site and the API
	AdminURL string // of metrics, health and profiles
}

// New returns an application with that configuration, which must be valid. It
// logs to log and tells people on out how to use it.
func New(cfg config.Config, log *slog.Logger, out io.Writer, opts ...Option) (*App, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	a := &App{cfg: cfg, log: log, out: out, up: make(chan struct{})}
	for _, opt := range opts {
		opt(a)
	}
	return a, nil
}

// Ready is closed when all nodes take requests.
func (a *App) Ready() <-chan struct{} { return a.up }

// Nodes returns where the nodes listen, once the application is ready.
func (a *App) Nodes() []Node {
	<-a.up
	return a.nodes
}

// Run opens the stores, serves until ctx is done, and stops in order: the
// nodes say that they aren't ready, wait, answer what is in flight, and then
// everything behind them is closed. It returns nil after a clean stop. It can
// be called once.
func (a *App) Run(ctx context.Context) (err error) {
	p, err := open(ctx, a.cfg, a.log, a.provider)
	defer func() { err = errors.Join(err, p.close()) }()
	if err != nil {
		return fmt.Errorf("app: start: %w", err)
	}
	nodes, err := a.listen(ctx, p)
	if err != nil {
		return fmt.Errorf("app: start: %w", err)
	}
	return a.serve(ctx, p, nodes)
}

func (a *App) listen(ctx context.Context, p *parts) ([]*node, error) {
	var nodes []*node
	for i := range a.cfg.Nodes {
		n, err := listen(ctx, p, i)
		if err == nil {
			nodes = append(nodes, n)
			err = n.site.sessions.Load(ctx)
		}
		if err != nil {
			errs := []error{err}
			for _, n := range nodes {
				errs = append(errs, n.close())
			}
			return nil, errors.Join(errs...)
		}
	}
	return nodes, nil
}

// serve runs the nodes until ctx is done or a part of them fails.
func (a *App) serve(ctx context.Context, p *parts, nodes []*node) error {
	stop, fail := context.WithCancelCause(ctx)
	defer fail(nil)
	work, stopWork := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWork()
	var workers, sites, admins errgroup.Group
	run := func(g *errgroup.Group, f func() error) {
		g.Go(func() error {
			err := f()
			if err != nil {
				fail(err)
			}
			return err
		})
	}
	for _, w := range p.workers {
		run(&workers, func() error { return w(work) })
	}
	for _, n := range nodes {
		run(&workers, func() error { return n.site.sessions.Run(work) })
		run(&workers, func() error { return n.site.ranking.Run(work) })
		run(&admins, func() error { return served(n.admin.Serve(n.adminLn)) })
		run(&sites, func() error { return served(n.http.Serve(n.listener)) })
	}
	a.announce(nodes, p.demoErr)
	<-stop.Done()
	a.log.Info("stopping")

	errs := []error{a.drain(nodes), sites.Wait()}
	stopWork()
	errs = append(errs, workers.Wait())
	for _, n := range nodes {
		errs = append(errs, a.shutDown(n.admin))
	}
	errs = append(errs, admins.Wait())
	a.log.Info("stopped")
	return errors.Join(errs...)
}

func (a *App) announce(nodes []*node, demoErr error) {
	for _, n := range nodes {
		n.ready.Store(true)
		a.nodes = append(a.nodes, Node{URL: baseURL(n.listener), AdminURL: baseURL(n.adminLn)})
	}
	a.banner(nodes, demoErr)
	close(a.up)
}

// drain takes all nodes out of service together.
func (a *App) drain(nodes []*node) error {
	for _, n := range nodes {
		n.ready.Store(false)
		n.draining.Store(true)
	}
	// Whoever sends requests here looks at readyz and goes elsewhere.
	time.Sleep(a.cfg.HTTP.DrainDelay)
	var g errgroup.Group
	for _, n := range nodes {
		g.Go(func() error {
			n.site.streams.EndStreams() // or they would never
			n.waitForClose(closeGrace)
			n.http.SetKeepAlivesEnabled(false)
			return a.shutDown(n.http)
		})
	}
	return g.Wait()
}

// waitForClose waits until no client is connected, for d at most.
func (n *node) waitForClose(d time.Duration) {
	timeout := time.NewTimer(d)
	defer timeout.Stop()
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	for n.conns.Load() > 0 {
		select {
		case <-ticker.C:
		case <-timeout.C:
			return
		}
	}
}

// shutDown waits for what is in flight, and cuts it off after the timeout.
func (a *App) shutDown(s *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), a.cfg.HTTP.ShutdownTimeout)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("app: requests were still in flight: %w", err), s.Close())
	}
	return nil
}

func served(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("app: serve: %w", err)
}
