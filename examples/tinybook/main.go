// Command tinybook is a small social site that shows the packages of this
// repository at work. Without arguments it runs alone in one process; see the
// README beside it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/ycvk/tinybook/examples/tinybook/internal/app"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
)

const usage = `Usage: tinybook [run|config|healthcheck|version] [flags]

  run          run the site (the default)
  config       print the configuration that is in effect, with secrets masked
  healthcheck  ask the first node whether it is ready; exit 0 if it is
  version      print the version

tinybook run --help lists the flags.
`

func main() {
	err := command(os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil:
	case errors.Is(err, flag.ErrHelp):
		os.Exit(2)
	default:
		_, _ = fmt.Fprintln(os.Stderr, "tinybook:", err)
		os.Exit(1)
	}
}

func command(args []string, stdout, stderr io.Writer) error {
	name := "run"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	if name == "version" {
		_, err := fmt.Fprintln(stdout, app.Version())
		return err
	}
	if name != "run" && name != "config" && name != "healthcheck" {
		_, _ = fmt.Fprint(stderr, usage)
		return flag.ErrHelp
	}
	cfg, err := config.Load(args, os.LookupEnv, stderr)
	if err != nil {
		return err
	}
	switch name {
	case "config":
		return cfg.Print(stdout)
	case "healthcheck":
		return healthcheck(cfg.Admin.Addr)
	default:
		return run(cfg, stdout, stderr)
	}
}

func run(cfg config.Config, stdout, stderr io.Writer) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second signal ends the process at once.
	defer context.AfterFunc(ctx, stop)()
	log := newLog(cfg.Log, stderr)
	redis.SetLogger(redisLog{log})
	a, err := app.New(cfg, log, stdout)
	if err != nil {
		return err
	}
	return a.Run(ctx)
}

// redisLog puts what go-redis has to say among the other lines.
type redisLog struct{ log *slog.Logger }

// Printf implements the interface that go-redis wants.
func (l redisLog) Printf(ctx context.Context, format string, args ...any) {
	l.log.WarnContext(ctx, "redis", "text", fmt.Sprintf(format, args...))
}

func newLog(cfg config.Log, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Level)); err != nil {
		level = slog.LevelInfo // The configuration was validated.
	}
	opts := &slog.HandlerOptions{Level: level}
	if cfg.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

func healthcheck(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("healthcheck: %w", err)
	}
	if ip := net.ParseIP(host); ip == nil && host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	client := http.Client{Timeout: 3 * time.Second}
	resp, err := client.Get("http://" + net.JoinHostPort(host, port) + "/readyz")
	if err != nil {
		return fmt.Errorf("healthcheck: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("healthcheck: %s", resp.Status)
	}
	return nil
}
