package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
)

// A node is one instance of the site with a listener of its own and another
// one for its operators.
type node struct {
	name     string
	site     *site
	log      *slog.Logger
	http     *http.Server
	admin    *http.Server
	listener net.Listener
	adminLn  net.Listener
	conns    atomic.Int64
	ready    atomic.Bool
	checks   []func() error
	draining atomic.Bool
}

// listen opens both listeners of node i and wires its site.
func listen(ctx context.Context, p *parts, i int) (*node, error) {
	n := &node{name: fmt.Sprintf("node %d", i+1), log: p.log, checks: p.checks}
	var err error
	if n.listener, err = listenAt(ctx, p.cfg.HTTP.Addr, i); err != nil {
		return nil, err
	}
	if n.adminLn, err = listenAt(ctx, p.cfg.Admin.Addr, i); err != nil {
		return nil, errors.Join(err, n.listener.Close())
	}
	dev := p.cfg.Mode == config.Embedded && onLoopback(n.listener.Addr())
	if n.site, err = newSite(p, dev); err != nil {
		return nil, errors.Join(err, n.close())
	}
	n.setUp(p.cfg)
	return n, nil
}

func (n *node) setUp(cfg config.Config) {
	errorLog := slog.NewLogLogger(n.log.Handler(), slog.LevelWarn)
	n.http = &http.Server{
		Handler:           http.HandlerFunc(n.serve),
		ReadHeaderTimeout: cfg.HTTP.HeaderTimeout,
		ReadTimeout:       cfg.HTTP.HeaderTimeout + cfg.HTTP.RequestTimeout,
		WriteTimeout:      cfg.HTTP.HeaderTimeout + 2*cfg.HTTP.RequestTimeout,
		IdleTimeout:       cfg.HTTP.IdleTimeout,
		ConnState:         n.count,
		ErrorLog:          errorLog,
	}
	// No write timeout: a CPU profile takes as long as it is asked to.
	n.admin = &http.Server{
		Handler:           n.adminHandler(),
		ReadHeaderTimeout: cfg.HTTP.HeaderTimeout,
		IdleTimeout:       cfg.HTTP.IdleTimeout,
		ErrorLog:          errorLog,
	}
}

// errNotServing is why a node that starts or stops isn't ready.
var errNotServing = errors.New("starting or stopping")

// readiness returns why the node should get no requests. That is when it would
// refuse its users, since Redis has been away for longer than its own list of
// ended sessions is good, or can't keep a promise, since the file of the
// embedded Redis can't be written. It recovers by itself: a restart would help
// nothing, so /healthz stays 200.
func (n *node) readiness() error {
	if !n.ready.Load() {
		return errNotServing
	}
	errs := []error{n.site.sessions.Health()}
	for _, check := range n.checks {
		errs = append(errs, check())
	}
	return errors.Join(errs...)
}

// serve asks clients of a node that is going away to close their connections
// themselves. If the node closed an idle one, a request might be on its way.
func (n *node) serve(w http.ResponseWriter, r *http.Request) {
	if n.draining.Load() {
		w.Header().Set("Connection", "close")
	}
	n.site.engine.ServeHTTP(w, r)
}

func (n *node) count(_ net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		n.conns.Add(1)
	case http.StateClosed, http.StateHijacked:
		n.conns.Add(-1)
	}
}

// close closes the listeners of a node that never served.
func (n *node) close() error { return errors.Join(n.listener.Close(), n.adminLn.Close()) }

// listenAt listens at addr with i added to its port, unless that is 0.
func listenAt(ctx context.Context, addr string, i int) (net.Listener, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, fmt.Errorf("app: listen: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("app: listen at %s: %w", addr, err)
	}
	if number > 0 {
		number += i
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(number)))
	if err != nil {
		return nil, fmt.Errorf("app: %w", err)
	}
	return ln, nil
}

func onLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

// baseURL returns an address to type into a browser on this machine.
func baseURL(ln net.Listener) string {
	host, port, err := net.SplitHostPort(ln.Addr().String())
	if err != nil {
		return "http://" + ln.Addr().String()
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port)
}
