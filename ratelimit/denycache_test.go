package ratelimit_test

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

// Trap ratelimit/8: a refusal is remembered exactly until its RetryAfter, counts
// down, and then Redis is asked again.
func TestDenyCacheLastsUntilRetryAfter(t *testing.T) {
	for _, a := range ratelimittest.Algorithms() {
		for _, fold := range []int{0, 8} {
			synctest.Test(t, func(t *testing.T) {
				ctx := t.Context()
				l := newRedis(t, redistest.New(t), a, []ratelimit.Limit{ratelimit.PerMinute(2)}, ratelimit.WithDenyCache(10), ratelimit.WithFolding(fold))
				for range 2 {
					r, err := l.Allow(ctx, "k")
					require.NoError(t, err)
					require.True(t, r.OK())
				}
				first, err := l.Allow(ctx, "k")
				require.NoError(t, err)
				require.Equal(t, ratelimit.Shared, first.Source)
				for first.RetryAfter > time.Second {
					step := first.RetryAfter / 3
					time.Sleep(step)
					r, err := l.Allow(ctx, "k")
					require.NoError(t, err)
					require.Equal(t, ratelimit.Cached, r.Source)
					require.Equal(t, first.RetryAfter-step, r.RetryAfter)
					require.Equal(t, first.ResetAfter-step, r.ResetAfter)
					require.Equal(t, first.Limit, r.Limit)
					require.Zero(t, r.Allowed+r.Remaining)
					first = r
				}
				time.Sleep(first.RetryAfter - 1)
				r, err := l.AllowN(ctx, "k", 1)
				require.NoError(t, err)
				require.Equal(t, ratelimit.Cached, r.Source)
				time.Sleep(time.Nanosecond)
				r, err = l.Allow(ctx, "k")
				require.NoError(t, err)
				require.True(t, r.OK(), "%v", a)
				require.NotZero(t, l.Stats().Cached)
			})
		}
	}
}

// Trap ratelimit/8: Reset and Refund through the same limiter end it at once, and
// other processes' at the latest with RetryAfter, as documented. Peek and a
// call for several hits always ask.
func TestDenyCacheEndsWithResetAndRefund(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, rdb := t.Context(), redistest.New(t)
		l := newRedis(t, rdb, ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerMinute(2)}, ratelimit.WithDenyCache(10))
		other := newRedis(t, rdb, ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerMinute(2)})
		full := func() ratelimit.Receipt {
			t.Helper()
			r, err := l.AllowAtMost(ctx, "k", 2)
			require.NoError(t, err)
			for range 2 {
				again, err := l.Allow(ctx, "k")
				require.NoError(t, err)
				require.False(t, again.OK())
			}
			return r.Receipt
		}
		admits := func(want bool) {
			t.Helper()
			r, err := l.Allow(ctx, "k")
			require.NoError(t, err)
			require.Equal(t, want, r.OK())
		}
		full()
		require.NoError(t, l.Reset(ctx, "k"))
		admits(true)
		require.NoError(t, l.Reset(ctx, "k"))
		require.NoError(t, l.Refund(ctx, full()))
		admits(true)
		require.NoError(t, l.Reset(ctx, "k"))
		full()
		require.NoError(t, other.Reset(ctx, "k"))
		admits(false) // stale
		r, err := l.Peek(ctx, "k")
		require.NoError(t, err)
		require.Equal(t, 2, r.Remaining)
		r, err = l.AllowN(ctx, "k", 2)
		require.NoError(t, err)
		require.True(t, r.OK())
		time.Sleep(time.Minute + time.Millisecond) // hits at once count a microsecond apart
		admits(true)
	})
}

// A limit of nothing has no end to wait for, and no entry.
func TestDenyCacheKeepsNoNever(t *testing.T) {
	l := newRedis(t, redistest.New(t), ratelimit.GCRA, []ratelimit.Limit{ratelimit.PerHour(0)}, ratelimit.WithDenyCache(10))
	for range 3 {
		r, err := l.Allow(t.Context(), "k")
		require.NoError(t, err)
		require.Equal(t, ratelimit.Never, r.RetryAfter)
		require.Equal(t, ratelimit.Shared, r.Source)
	}
}

// With both, a hot key is exact on a real server, and most refusals never reach
// it.
func TestDenyCacheAndFoldingOnARealServer(t *testing.T) {
	t.Parallel()
	rdb := realClient(t, realserver.Redis(t))
	limit := ratelimit.Limit{N: 20, Per: 100 * time.Millisecond}
	l := newRedis(t, rdb, ratelimit.SlidingLog, []ratelimit.Limit{limit}, ratelimit.WithFolding(32), ratelimit.WithDenyCache(100))
	var mu sync.Mutex
	var hits []ratelimittest.Hit
	var wg sync.WaitGroup
	end := time.Now().Add(600 * time.Millisecond)
	for range 64 {
		wg.Go(func() {
			for time.Now().Before(end) {
				start := time.Now()
				r, err := l.Allow(t.Context(), "k")
				if err != nil {
					t.Error(err)
					return
				}
				if r.OK() {
					mu.Lock()
					hits = append(hits, ratelimittest.Hit{Start: start, End: time.Now(), N: 1})
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	require.LessOrEqual(t, ratelimittest.Worst(hits, limit.Per), limit.N)
	require.GreaterOrEqual(t, len(hits), 3*limit.N)
	require.NotZero(t, l.Stats().Cached)
}
