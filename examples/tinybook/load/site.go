package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/ycvk/tinybook/internal/realserver"
)

const application = "github.com/ycvk/tinybook/examples/tinybook"

// build builds the application into dir and returns its path.
func build(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "tinybook")
	// What is the same program has the same bytes: no paths, and no commit.
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-o", path, application)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s(run it inside the repository)", application, err, out)
	}
	return path, nil
}

// A site is the application, in a process of its own.
type site struct {
	*services
	url  string
	pid  int
	stop func()
}

// startSite starts program on the database with so many articles.
func (s *services) startSite(ctx context.Context, t testing.TB, program string, articles int) (*site, error) {
	server := realserver.Start(t, realserver.Spec{
		Name:        "tinybook",
		Find:        func() (string, error) { return program, nil },
		Ports:       2,
		Args:        func(server *realserver.Server) []string { return s.siteArgs(server, articles) },
		Env:         siteEnv,
		Ready:       siteReady,
		ReadyWithin: time.Minute,
	})
	pid, err := pidOf(program)
	if err != nil {
		return nil, err
	}
	return &site{services: s, url: "http://" + server.Addr(), pid: pid, stop: server.Stop}, ctx.Err()
}

func (s *services) siteArgs(server *realserver.Server, articles int) []string {
	return []string{
		"run", "--mode", "services", "--bench-enabled",
		"--http-addr", server.Addr(), "--admin-addr", server.AddrOf(1),
		"--mysql-addr", s.mysqlAddr, "--mysql-user", "root", "--mysql-name", database(articles),
		"--redis-addr", s.redisAddr, "--kafka-brokers", s.kafkaAddr,
		// One client asks for everything, and one line for each answer would be
		// measured too.
		"--http-address-limit", "off", "--log-level", "warn", "--http-drain-delay", "0s",
	}
}

// siteEnv has a key for tokens that nobody asks for, and takes away what else would
// choose the database.
func siteEnv(*realserver.Server) []string {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return []string{
		"TINYBOOK_SESSION_KEYS=k1:" + base64.StdEncoding.EncodeToString(key),
		"TINYBOOK_DB_DSN=", "TINYBOOK_CONFIG=",
	}
}

func siteReady(ctx context.Context, server *realserver.Server) error {
	status, _, err := get(ctx, "http://"+server.AddrOf(1)+"/readyz")
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("/readyz: %d", status)
	}
	return err
}

// clocks are all that CPU time is read from.
type clocks struct {
	own     cpu
	machine machine
}

func (s *site) clocks() (c clocks, err error) {
	for _, one := range []struct {
		into *time.Duration
		pid  int
	}{{&c.own.App, s.pid}, {&c.own.Redis, s.redisPID}, {&c.own.MySQL, s.mysqlPID}} {
		if *one.into, err = processCPU(one.pid); err != nil {
			return clocks{}, err
		}
	}
	c.machine, err = machineCPU()
	return c, err
}
