package cachex_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/internal/redistest"
)

// A server that forgot the scripts gets them again, in the same call.
func TestRedisSendsScriptsAgain(t *testing.T) {
	rdb := realClient(t, realserver.Redis(t))
	c := newRedisCache(t, rdb, policyOf3())
	flush := func() { require.NoError(t, rdb.ScriptFlush(t.Context()).Err()) }
	flush()
	ticket, err := c.Set(t.Context(), someone, code)
	require.NoError(t, err)
	flush()
	require.Equal(t, 2, leftAfter(t, c, someone))
	flush()
	status, err := c.Status(t.Context(), someone)
	require.NoError(t, err)
	require.Equal(t, 2, status.Left)
	flush()
	ok, err := c.Revoke(t.Context(), someone, ticket.Gen)
	require.NoError(t, err)
	require.True(t, ok)
}

// Errors by which the server says that it did nothing are no ErrUnknown, for a
// client that sends a call once.
func TestRedisRefusalsOfTheServerAreCertain(t *testing.T) {
	for _, text := range []string{
		"LOADING Redis is loading the dataset in memory",
		"CLUSTERDOWN The cluster is down",
		"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
		"TRYAGAIN Multiple keys request during rehashing of slot",
		"NOAUTH Authentication required.",
		"NOPERM this user has no permissions to run the 'evalsha' command",
		"OOM command not allowed when used memory > 'maxmemory'.",
		"MISCONF Redis is configured to save RDB snapshots",
		"BUSY Redis is busy running a script.",
	} {
		t.Run(text[:4], func(t *testing.T) {
			server, _ := redistest.NewServer(t)
			rdb := redistest.Dial(t, server)
			rdb.Options().MaxRetries = 0 // 0 is none once the client is made
			c := newRedisCache(t, rdb, policyOf3())
			_, err := c.Set(t.Context(), someone, code)
			require.NoError(t, err)
			server.SetError(text)
			defer server.SetError("")
			err = c.Verify(t.Context(), someone, code)
			require.ErrorContains(t, err, text)
			require.NotErrorIs(t, err, cachex.ErrUnknown)
			_, err = c.Set(t.Context(), someone, code)
			require.ErrorContains(t, err, text)
			server.SetError("")
			require.NoError(t, c.Verify(t.Context(), someone, code), "the refused try was done")
		})
	}
}

func TestRedisRefusedConnectionIsCertain(t *testing.T) {
	s := realserver.Redis(t)
	s.Kill()
	c := newRedisCache(t, realClient(t, s), policyOf3())
	err := c.Verify(t.Context(), someone, code)
	require.Error(t, err)
	require.NotErrorIs(t, err, cachex.ErrUnknown)
	_, denied := errors.AsType[*cachex.DeniedError](err)
	require.False(t, denied)
}

func TestRedisPoolTimeoutIsCertain(t *testing.T) {
	w := newWire()
	rdb := w.client(t, realserver.Redis(t), func(o *redis.Options) {
		o.PoolSize, o.PoolTimeout, o.ReadTimeout, o.MaxRetries = 1, time.Millisecond, time.Minute, -1
	})
	c := newRedisCache(t, rdb, policyOf3())
	_, err := c.Set(t.Context(), someone, code)
	require.NoError(t, err)
	w.hang.Store(true)
	go func() { _ = c.Verify(t.Context(), someone, other) }()
	<-w.done
	err = c.Verify(t.Context(), someone, code)
	require.ErrorIs(t, err, redis.ErrPoolTimeout)
	require.NotErrorIs(t, err, cachex.ErrUnknown)
}

func TestRedisReadOnlyReplicaIsCertain(t *testing.T) {
	s := realserver.Redis(t)
	rdb := realClient(t, s)
	c := newRedisCache(t, clientOf(t, &redis.Options{Addr: s.Addr(), MaxRetries: -1}), policyOf3())
	retrying := newRedisCache(t, rdb, policyOf3())
	_, err := c.Set(t.Context(), someone, code)
	require.NoError(t, err)
	// Of a master that nobody is: it keeps what it has and takes no writes.
	require.NoError(t, rdb.Do(t.Context(), "REPLICAOF", "127.0.0.1", "1").Err())
	for _, try := range []string{code, other} {
		err := c.Verify(t.Context(), someone, try)
		require.ErrorContains(t, err, "READONLY")
		require.NotErrorIs(t, err, cachex.ErrUnknown)
		err = retrying.Verify(t.Context(), someone, try)
		require.ErrorContains(t, err, "READONLY")
		require.ErrorIs(t, err, cachex.ErrUnknown, "which of its tries was refused?")
	}
	_, err = c.Set(t.Context(), someone, code)
	require.ErrorContains(t, err, "READONLY")
	require.NoError(t, rdb.Do(t.Context(), "REPLICAOF", "NO", "ONE").Err())
	require.NoError(t, c.Verify(t.Context(), someone, code))
}

