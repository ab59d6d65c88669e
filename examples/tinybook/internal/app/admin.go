package app

import (
	"fmt"
	"net/http"
	"net/http/pprof"
	"runtime/debug"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

// newRegistry returns a registry of a node's own, so that two nodes in one
// process count apart.
func newRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return registry
}

// registerMetrics shows the figures of a node; on the first one also those of the
// process, and of what all processes have in common: a sum over all nodes would have
// them twice.
func (p *parts) registerMetrics(registry *prometheus.Registry, own ...prometheus.Collector) error {
	for _, c := range append(own, p.collectors...) {
		if err := registry.Register(c); err != nil {
			return fmt.Errorf("app: metrics: %w", err)
		}
	}
	p.collectors = nil
	return nil
}

// adminHandler serves the operators of a node. /healthz says that the process
// runs, and asks nobody; /readyz says whether it wants requests.
func (n *node) adminHandler() http.Handler { return n.guard(n.adminMux()) }

// guard refuses what the page of another site makes a browser on this machine
// send to a listener that is for this machine only.
func (n *node) guard(next http.Handler) http.Handler {
	if !onLoopback(n.adminLn.Addr()) {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !web.IsLocal(r) {
			answer(w, http.StatusForbidden, "not for other hosts and sites")
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (n *node) adminMux() *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(n.site.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	mux.HandleFunc("GET /version", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, Version()) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := n.readiness(); err != nil {
			answer(w, http.StatusServiceUnavailable, "not ready: "+err.Error())
			return
		}
		answer(w, http.StatusOK, "ready")
	})
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintln(w, text) // The client has gone; nothing to do about it.
}

// Version returns the version of the program and of Go.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision := ""
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			revision = " " + s.Value
		}
	}
	return fmt.Sprintf("tinybook %s%s %s", info.Main.Version, revision, info.GoVersion)
}
