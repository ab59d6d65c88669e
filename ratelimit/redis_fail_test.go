package ratelimit_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/ratelimit"
)

var fivePerHour = []ratelimit.Limit{ratelimit.PerHour(5)}

func newLocalLimiter(t testing.TB, limits ...ratelimit.Limit) *ratelimit.Local {
	t.Helper()
	l, err := ratelimit.NewLocal(ratelimit.SlidingLog, limits)
	require.NoError(t, err)
	return l
}

// A policyCase is a fail policy and what it must answer to n hits.
type policyCase struct {
	name    string
	policy  ratelimit.FailPolicy
	allowed func(n int) int
	source  ratelimit.Source
	fails   bool
}

func policies(t testing.TB) []policyCase {
	all := func(n int) int { return n }
	return []policyCase{
		{"closed", ratelimit.FailClosed(), func(int) int { return 0 }, ratelimit.Assumed, true},
		{"open", ratelimit.FailOpen(), all, ratelimit.Assumed, false},
		{"local", ratelimit.FailLocal(newLocalLimiter(t, ratelimit.PerHour(10))), all, ratelimit.InProcess, false},
	}
}

// check asks l everything while nothing answers.
func (p policyCase) check(t *testing.T, l *ratelimit.Redis) {
	t.Helper()
	ctx := t.Context()
	for what, ask := range map[string]func() (ratelimit.Result, error){
		"Allow":       func() (ratelimit.Result, error) { return l.Allow(ctx, "k") },
		"AllowN":      func() (ratelimit.Result, error) { return l.AllowN(ctx, "k", 1) },
		"AllowAtMost": func() (ratelimit.Result, error) { return l.AllowAtMost(ctx, "k", 1) },
		"Peek":        func() (ratelimit.Result, error) { return l.Peek(ctx, "k") },
		"AllowAll": func() (ratelimit.Result, error) {
			rs, err := l.AllowAll(ctx, "tag", ratelimit.Demand{Key: "k", N: 1})
			if err != nil {
				require.Nil(t, rs)
				return ratelimit.Result{Source: ratelimit.Assumed}, err
			}
			return rs[0], err
		},
	} {
		r, err := ask()
		if p.fails {
			require.ErrorIs(t, err, ratelimit.ErrUnavailable, what)
		} else {
			require.NoError(t, err, what)
			require.True(t, r.OK(), what)
		}
		require.Equal(t, p.allowed(1), r.Allowed, what)
		require.Equal(t, p.source, r.Source, what)
		require.NoError(t, l.Refund(ctx, r.Receipt), "%s: the Receipt is empty, or the local limiter's", what)
	}
	require.ErrorIs(t, l.Reset(ctx, "k"), ratelimit.ErrUnavailable)
	require.NotZero(t, l.Stats().Unavailable)
}

// Trap ratelimit/11: a server that holds its connections and answers nothing
// must not hold the callers: they get their decision within the timeout,
// although the client would read for three seconds, and try again.
func TestRedisHangIsDecidedWithinTheTimeout(t *testing.T) {
	t.Parallel()
	s := realserver.Redis(t)
	for _, fold := range []int{0, 16} {
		for _, p := range policies(t) {
			rdb := realClient(t, s)
			l, err := ratelimit.NewRedis(rdb, ratelimit.GCRA, fivePerHour, ratelimit.WithTimeout(100*time.Millisecond),
				ratelimit.WithFailPolicy(p.policy), ratelimit.WithFolding(fold))
			require.NoError(t, err)
			require.NoError(t, rdb.Ping(t.Context()).Err()) // a connection that is up
			resume := s.Pause()
			start := time.Now()
			p.check(t, l)
			// Six calls of 100 ms; the client's patience would be over 18 s.
			require.Less(t, time.Since(start), 5*time.Second, p.name)
			resume()
			require.Eventually(t, func() bool { _, err := l.Peek(t.Context(), "k"); return err == nil }, time.Minute, time.Millisecond)
		}
	}
}

// Trap ratelimit/11: nor must a server that is gone, to which the client would
// dial again and again.
func TestRedisDownIsDecidedByThePolicy(t *testing.T) {
	t.Parallel()
	s := realserver.Redis(t)
	s.Kill()
	for _, p := range policies(t) {
		t.Run(p.name, func(t *testing.T) {
			l, err := ratelimit.NewRedis(realClient(t, s), ratelimit.SlidingLog, fivePerHour,
				ratelimit.WithTimeout(50*time.Millisecond), ratelimit.WithFailPolicy(p.policy))
			require.NoError(t, err)
			start := time.Now()
			p.check(t, l)
			require.Less(t, time.Since(start), 5*time.Second)
		})
	}
}

