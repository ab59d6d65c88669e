package main // In the package: a command has no other name to call.

import (
	"bytes"
	"errors"
	"flag"
	"strings"
	"testing"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
)

func TestCommands(t *testing.T) {
	t.Setenv("TINYBOOK_REDIS_PASSWORD", "redis-secret")
	var out, errs bytes.Buffer
	if err := command([]string{"config", "--nodes", "3"}, &out, &errs); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "nodes:") || strings.Contains(text, "redis-secret") {
		t.Errorf("config printed %s", text)
	}
	out.Reset()
	if err := command([]string{"version"}, &out, &errs); err != nil || !strings.HasPrefix(out.String(), "tinybook ") {
		t.Errorf("version: %v, %q", err, &out)
	}
	if err := command([]string{"unknown"}, &out, &errs); !errors.Is(err, flag.ErrHelp) || !strings.Contains(errs.String(), "Usage") {
		t.Errorf("unknown command: %v, %q", err, &errs)
	}
	if err := command([]string{"--nodes", "0"}, &out, &errs); err == nil || !strings.Contains(err.Error(), "nodes") {
		t.Errorf("bad flag: %v", err)
	}
}

func TestHealthcheck(t *testing.T) {
	site := apptest.Start(t, nil)
	addr := strings.TrimPrefix(site.Nodes[0].AdminURL, "http://")
	if err := command([]string{"healthcheck", "--admin-addr", addr}, nil, nil); err != nil {
		t.Errorf("ready: %v", err)
	}
	if err := site.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := command([]string{"healthcheck", "--admin-addr", addr}, nil, nil); err == nil {
		t.Error("stopped: want an error")
	}
}
