package realserver_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
)

func client(t *testing.T, s *realserver.Server) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: s.Addr(), MaxRetries: -1, ReadTimeout: 300 * time.Millisecond})
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestRedisSurvivesARestartWithItsData(t *testing.T) {
	s := realserver.Redis(t, "--appendonly", "yes", "--appendfsync", "always")
	c := client(t, s)
	require.NoError(t, c.Set(t.Context(), "k", "v", 0).Err())
	s.Kill()
	require.Error(t, c.Get(t.Context(), "k").Err(), "a killed server answered")
	s.Restart()
	got, err := c.Get(t.Context(), "k").Result()
	require.NoError(t, err)
	require.Equal(t, "v", got)
	s.Wipe()
	s.Restart()
	require.ErrorIs(t, c.Get(t.Context(), "k").Err(), redis.Nil, "a wiped server kept a key")
	s.Stop()
	require.Error(t, c.Get(t.Context(), "k").Err(), "a stopped server answered")
}

func TestPausedRedisHoldsItsConnections(t *testing.T) {
	s := realserver.Redis(t)
	c := client(t, s)
	require.NoError(t, c.Ping(t.Context()).Err())
	resume := s.Pause()
	err := c.Ping(t.Context()).Err()
	require.Error(t, err, "a paused server answered")
	require.NotContains(t, err.Error(), "refused")
	resume()
	require.Eventually(t, func() bool { return c.Ping(t.Context()).Err() == nil }, 10*time.Second, 10*time.Millisecond)
}

func TestRedisClusterServesEverySlot(t *testing.T) {
	cluster := realserver.RedisCluster(t)
	c := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	t.Cleanup(func() { _ = c.Close() })
	for i := range 100 {
		require.NoError(t, c.Set(t.Context(), fmt.Sprint("key", i), i, 0).Err())
	}
	total := 0
	for _, n := range cluster.Nodes {
		size, err := client(t, n).DBSize(t.Context()).Result()
		require.NoError(t, err)
		require.Positive(t, size, "a node holds no key")
		total += int(size)
	}
	require.Equal(t, 100, total)
}

// The test binary runs itself as a child that starts a server and is then
// killed without a chance to clean up: the server must be gone too.
func TestServerDiesWithAKilledTest(t *testing.T) {
	if os.Getenv("REALSERVER_CHILD") == "1" {
		s := realserver.Redis(t)
		fmt.Printf("serving %s\n", s.Addr())
		<-t.Context().Done() // the parent kills this process long before
		return
	}
	probe := realserver.Redis(t) // skips where there is no redis-server
	probe.Kill()

	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestServerDiesWithAKilledTest$", "-test.timeout=1m")
	cmd.Env = append(os.Environ(), "REALSERVER_CHILD=1")
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	buf := make([]byte, 256)
	n, err := out.Read(buf)
	require.NoError(t, err)
	addr, ok := strings.CutPrefix(strings.TrimSpace(string(buf[:n])), "serving ")
	require.True(t, ok, "the child said %q", buf[:n])
	_, port, _ := strings.Cut(addr, ":")
	_, err = strconv.Atoi(port)
	require.NoError(t, err)

	c := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1})
	t.Cleanup(func() { _ = c.Close() })
	require.NoError(t, c.Ping(ctx).Err())
	require.NoError(t, cmd.Process.Signal(syscall.SIGKILL))
	_ = cmd.Wait()
	require.Eventually(t, func() bool { return c.Ping(ctx).Err() != nil }, 10*time.Second, 10*time.Millisecond)
}

func TestMissingServerSkipsOrFails(t *testing.T) {
	for _, tc := range []struct{ value, want string }{
		{"", "skip"},
		{"0", "skip"},
		{"1", "fail"},
		{"yes", "fail"},
	} {
		t.Run("value="+tc.value, func(t *testing.T) {
			t.Setenv(realserver.RequireEnv, tc.value)
			rec := &recorder{TB: t}
			done := make(chan struct{})
			go func() {
				defer close(done)
				realserver.Missing(rec, "redis-server", exec.ErrNotFound)
			}()
			<-done
			require.Equal(t, tc.want, rec.got)
			if tc.value != "yes" {
				require.Contains(t, rec.msg, "go run ./internal/realserver/install redis-server")
			}
		})
	}
}