// hungClient returns a client whose server says nothing until the test ends. It is
// for a bubble.
func hungClient(t *testing.T) *redis.Client {
	t.Helper()
	hung := make(chan struct{})
	rdb := redis.NewClient(&redis.Options{
		Addr: "127.0.0.1:0",
		Dialer: func(context.Context, string, string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() { <-hung; _ = server.Close() }()
			return client, nil
		},
	})
	t.Cleanup(func() {
		close(hung)
		require.NoError(t, rdb.Close())
	})
	return rdb
}

// Trap ratelimit/11: in a bubble the time is exact: that of the limiter, or that of
// the caller if it is shorter.
func TestRedisTimeoutIsExact(t *testing.T) {
	for _, fold := range []int{0, 8} {
		synctest.Test(t, func(t *testing.T) {
			l, err := ratelimit.NewRedis(hungClient(t), ratelimit.GCRA, fivePerHour, ratelimit.WithTimeout(70*time.Millisecond), ratelimit.WithFolding(fold))
			require.NoError(t, err)
			start := time.Now()
			_, err = l.Allow(t.Context(), "k")
			require.ErrorIs(t, err, ratelimit.ErrUnavailable)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, 70*time.Millisecond, time.Since(start))

			start = time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
			defer cancel()
			_, err = l.Allow(ctx, "k")
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NotErrorIs(t, err, ratelimit.ErrUnavailable)
			require.Equal(t, 30*time.Millisecond, time.Since(start))
		})
	}
}

// Calls that begin at about the same time share a timer: none ends late, and none
// more than a sixteenth early, neither those that share it nor the next.
func TestRedisTimeoutIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const timeout = 160 * time.Millisecond
		l, err := ratelimit.NewRedis(hungClient(t), ratelimit.SlidingLog, fivePerHour, ratelimit.WithTimeout(timeout))
		require.NoError(t, err)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				start := time.Now()
				_, err := l.Allow(t.Context(), "k")
				took := time.Since(start)
				if !errors.Is(err, ratelimit.ErrUnavailable) || took > timeout || took < timeout-timeout/16 {
					t.Errorf("%v after %v, want ErrUnavailable after %v", err, took, timeout)
				}
			})
			time.Sleep(3 * time.Millisecond)
		}
		wg.Wait()
	})
}

// The end of the caller's own context is the caller's error under every policy,
// also in the middle of a hang: a deadline at once, and with a client that minds
// no deadline, whose calls have goroutines, a cancellation too.
func TestRedisCallersEndIsNoOutage(t *testing.T) {
	t.Parallel()
	s := realserver.Redis(t)
	why := errors.New("the caller went home")
	for _, fold := range []int{0, 16} {
		for _, p := range policies(t) {
			rdb := realClient(t, s)
			options := []ratelimit.Option{ratelimit.WithFailPolicy(p.policy), ratelimit.WithFolding(fold)}
			punctual := newRedis(t, rdb, ratelimit.GCRA, fivePerHour, options...)
			other := newRedis(t, struct{ redis.Scripter }{rdb}, ratelimit.GCRA, fivePerHour, options...)
			require.NoError(t, rdb.Ping(t.Context()).Err())
			resume := s.Pause()
			for name, ask := range calls() {
				deadline, cancel := context.WithTimeoutCause(t.Context(), 10*time.Millisecond, why)
				endsWith(t, name, ask(deadline, punctual), why)
				cancel()
				cancelled, cancelCause := context.WithCancelCause(t.Context())
				stop := time.AfterFunc(10*time.Millisecond, func() { cancelCause(why) })
				endsWith(t, name, ask(cancelled, other), why)
				stop.Stop()
			}
			require.Zero(t, punctual.Stats().Unavailable)
			require.Zero(t, other.Stats().Unavailable)
			resume()
		}
	}
}

// calls returns every kind of call.
func calls() map[string]func(context.Context, *ratelimit.Redis) error {
	return map[string]func(context.Context, *ratelimit.Redis) error{
		"Allow":  func(ctx context.Context, l *ratelimit.Redis) error { _, err := l.Allow(ctx, "k"); return err },
		"AllowN": func(ctx context.Context, l *ratelimit.Redis) error { _, err := l.AllowN(ctx, "k", 2); return err },
		"AllowAll": func(ctx context.Context, l *ratelimit.Redis) error {
			_, err := l.AllowAll(ctx, "tag", ratelimit.Demand{Key: "k", N: 1})
			return err
		},
		"Reset": func(ctx context.Context, l *ratelimit.Redis) error { return l.Reset(ctx, "k") },
	}
}

