package ratelimit_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/ratelimit"
)

const year = 365 * 24 * time.Hour

// Trap ratelimit/5: limits that make no sense are refused when the limiter is
// made, by name and value.
func TestBadLimits(t *testing.T) {
	hour, large := ratelimit.PerHour(1), int64(math.MaxInt32)+1 // below 0 in 32 bits
	for _, tc := range []struct {
		name   string
		a      ratelimit.Algorithm
		limits []ratelimit.Limit
		says   []string
	}{
		{"no limits", ratelimit.GCRA, nil, []string{"0 limits", "want 1 to 8"}},
		{"nine limits", ratelimit.GCRA, make([]ratelimit.Limit, 9), []string{"9 limits"}},
		{"N below 0", ratelimit.SlidingLog, []ratelimit.Limit{hour, {N: -3, Per: time.Hour}}, []string{"limits[1]", "N is -3"}},
		{"no Per", ratelimit.SlidingLog, []ratelimit.Limit{{N: 1}}, []string{"limits[0]", "Per is 0s"}},
		{"Per below 0", ratelimit.SlidingLog, []ratelimit.Limit{{N: 1, Per: -time.Second}}, []string{"Per is -1s"}},
		{"Per too short", ratelimit.SlidingLog, []ratelimit.Limit{{N: 1, Per: 999}}, []string{"Per is 999ns"}},
		{"Per too long", ratelimit.SlidingLog, []ratelimit.Limit{{N: 1, Per: 51 * year}}, []string{"Per is 446760h0m0s"}},
		{"Burst below 0", ratelimit.GCRA, []ratelimit.Limit{{N: 1, Per: time.Hour, Burst: -1}}, []string{"Burst is -1"}},
		{"Burst of a log", ratelimit.SlidingLog, []ratelimit.Limit{{N: 1, Per: time.Hour, Burst: 2}}, []string{"Burst is 2", "sliding log"}},
		{"Burst of a counter", ratelimit.SlidingCounter, []ratelimit.Limit{{N: 1, Per: time.Hour, Burst: 2}}, []string{"sliding counter"}},
		{"Burst of a window", ratelimit.FixedWindow, []ratelimit.Limit{{N: 1, Per: time.Hour, Burst: 2}}, []string{"fixed window"}},
		{"N*Per too large", ratelimit.GCRA, []ratelimit.Limit{{N: math.MaxInt32, Per: time.Hour * 24}}, []string{"N*Per is 2147483647*24h0m0s"}},
		{"N too large", ratelimit.GCRA, []ratelimit.Limit{{N: int(large), Per: time.Hour}}, []string{"N is ", "2147483648"}},
		{"a Burst of centuries", ratelimit.GCRA, []ratelimit.Limit{{N: 1, Per: year, Burst: 51}}, []string{"Burst of 51"}},
		{"no algorithm", 4, []ratelimit.Limit{hour}, []string{"Algorithm(4)"}},
		{
			"all at once", ratelimit.FixedWindow,
			[]ratelimit.Limit{{N: -1, Per: -1, Burst: -1}, {N: -2, Per: time.Hour}},
			[]string{"N is -1", "Per is -1ns", "Burst is -1", "limits[1]: N is -2"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			l, err := ratelimit.NewLocal(tc.a, tc.limits)
			require.Nil(t, l)
			require.ErrorIs(t, err, ratelimit.ErrInput)
			for _, s := range tc.says {
				require.ErrorContains(t, err, s)
			}
		})
	}
}

// The largest limits that are allowed count without overflow.
func TestLargestLimits(t *testing.T) {
	for _, a := range allAlgorithms {
		for _, limit := range []ratelimit.Limit{
			{N: math.MaxInt32, Per: time.Microsecond},
			{N: math.MaxInt32, Per: 71 * time.Minute},
			ratelimit.PerDay(100_000_000),
			{N: 1, Per: 50 * year},
			{N: 5, Per: 50 * year},
		} {
			t.Run(a.String()+" "+limit.String(), func(t *testing.T) {
				l := newLocal(t, a, limit)
				n := min(limit.N, 1<<16) // a log keeps each hit
				for left := limit.N; left > limit.N-4*n && left > 0; left -= n {
					n = min(n, left)
					r, err := l.AllowN(t.Context(), "k", n)
					require.NoError(t, err)
					require.True(t, r.OK(), "%+v", r)
					require.LessOrEqual(t, r.ResetAfter, 2*limit.Per)
					if limit.Per > time.Hour {
						require.InDelta(t, left-n, r.Remaining, float64(limit.N)/1000)
					}
				}
				if limit.N > 1<<16 {
					return
				}
				r, err := l.Allow(t.Context(), "k")
				require.NoError(t, err)
				require.False(t, r.OK())
				require.Greater(t, r.RetryAfter, time.Duration(0))
				require.LessOrEqual(t, r.RetryAfter, 2*limit.Per)
			})
		}
	}
}

