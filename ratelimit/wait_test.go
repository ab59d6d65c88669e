package ratelimit_test

import (
	"context"
	"errors"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/ratelimit"
)

func TestWaitComesInTime(t *testing.T) {
	for _, a := range allAlgorithms {
		t.Run(a.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLocal(t, a, ratelimit.PerMinute(2))
				start := time.Now()
				require.NoError(t, ratelimit.Wait(t.Context(), l, "k", 2))
				require.Zero(t, time.Since(start), "there was room at once")
				r, err := l.AllowN(t.Context(), "k", 2)
				require.NoError(t, err)

				require.NoError(t, ratelimit.Wait(t.Context(), l, "k", 2))
				require.GreaterOrEqual(t, time.Since(start), r.RetryAfter, "earlier than RetryAfter")
				require.LessOrEqual(t, time.Since(start), r.RetryAfter+time.Second, "later than it says")
				r, err = l.Peek(t.Context(), "k")
				require.NoError(t, err)
				require.Zero(t, r.Remaining, "the hits were not taken")
			})
		})
	}
}

// Trap ratelimit/14: an error that no wait helps comes at once, not after it.
func TestWaitEnds(t *testing.T) {
	gone := errors.New("the caller went home")
	for _, tc := range []struct {
		name string
		n    int
		ctx  func(t *testing.T) context.Context
		want []error
		took time.Duration
	}{
		{"more than ever", 3, (*testing.T).Context, []error{ratelimit.ErrNever}, 0},
		{"nonsense", 0, (*testing.T).Context, []error{ratelimit.ErrInput}, 0},
		{"a deadline before its turn", 2, deadline(60 * time.Second), []error{context.DeadlineExceeded}, 0},
		{"a deadline in time", 2, deadline(60*time.Second + 1), nil, 60 * time.Second},
		{"ctx ends meanwhile", 2, func(t *testing.T) context.Context {
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(10*time.Second, func() { cancel(gone) })
			return ctx
		}, []error{gone, context.Canceled}, 10 * time.Second},
		{"ctx has ended", 2, func(t *testing.T) context.Context {
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(gone)
			return ctx
		}, []error{gone}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLocal(t, ratelimit.SlidingLog, ratelimit.PerMinute(2))
				require.NoError(t, ratelimit.Wait(t.Context(), l, "k", 2))
				start := time.Now()
				err := ratelimit.Wait(tc.ctx(t), l, "k", tc.n)
				require.Equal(t, tc.took, time.Since(start))
				if tc.want == nil {
					require.NoError(t, err)
				}
				for _, want := range tc.want {
					require.ErrorIs(t, err, want)
				}
			})
		})
	}
}

// What Wait adds at random never takes the last moment before the deadline away.
func TestWaitWithAMomentToSpare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.SlidingLog, ratelimit.PerMinute(2))
		require.NoError(t, ratelimit.Wait(t.Context(), l, "k", 2))
		for range 40 {
			ctx := deadline(time.Minute + 1)(t)
			require.NoError(t, ratelimit.Wait(ctx, l, "k", 2))
		}
	})
}

func deadline(d time.Duration) func(t *testing.T) context.Context {
	return func(t *testing.T) context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), d)
		t.Cleanup(cancel)
		return ctx
	}
}

// Many who wait for one key all get their turn, in about the time that their
// hits take, and few calls are in vain.
func TestManyWait(t *testing.T) {
	for _, a := range allAlgorithms {
		t.Run(a.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const waiters, limit = 40, 5
				l := &counting{Limiter: newLocal(t, a, ratelimit.PerSecond(limit))}
				start := time.Now()
				faults := make(chan error, waiters)
				for range waiters {
					go func() { faults <- ratelimit.Wait(t.Context(), l, "k", 1) }()
				}
				for range waiters {
					require.NoError(t, <-faults)
				}
				took, ideal := time.Since(start), waiters/limit*time.Second
				require.LessOrEqual(t, took, ideal*3/2, "room was left unused")
				require.GreaterOrEqual(t, took, ideal-2*time.Second)
				require.Less(t, l.calls.Load(), int64(waiters*waiters))
			})
		})
	}
}

// counting counts calls.
type counting struct {
	ratelimit.Limiter
	calls atomic.Int64
}

func (c *counting) AllowN(ctx context.Context, key string, n int) (ratelimit.Result, error) {
	c.calls.Add(1)
	return c.Limiter.AllowN(ctx, key, n)
}

// A limiter that refuses without a RetryAfter isn't asked in a hot loop.
func TestWaitOnALimiterThatLies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		l := &counting{Limiter: refuser{}}
		require.ErrorIs(t, ratelimit.Wait(ctx, l, "k", 1), context.DeadlineExceeded)
		require.LessOrEqual(t, l.calls.Load(), int64(1001))
		wait, err := ratelimit.Taker(refuser{}).Take(ctx, "k")
		require.NoError(t, err)
		require.Greater(t, wait, time.Duration(0), "0 says go ahead")
	})
}

// A RetryAfter that no limiter of ours answers is no reason to panic, nor to ask
// in a hot loop.
func TestWaitOnALimiterWhoseRetryAfterIsNonsense(t *testing.T) {
	for _, wait := range []time.Duration{-1, -16, -time.Hour, math.MinInt64, math.MaxInt64 - 1} {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(time.Millisecond, cancel)
			l := &counting{Limiter: refuser{wait: wait}}
			require.ErrorIs(t, ratelimit.Wait(ctx, l, "k", 1), context.Canceled)
			require.LessOrEqual(t, l.calls.Load(), int64(1001), "%v", wait)
		})
	}
}

// refuser refuses everything, and says that it would admit at once if wait is 0.
type refuser struct {
	ratelimit.Limiter
	wait time.Duration
}

func (l refuser) Allow(context.Context, string) (ratelimit.Result, error) {
	return ratelimit.Result{RetryAfter: l.wait}, nil
}

func (l refuser) AllowN(context.Context, string, int) (ratelimit.Result, error) {
	return ratelimit.Result{RetryAfter: l.wait}, nil
}