func endsWith(t *testing.T, what string, err, why error) {
	t.Helper()
	require.ErrorIs(t, err, why, what)
	require.NotErrorIs(t, err, ratelimit.ErrUnavailable, what)
}

// A server that refuses has decided nothing.
func TestRedisRefusalsOfTheServerAreOutages(t *testing.T) {
	for _, text := range []string{
		"LOADING Redis is loading the dataset in memory",
		"CLUSTERDOWN The cluster is down",
		"READONLY You can't write against a read only replica.",
		"OOM command not allowed when used memory > 'maxmemory'.",
		"NOPERM this user has no permissions to run the 'evalsha' command",
		"BUSY Redis is busy running a script.",
	} {
		t.Run(text[:4], func(t *testing.T) {
			server, rdb := redistest.NewServer(t)
			rdb.Options().MaxRetries = 0 // 0 is none once the client is made
			l := newRedis(t, rdb, ratelimit.SlidingLog, fivePerHour)
			server.SetError(text)
			defer server.SetError("")
			_, err := l.Allow(t.Context(), "+8613800138000")
			require.ErrorIs(t, err, ratelimit.ErrUnavailable)
			require.ErrorContains(t, err, text)
			require.NotContains(t, err.Error(), "138")
		})
	}
}

// The local limiter sees what Redis admits, so that an outage doesn't double a
// limit; and Refund and Reset reach it too.
func TestRedisKeepsTheLocalFallbackWarm(t *testing.T) {
	server, rdb := redistest.NewServer(t)
	rdb.Options().MaxRetries = 0
	for _, fold := range []int{0, 4} {
		server.FlushAll()
		l := newRedis(t, rdb, ratelimit.SlidingLog, fivePerHour, ratelimit.WithFolding(fold),
			ratelimit.WithFailPolicy(ratelimit.FailLocal(newLocalLimiter(t, fivePerHour...))))
		ctx := t.Context()
		first, err := l.Allow(ctx, "k")
		require.NoError(t, err)
		for range 4 {
			_, err = l.Allow(ctx, "k")
			require.NoError(t, err)
		}
		out := func(want int) {
			t.Helper()
			server.SetError("LOADING")
			defer server.SetError("")
			r, err := l.Peek(ctx, "k")
			require.NoError(t, err)
			require.Equal(t, ratelimit.InProcess, r.Source)
			require.Equal(t, want, r.Remaining)
		}
		out(0)
		require.NoError(t, l.Refund(ctx, first.Receipt))
		out(1)
		require.NoError(t, l.Reset(ctx, "k"))
		out(5)
		rs, err := l.AllowAll(ctx, "tag", ratelimit.Demand{Key: "k", N: 5})
		require.NoError(t, err)
		server.SetError("LOADING")
		d := ratelimit.Demand{Key: "k", N: 1}
		again, err := l.AllowAll(ctx, "tag", d)
		require.NoError(t, err)
		require.False(t, again[0].OK())
		server.SetError("")
		require.NoError(t, l.Refund(ctx, rs[0].Receipt))
		server.SetError("LOADING")
		again, err = l.AllowAll(ctx, "tag", d)
		require.NoError(t, err)
		require.True(t, again[0].OK())
		require.Equal(t, ratelimit.InProcess, again[0].Source)
		server.SetError("")
	}
}

// Only a limiter that has AllowAll can stand in for it.
func TestRedisAllowAllNeedsAnAllower(t *testing.T) {
	server, rdb := redistest.NewServer(t)
	rdb.Options().MaxRetries = 0
	plain := struct{ ratelimit.Limiter }{newLocalLimiter(t, fivePerHour...)}
	l := newRedis(t, rdb, ratelimit.GCRA, fivePerHour, ratelimit.WithFailPolicy(ratelimit.FailLocal(plain)))
	server.SetError("LOADING")
	r, err := l.Allow(t.Context(), "k")
	require.NoError(t, err)
	require.Equal(t, ratelimit.InProcess, r.Source)
	_, err = l.AllowAll(t.Context(), "tag", ratelimit.Demand{Key: "k", N: 1})
	require.ErrorIs(t, err, ratelimit.ErrUnavailable)
}

// A caller who has left before the call costs the server nothing.
func TestRedisEndedCallersSendNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:0", Dialer: func(context.Context, string, string) (net.Conn, error) {
		t.Error("it dials")
		return nil, net.ErrClosed
	}})
	defer rdb.Close()
	l := newRedis(t, rdb, ratelimit.SlidingLog, fivePerHour)
	for what, call := range calls() {
		require.ErrorIs(t, call(ctx, l), context.Canceled, what)
	}
}