// A scripter answers what no script of ours does.
type scripter struct {
	redis.Scripter
	reply any
}

func (s scripter) EvalSha(ctx context.Context, _ string, _ []string, _ ...any) *redis.Cmd {
	cmd := redis.NewCmd(ctx)
	if err, ok := s.reply.(error); ok {
		cmd.SetErr(err)
	} else {
		cmd.SetVal(s.reply)
	}
	return cmd
}

func TestRedisUnexpectedRepliesAreErrors(t *testing.T) {
	for _, reply := range []any{
		nil, redis.Nil, "text", "\x00\x00\x00\x00\x00\x00\x00", "more than eight", 1.5,
		map[any]any{},
		int64(-1 << 63), int64(-16), int64(-7), int64(7), int64(16), int64(1 << 62),
		[]any{},
		[]any{nil},
		[]any{int64(1)},
		[]any{"1", int64(1)},
		[]any{""},
		[]any{"0 0 0 0 0"},
		[]any{"0"},
		[]any{"2"},
		[]any{"-4"},
		int64(4),
		[]any{"6"},
		[]any{"16"},
		[]any{"99999999999999999999"},
		[]any{"0 0 -1 0 0 0"},
	} {
		t.Run(fmt.Sprintf("%T %v", reply, reply), func(t *testing.T) {
			c := newRedisCache(t, scripter{reply: reply}, policyOf3())
			_, err := c.Set(t.Context(), someone, code)
			require.ErrorContains(t, err, "unexpected reply")
			err = c.Verify(t.Context(), someone, code)
			require.ErrorIs(t, err, cachex.ErrUnknown)
			require.Equal(t, 1, strings.Count(err.Error(), "cachex:"), "%v", err)
			_, err = c.Revoke(t.Context(), someone, 1)
			require.ErrorContains(t, err, "unexpected reply")
			_, err = c.Status(t.Context(), someone)
			require.ErrorContains(t, err, "unexpected reply")
		})
	}
}

// The server is killed and comes back while many try wrong codes, each on a
// recipient of its own: every try that got an answer was counted once, and no
// try more often than that.
func TestRedisCountsThroughACrash(t *testing.T) {
	s := realserver.Redis(t, "--appendonly", "yes", "--appendfsync", "always")
	c := newRedisCache(t, realClient(t, s), cachex.Policy{TTL: time.Hour, MaxAttempts: 65535})
	const people = 8
	var answered, unknown [people]atomic.Int64
	keys := make([]cachex.Key, people)
	for i := range keys {
		keys[i] = cachex.Key{Biz: "login", To: fmt.Sprint(i)}
		_, err := c.Set(t.Context(), keys[i], code)
		require.NoError(t, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer stop()
	for i, k := range keys {
		wg.Go(func() {
			for ctx.Err() == nil {
				switch err := c.Verify(t.Context(), k, other); {
				case errors.Is(err, cachex.ErrMismatch):
					answered[i].Add(1)
				case errors.Is(err, cachex.ErrUnknown):
					unknown[i].Add(1)
				}
			}
		})
	}
	for range 3 {
		waitForMore(t, answered[:], 20)
		s.Kill()
		s.Restart()
	}
	waitForMore(t, answered[:], 20)
	stop()
	wg.Wait()
	for i, k := range keys {
		status, err := c.Status(t.Context(), k)
		require.NoError(t, err)
		counted, low := int64(65535-status.Left), answered[i].Load()
		if high := low + unknown[i].Load(); counted < low || counted > high {
			t.Errorf("recipient %d: %d tries counted, want %d to %d", i, counted, low, high)
		}
	}
}

// waitForMore waits until each counter is n higher than now.
func waitForMore(t *testing.T, counters []atomic.Int64, n int64) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for i := range counters {
		for want := counters[i].Load() + n; counters[i].Load() < want; <-tick.C {
			if time.Now().After(deadline) {
				t.Fatalf("counter %d stands still at %d", i, counters[i].Load())
			}
		}
	}
}
