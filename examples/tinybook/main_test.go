package main // In the package: a command has no other name to call.

import (
	"bytes"
	"io"
	"net"
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
	for _, args := range [][]string{{"--help"}, {"-h"}, {"help"}, {"run", "--help"}} {
		out.Reset()
		if err := command(args, &out, &errs); err != nil || !strings.Contains(out.String(), "healthcheck") || !strings.Contains(out.String(), "-http-addr") {
			t.Errorf("%q: %v, %q", args, err, &out)
		}
	}
	for _, args := range [][]string{{"unknown"}, {"--unknown"}, {"version", "x"}} {
		out.Reset()
		err := command(args, &out, &errs)
		if err == nil || !strings.Contains(err.Error(), "--help") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v", args, err)
		}
	}
	if out.Len()+errs.Len() > 0 {
		t.Errorf("errors are for main to print: %q, %q", &out, &errs)
	}
	if err := command([]string{"--nodes", "0"}, &out, &errs); err == nil || !strings.Contains(err.Error(), "nodes") {
		t.Errorf("bad flag: %v", err)
	}
}

func TestPortInUseNamesTheFlag(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for _, name := range []string{"--http-addr", "--admin-addr"} {
		args := []string{"--nodes=1", "--user-bcrypt-cost=4", "--http-addr=127.0.0.1:0", "--admin-addr=127.0.0.1:0", name + "=" + ln.Addr().String()}
		err := command(args, io.Discard, io.Discard)
		if err == nil || !strings.Contains(err.Error(), "address already in use; choose another with "+name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestHealthcheck(t *testing.T) {
	site := apptest.Start(t, nil)
	addr := strings.TrimPrefix(site.Nodes[0].AdminURL, "http://")
	if err := command([]string{"healthcheck", "--admin-addr", addr}, nil, nil); err != nil {
		t.Errorf("ready: %v", err)
	}
	if err := command([]string{"healthcheck", "--mode", "services", "--admin-addr", addr}, nil, nil); err != nil {
		t.Errorf("ready, without the keys of the tokens: %v", err)
	}
	if err := site.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := command([]string{"healthcheck", "--admin-addr", addr}, nil, nil); err == nil {
		t.Error("stopped: want an error")
	}
}
