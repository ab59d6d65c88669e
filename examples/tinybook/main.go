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
	"strconv"
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

Flags:
`

func main() {
	if err := command(os.Args[1:], os.Stdout, os.Stderr); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "tinybook:", err)
		os.Exit(1)
	}
}

func command(args []string, stdout, stderr io.Writer) error {
	name := "run"
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	cfg, err := config.Parse(args, os.Environ())
	if name == "help" || errors.Is(err, flag.ErrHelp) {
		return help(stdout)
	}
	switch name {
	case "run", "config":
		if err == nil {
			err = cfg.Validate()
		}
	case "healthcheck":
	case "version":
		if len(args) > 0 {
			return errors.New("version takes no arguments; tinybook --help lists the commands")
		}
		_, err := fmt.Fprintln(stdout, app.Version())
		return err
	default:
		return errors.New("no such command; tinybook --help lists them")
	}
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

func help(w io.Writer) error {
	if _, err := fmt.Fprint(w, usage); err != nil {
		return err
	}
	return config.PrintFlags(w)
}

func run(cfg config.Config, stdout, stderr io.Writer) error {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // as nohup has it
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	defer stop()
	// A second signal ends the process at once.
	defer context.AfterFunc(ctx, stop)()
	log := newLog(cfg.Log, stderr)
	redis.SetLogger(redisLog{log})
	for _, warning := range cfg.Warnings() {
		log.Warn(warning)
	}
	a, err := app.New(cfg, log, stdout)
	if err != nil {
		return err
	}
	err = a.Run(ctx)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w; choose another with %s", err, flagOf(cfg, err))
	}
	return err
}

// flagOf returns the flag that chose the address that was in use.
func flagOf(cfg config.Config, err error) string {
	const site, admin = "--http-addr", "--admin-addr"
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Addr == nil {
		return site + " or " + admin
	}
	if isOf(op.Addr.String(), cfg.Admin.Addr, cfg.Nodes) && !isOf(op.Addr.String(), cfg.HTTP.Addr, cfg.Nodes) {
		return admin
	}
	return site
}

// isOf reports whether one of the nodes listens at addr if the first does at
// first.
func isOf(addr, first string, nodes int) bool {
	_, port, err := net.SplitHostPort(addr)
	_, start, err2 := net.SplitHostPort(first)
	n, err3 := strconv.Atoi(port)
	from, err4 := strconv.Atoi(start)
	return errors.Join(err, err2, err3, err4) == nil && from <= n && n < from+nodes
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
	req, err := http.NewRequest(http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("healthcheck: %w", err)
	}
	req.Host = "localhost" // The listener refuses any other name on loopback.
	client := http.Client{Timeout: 3 * time.Second}
	resp, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("healthcheck: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("healthcheck: %s", resp.Status)
	}
	return nil
}
