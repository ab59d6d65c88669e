package ratelimittest_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

// hit is n hits from start to end, in milliseconds.
func hit(start, end, n int) ratelimittest.Hit {
	base := time.Unix(1_000_000, 0)
	at := func(ms int) time.Time { return base.Add(time.Duration(ms) * time.Millisecond) }
	return ratelimittest.Hit{Start: at(start), End: at(end), N: n}
}

func TestWorst(t *testing.T) {
	const per = 100 * time.Millisecond
	for _, tc := range []struct {
		name string
		hits []ratelimittest.Hit
		want int
	}{
		{"none", nil, 0},
		{"one", []ratelimittest.Hit{hit(0, 1, 1)}, 1},
		{"one call of many", []ratelimittest.Hit{hit(0, 1, 7)}, 7},
		{"a window apart", []ratelimittest.Hit{hit(0, 0, 1), hit(100, 100, 1)}, 1},
		{"just within a window", []ratelimittest.Hit{hit(0, 0, 1), hit(99, 99, 1)}, 2},
		{"a call that may have been late", []ratelimittest.Hit{hit(0, 1, 1), hit(98, 100, 1)}, 1},
		{"a call that may have been early", []ratelimittest.Hit{hit(0, 50, 1), hit(99, 99, 1)}, 2},
		{"a call longer than a window", []ratelimittest.Hit{hit(0, 100, 3), hit(10, 20, 1)}, 1},
		{"the worst isn't the first", []ratelimittest.Hit{hit(0, 0, 2), hit(150, 151, 2), hit(200, 201, 3)}, 5},
		{"the same start", []ratelimittest.Hit{hit(5, 6, 1), hit(5, 200, 1), hit(5, 7, 1)}, 2},
		{"unsorted", []ratelimittest.Hit{hit(90, 91, 1), hit(0, 1, 1), hit(40, 41, 1), hit(130, 131, 1)}, 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before := slices.Clone(tc.hits)
			require.Equal(t, tc.want, ratelimittest.Worst(tc.hits, per))
			require.Equal(t, before, tc.hits, "the hits were changed")
		})
	}
}

// The count is that of a naive search of every window.
func TestWorstIsTheNaiveCount(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))
	for range 300 {
		hits := make([]ratelimittest.Hit, rng.IntN(60))
		for i := range hits {
			start := rng.IntN(300)
			hits[i] = hit(start, start+rng.IntN(60), 1+rng.IntN(3))
		}
		per := time.Duration(1+rng.IntN(200)) * time.Millisecond
		want := 0
		for _, from := range hits {
			n := 0
			for _, h := range hits {
				if !h.Start.Before(from.Start) && h.End.Sub(from.Start) < per {
					n += h.N
				}
			}
			want = max(want, n)
		}
		require.Equal(t, want, ratelimittest.Worst(hits, per))
	}
}

func TestBound(t *testing.T) {
	l := ratelimit.Limit{N: 10, Per: time.Second}
	require.Equal(t, 10, ratelimittest.Bound(ratelimit.SlidingLog, l))
	require.Equal(t, 20, ratelimittest.Bound(ratelimit.SlidingCounter, l))
	require.Equal(t, 20, ratelimittest.Bound(ratelimit.FixedWindow, l))
	require.Equal(t, 20, ratelimittest.Bound(ratelimit.GCRA, l))
	l.Burst = 3
	require.Equal(t, 13, ratelimittest.Bound(ratelimit.GCRA, l))
}

// A limiter that fails ends the hammer, and its error is told.
func TestHammerEndsWithAnError(t *testing.T) {
	l, err := ratelimit.NewLocal(ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerHour(3)})
	require.NoError(t, err)
	fault := errors.New("no more")
	calls := 0
	broken := &faulty{Limiter: l, allowN: func(ctx context.Context, key string, n int) (ratelimit.Result, error) {
		if calls++; calls > 5 {
			return ratelimit.Result{}, fault
		}
		return l.AllowN(ctx, key, n)
	}}
	hits, err := ratelimittest.Hammer(t.Context(), "k", 1, time.Hour, broken)
	require.ErrorIs(t, err, fault)
	require.Len(t, hits, 3)
}

// A Hammer that doesn't ask, or not everyone, doesn't pass for one that found no fault.
func TestHammerNeedsGoroutinesAndLimiters(t *testing.T) {
	l, err := ratelimit.NewLocal(ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerHour(1)})
	require.NoError(t, err)
	_, err = ratelimittest.Hammer(t.Context(), "k", 0, time.Second, l)
	require.ErrorContains(t, err, "0 goroutines and 1 limiters")
	_, err = ratelimittest.Hammer(t.Context(), "k", 1, time.Second, l, l)
	require.ErrorContains(t, err, "1 goroutines and 2 limiters")
	_, err = ratelimittest.Hammer(t.Context(), "k", 8, time.Second)
	require.ErrorContains(t, err, "8 goroutines and 0 limiters")
}

// Hammer proves what a limiter admits on a clock that runs on its own.
func TestHammer(t *testing.T) {
	l, err := ratelimit.NewLocal(ratelimit.SlidingLog, []ratelimit.Limit{{N: 10, Per: 50 * time.Millisecond}})
	require.NoError(t, err)
	hits, err := ratelimittest.Hammer(t.Context(), "k", 8, time.Second, l)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(hits), 20) // of 200, where the machine has time
	require.LessOrEqual(t, ratelimittest.Worst(hits, 50*time.Millisecond), 10)
}

// The suite is fair to a limiter that works.
func TestSuitePassesLocal(t *testing.T) {
	ratelimittest.RunBubble(t, func(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) ratelimittest.Harness {
		l, err := ratelimit.NewLocal(a, limits)
		require.NoError(t, err)
		return ratelimittest.Harness{Limiter: l, Second: l}
	})
}
