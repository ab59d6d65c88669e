package e2e_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/app"
	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
)

// childData tells a process of this test which directory it runs a site on,
// childDiary the file of its provider, without which it has the usual ones, and
// childBrokers a Kafka, without which it has one inside.
const (
	childData    = "TINYBOOK_TEST_CHILD_DATA"
	childDiary   = "TINYBOOK_TEST_CHILD_DIARY"
	childBrokers = "TINYBOOK_TEST_CHILD_BROKERS"
)

// TestChild is no test, but the site that other tests kill.
func TestChild(t *testing.T) {
	dir := os.Getenv(childData)
	if dir == "" {
		t.Skip("runs only as the child of tests that kill it")
	}
	cfg := apptest.Config()
	cfg.Data, cfg.Code.Store = dir, config.StoreRedis
	if brokers := os.Getenv(childBrokers); brokers != "" {
		cfg.Kafka.Brokers = strings.Split(brokers, ",")
	}
	var opts []app.Option
	if path := os.Getenv(childDiary); path != "" {
		d := openDiary(t, path)
		cfg.SMS.Timeout, cfg.SMS.Lease = 700*time.Millisecond, 1500*time.Millisecond
		opts = append(opts, app.WithProvider(d))
	}
	serveUntilOrphaned(t, cfg, opts...)
}

// serveUntilOrphaned runs a site and prints its address, until the process that
// started this one ends.
func serveUntilOrphaned(t *testing.T, cfg config.Config, opts ...app.Option) {
	t.Helper()
	warnings := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	a, err := app.New(cfg, warnings, io.Discard, opts...)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { // The parent ends, and the child with it.
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	select {
	case <-a.Ready():
		fmt.Printf("\nurl %s\n", a.Nodes()[0].URL)
		require.NoError(t, <-done)
	case err := <-done:
		t.Fatal(err)
	}
}

// runChild starts a site in a process of its own and returns its address, and
// what kills it. env is added to its environment.
func runChild(t *testing.T, dir string, env ...string) (url string, kill func()) {
	t.Helper()
	return startChild(t, "TestChild", append(env, childData+"="+dir)...)
}

// startChild runs a test of this program that serves until it is orphaned, in a
// process of its own. It returns its address, and what kills it with SIGKILL. If the
// test fails it shows what the process warned of, and where each goroutine is.
func startChild(t *testing.T, test string, env ...string) (url string, kill func()) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), env...)
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	stderr, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	require.NoError(t, err)
	cmd.Stderr = stderr
	require.NoError(t, cmd.Start())
	stop := sync.OnceFunc(func() { // an error says that it has gone
		_ = cmd.Wait()
		_ = stdin.Close()
		_ = stderr.Close()
	})
	kill = func() {
		_ = cmd.Process.Kill()
		stop()
	}
	t.Cleanup(func() {
		if t.Failed() && cmd.Process.Signal(syscall.SIGQUIT) == nil {
			stop()
			text, err := os.ReadFile(stderr.Name())
			t.Logf("process %d ended with (%v):\n%s", cmd.Process.Pid, err, text)
		}
		kill()
	})
	lines := bufio.NewScanner(stdout)
	var said strings.Builder
	for lines.Scan() {
		if url, ok := strings.CutPrefix(lines.Text(), "url "); ok {
			return url, kill
		}
		said.WriteString(lines.Text() + "\n")
	}
	t.Fatalf("the child ended before it was ready: %s", &said)
	return "", nil
}

// What the site has answered is true after a kill -9 too: who signed out is
// signed out, and a refresh token that was spent is spent.
func TestKilledProcess(t *testing.T) {
	dir := t.TempDir()
	url, kill := runChild(t, dir)
	c := newClient(t, url)
	email, signedOut := c.signUp()
	rotated := c.login(email)
	reused := c.login(email)

	// Meanwhile nobody else may use the directory.
	err := runFailing(t, func(cfg *config.Config) { cfg.Data = dir })
	require.ErrorContains(t, err, dir+" is in use by another tinybook")

	c.token = ""
	refresh := func(token string) answer {
		return c.post("/users/refresh_token", fields{"refreshToken": token})
	}
	renewed := decode[tokens](t, refresh(rotated.RefreshToken).want(t, 200))
	refresh(reused.RefreshToken).want(t, 200)
	refresh(reused.RefreshToken).want(t, 401)
	c.token = signedOut.AccessToken
	c.post("/users/logout", nil).want(t, 200)
	kill()

	c.base = apptest.Start(t, func(cfg *config.Config) { cfg.Data = dir }).URL()
	for _, ended := range []tokens{signedOut, reused} {
		c.token = ended.AccessToken
		c.get("/users/profile").want(t, 401)
		c.token = ""
		refresh(ended.RefreshToken).want(t, 401)
	}
	again := decode[tokens](t, refresh(renewed.RefreshToken).want(t, 200))
	refresh(rotated.RefreshToken).want(t, 401)
	refresh(again.RefreshToken).want(t, 401)
}

// A disk that fails stops nobody from using the site, but a balancer learns.
func TestDirectoryGoesAway(t *testing.T) {
	dir := t.TempDir() + "/data"
	site := apptest.Start(t, func(cfg *config.Config) { cfg.Data = dir })
	c := newClient(t, site.URL())
	require.NoError(t, os.Rename(dir, dir+"-away"))
	c.signUp()
	c.get("/users/profile").want(t, 200)
	node := site.Nodes[0]
	require.Eventually(t, func() bool { return !ready(node) }, 30*time.Second, poll)
	c.get("/users/profile").want(t, 200)
	c.post("/users/logout", nil).want(t, 503)
	c.get("/users/profile").want(t, 401)
	require.NoError(t, os.Rename(dir+"-away", dir))
	require.Eventually(t, func() bool { return ready(node) }, 30*time.Second, poll)
}
