package ratelimit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
)

func mustLocal(t testing.TB, a Algorithm, limits ...Limit) *Local {
	t.Helper()
	l, err := NewLocal(a, limits)
	require.NoError(t, err)
	return l
}

// eachAlgorithm runs f for each.
func eachAlgorithm(t *testing.T, f func(t *testing.T, a Algorithm)) {
	t.Helper()
	for a := SlidingLog; a <= FixedWindow; a++ {
		t.Run(a.String(), func(t *testing.T) { f(t, a) })
	}
}

// jump changes the wall clock's part of a time by some seconds and leaves the
// monotonic part alone, as if the wall clock had been set meanwhile.
func jump(at *time.Time, seconds int64) {
	wall := (*uint64)(unsafe.Pointer(at))
	*wall += uint64(seconds) << 30
}

// Trap ratelimit/4: a wall clock that is set an hour forth or back neither locks
// anyone out nor lets anyone in.
func TestWallClockJumps(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, a Algorithm) {
		for _, seconds := range []int64{3600, -3600} {
			l := mustLocal(t, a, PerDay(3))
			r, err := l.AllowN(t.Context(), "k", 2)
			require.NoError(t, err)
			require.True(t, r.OK())

			before, wall := l.clock.now(), l.clock.base.Round(0)
			jump(&l.clock.base, seconds)
			require.Equal(t, time.Duration(seconds)*time.Second, l.clock.base.Round(0).Sub(wall), "the test doesn't jump")
			require.InDelta(t, before, l.clock.now(), float64(time.Minute))

			r, err = l.Peek(t.Context(), "k")
			require.NoError(t, err)
			require.Equal(t, 1, r.Remaining)
			require.InDelta(t, 24*time.Hour, r.ResetAfter, float64(24*time.Hour))
		}
	})
}

// A shard never sees time go back, whatever order its callers come in.
func TestTickNeverGoesBack(t *testing.T) {
	var s shard
	require.EqualValues(t, 5, s.tick(5))
	require.EqualValues(t, 5, s.tick(3))
	require.EqualValues(t, 6, s.tick(6))
}

// Nothing is allocated, whether a call admits, as under the first limits, or
// refuses, as under the last.
func TestAllocations(t *testing.T) {
	if raceDetector() {
		t.Skip("the race detector allocates")
	}
	ctx := context.Background()
	eachAlgorithm(t, func(t *testing.T, a Algorithm) {
		for i, limits := range [][]Limit{
			{{N: 1_000_000, Per: time.Millisecond}},
			{{N: 1_000_000, Per: time.Millisecond}, {N: 10_000_000, Per: time.Second}},
			{{N: 1000, Per: time.Millisecond}, {N: 5, Per: time.Microsecond}, PerDay(1_000_000)},
			{PerDay(1)},
			{PerDay(0)},
		} {
			l := mustLocal(t, a, limits...)
			for range 5000 { // a log has its ring then
				_, err := l.Allow(ctx, "k")
				require.NoError(t, err)
			}
			r, err := l.Allow(ctx, "k")
			require.NoError(t, err)
			require.True(t, r.OK() || i >= 2, "the test doesn't do what it says")
			for name, call := range map[string]func(){
				"Allow":       func() { _, _ = l.Allow(ctx, "k") },
				"AllowN":      func() { _, _ = l.AllowN(ctx, "k", 3) },
				"AllowAtMost": func() { _, _ = l.AllowAtMost(ctx, "k", 3) },
				"Peek":        func() { _, _ = l.Peek(ctx, "k") },
				"Taker":       func() { _, _ = taker{l}.Take(ctx, "k") },
				"Simple":      func() { _, _ = simple{l}.Limit(ctx, "k") },
			} {
				require.Zero(t, testing.AllocsPerRun(500, call), "%s under %v", name, limits)
			}
		}
	})
}

// raceDetector reports whether this test was built with -race.
func raceDetector() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// Trap ratelimit/7: what a flood of keys leaves is removed by the calls that
// come later, its memory too, and no live key with it.
func TestFloodLeavesNothing(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, a Algorithm) {
		synctest.Test(t, func(t *testing.T) {
			const live = 100
			l := mustLocal(t, a, Limit{N: 2, Per: time.Hour})
			for i := range live {
				ask(t, l, fmt.Sprint("live", i), 2, true)
			}
			time.Sleep(30 * time.Minute)
			for i := range 10_000 {
				ask(t, l, fmt.Sprint("flood", i), 1, true)
			}
			peak := l.Stats()
			require.Equal(t, 10_000+live, peak.Keys)
			for i := range live {
				r, err := l.AllowN(t.Context(), fmt.Sprint("live", i), 2)
				require.NoError(t, err)
				require.False(t, r.OK(), "a live key was given up")
			}
			time.Sleep(3 * time.Hour)
			for range 20 {
				for i := range 10_000 {
					if _, err := l.Peek(t.Context(), fmt.Sprint("a few", i)); err != nil {
						t.Fatal(err)
					}
				}
			}
			after := l.Stats()
			require.Zero(t, after.Keys)
			require.Less(t, after.Bytes, int64(numShards*5000))
			require.Greater(t, peak.Bytes, after.Bytes)
		})
	})
}

func ask(t *testing.T, l Limiter, key string, n int, want bool) {
	t.Helper()
	if r, err := l.AllowN(t.Context(), key, n); err != nil || r.OK() != want {
		t.Fatalf("AllowN(%d): %+v, %v; want OK %v", n, r, err, want)
	}
}

// A key that is swept and a key that is kept answer alike: sweeping is never
// seen.
func TestSweepIsNotSeen(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, a Algorithm) {
		synctest.Test(t, func(t *testing.T) {
			swept, kept := mustLocal(t, a, Limit{N: 3, Per: 70 * time.Millisecond}), mustLocal(t, a, Limit{N: 3, Per: 70 * time.Millisecond})
			rng := rand.New(rand.NewPCG(1, 2))
			for i := range 3000 {
				key := fmt.Sprint(rng.IntN(50))
				s, now := swept.shard(swept.id(key)), swept.clock.now()
				for j := range s.tables {
					for slot := range s.tables[j].slots {
						s.swept(&s.tables[j], slot, now)
					}
				}
				one, err := swept.AllowAtMost(t.Context(), key, 1+i%3)
				require.NoError(t, err)
				two, err := kept.AllowAtMost(t.Context(), key, 1+i%3)
				require.NoError(t, err)
				one.Receipt, two.Receipt = Receipt{}, Receipt{}
				require.Equal(t, two, one)
				time.Sleep(rand.N(3 * time.Millisecond))
			}
		})
	})
}

// Notes on refunds and resets go when they are of no more use.
func TestNotesGo(t *testing.T) {
	eachAlgorithm(t, func(t *testing.T, a Algorithm) {
		synctest.Test(t, func(t *testing.T) {
			l := mustLocal(t, a, Limit{N: 2, Per: time.Second})
			for range 50 {
				for i := range 50 {
					key := fmt.Sprint(i)
					r, err := l.Allow(t.Context(), key)
					require.NoError(t, err)
					require.NoError(t, l.Refund(t.Context(), r.Receipt))
					require.NoError(t, l.Reset(t.Context(), key))
				}
				time.Sleep(100 * time.Millisecond)
			}
			time.Sleep(time.Minute)
			for i := range 40_000 {
				ask(t, l, fmt.Sprint(i), 1, true)
			}
			for i := range l.shards {
				require.Nil(t, l.shards[i].past)
			}
		})
	})
}
