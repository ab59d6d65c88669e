package realserver

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A PrometheusServer is a running Prometheus and its HTTP API. Its config lies in
// Dir as prometheus.yml, so that relative paths in it, such as rule files, start
// at Dir.
type PrometheusServer struct {
	*Server
}

// Prometheus starts a Prometheus on config, a whole prometheus.yml. Args are added
// to its command line, such as "--enable-feature=native-histograms".
func Prometheus(t testing.TB, config string, args ...string) *PrometheusServer {
	t.Helper()
	return &PrometheusServer{Server: Start(t, prometheusSpec(config, args))}
}

// Promtool returns the path of promtool, or ends the test; see [Missing].
func Promtool(t testing.TB) string {
	t.Helper()
	return program(t, Spec{Name: "prometheus", Find: InPath("promtool")})
}

func prometheusSpec(config string, args []string) Spec {
	return Spec{
		Name:  "prometheus",
		Find:  InPath("prometheus"),
		Ports: 1,
		Prepare: func(_ context.Context, s *Server) error {
			return os.WriteFile(prometheusConfig(s), []byte(config), 0o600)
		},
		Args: func(s *Server) []string {
			return append([]string{
				"--config.file=" + prometheusConfig(s),
				"--storage.tsdb.path=" + filepath.Join(s.Dir, "data"),
				"--web.listen-address=" + s.Addr(),
				"--web.enable-lifecycle", // for Reload, which then says what is wrong
				"--log.level=warn",
			}, args...)
		},
		Ready:       prometheusReady,
		ReadyWithin: time.Minute,
	}
}

func prometheusConfig(s *Server) string { return filepath.Join(s.Dir, "prometheus.yml") }

func prometheusReady(ctx context.Context, s *Server) error {
	return prometheusCall(ctx, s, http.MethodGet, "/-/ready", nil)
}

// Reload replaces the config and has the server take it up. One that it refuses
// is an error with the server's reason, and the last good one stays in force.
func (p *PrometheusServer) Reload(ctx context.Context, config string) error {
	if err := os.WriteFile(prometheusConfig(p.Server), []byte(config), 0o600); err != nil {
		return err
	}
	return prometheusCall(ctx, p.Server, http.MethodPost, "/-/reload", nil)
}

// prometheusCall hands the body of a good answer to read, if any.
func prometheusCall(ctx context.Context, s *Server, method, path string, read func(io.Reader) error) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+s.Addr()+path, nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(res.Body, 4<<10)) // what came of it says enough
		return fmt.Errorf("prometheus: %s %s: %s: %s", method, path, res.Status, text)
	}
	if read == nil {
		return nil
	}
	return read(res.Body)
}