func TestRedisOptionsAreNotForLocal(t *testing.T) {
	limits := []ratelimit.Limit{ratelimit.PerHour(1)}
	for name, opt := range map[string]ratelimit.Option{
		"WithFailPolicy": ratelimit.WithFailPolicy(ratelimit.FailOpen()),
		"WithTimeout":    ratelimit.WithTimeout(time.Second),
		"WithFolding":    ratelimit.WithFolding(1),
		"WithDenyCache":  ratelimit.WithDenyCache(1),
		"WithPrefix":     ratelimit.WithPrefix("p"),
	} {
		_, err := ratelimit.NewLocal(ratelimit.GCRA, limits, opt)
		require.ErrorIs(t, err, ratelimit.ErrInput)
		require.ErrorContains(t, err, name)
	}
	_, err := ratelimit.NewLocal(ratelimit.GCRA, nil, ratelimit.WithFolding(1), ratelimit.WithPrefix("p"))
	require.ErrorContains(t, err, "WithFolding")
	require.ErrorContains(t, err, "WithPrefix")
	require.ErrorContains(t, err, "0 limits")
}

// A nil Option, as of a slice that was made too long, is an error that says which.
func TestNilOptions(t *testing.T) {
	limits := []ratelimit.Limit{ratelimit.PerHour(1)}
	_, err := ratelimit.NewLocal(ratelimit.GCRA, limits, nil)
	require.ErrorIs(t, err, ratelimit.ErrInput)
	require.ErrorContains(t, err, "option 0 is nil")
	_, err = ratelimit.NewRedis(nil, ratelimit.GCRA, limits, ratelimit.WithFolding(-1), nil, nil)
	require.ErrorIs(t, err, ratelimit.ErrInput)
	for _, fault := range []string{"the client is nil", "WithFolding(-1)", "option 1 is nil", "option 2 is nil"} {
		require.ErrorContains(t, err, fault)
	}
}

func TestLimitsAreCopied(t *testing.T) {
	limits := []ratelimit.Limit{ratelimit.PerHour(1)}
	l := newLocal(t, ratelimit.GCRA, limits...)
	limits[0].N = 5
	r, err := l.AllowN(t.Context(), "k", 2)
	require.NoError(t, err)
	require.Equal(t, ratelimit.PerHour(1), r.Limit)
	require.False(t, r.OK())
}

func TestWords(t *testing.T) {
	require.Equal(t, "5 per 1m0s", ratelimit.PerMinute(5).String())
	require.Equal(t, "5 per 1s, burst 9", ratelimit.Limit{N: 5, Per: time.Second, Burst: 9}.String())
	require.Equal(t, "7 per 24h0m0s", ratelimit.PerDay(7).String())
	for want, s := range map[string]interface{ String() string }{
		"shared": ratelimit.Shared, "local": ratelimit.InProcess, "cached": ratelimit.Cached,
		"assumed": ratelimit.Assumed, "Source(9)": ratelimit.Source(9),
		"sliding log": ratelimit.SlidingLog, "sliding counter": ratelimit.SlidingCounter,
		"GCRA": ratelimit.GCRA, "fixed window": ratelimit.FixedWindow, "Algorithm(9)": ratelimit.Algorithm(9),
	} {
		require.Equal(t, want, s.String())
	}
}

var allAlgorithms = []ratelimit.Algorithm{
	ratelimit.SlidingLog, ratelimit.SlidingCounter, ratelimit.GCRA, ratelimit.FixedWindow,
}
