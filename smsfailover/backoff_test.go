package smsfailover_test

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

const endless = time.Duration(math.MaxInt64)

// attempts are 0 to 1000, and then fewer and fewer up to 10^6 and beyond.
func attempts() []int {
	var all []int
	for n := range 1000 {
		all = append(all, n)
	}
	for n := 1000; n < 1_000_000; n += n / 10 {
		all = append(all, n)
	}
	return append(all, 1_000_000, math.MaxInt, -1, math.MinInt)
}

// Trap smsfailover/16: backoff overflow/Stop, first half.
func TestDelaysStayWithinBounds(t *testing.T) {
	const ms, s = time.Millisecond, time.Second
	for _, tc := range []struct {
		name      string
		b         smsfailover.Backoff
		low, high time.Duration
	}{
		{"full jitter", smsfailover.FullJitter(2*s, time.Hour), 40 * ms, time.Hour},
		{"full jitter, endless", smsfailover.FullJitter(2*s, endless), 40 * ms, endless},
		{"full jitter, one length", smsfailover.FullJitter(s, s), 20 * ms, s},
		{"full jitter, tiny", smsfailover.FullJitter(ms, 2*ms), ms, 2 * ms},
		{"full jitter, endless base", smsfailover.FullJitter(endless, endless), endless / 50, endless},
		{"decorrelated", smsfailover.Decorrelated(2*s, time.Hour), 2 * s, time.Hour},
		{"decorrelated, endless", smsfailover.Decorrelated(2*s, endless), 2 * s, endless},
		{"decorrelated, endless base", smsfailover.Decorrelated(endless, endless), endless, endless},
		{"exponential", smsfailover.Exponential(500*ms, 1.5, 0.5, time.Minute), 250 * ms, time.Minute},
		{"exponential, all random", smsfailover.Exponential(500*ms, 2, 1, time.Minute), ms, time.Minute},
		{"exponential, endless", smsfailover.Exponential(s, 1e300, 1, endless), ms, endless},
		{"exponential, flat", smsfailover.Exponential(s, 1, 0, time.Minute), s, s},
		{"nonsense: full jitter", smsfailover.FullJitter(-s, -s), ms, ms},
		{"nonsense: decorrelated", smsfailover.Decorrelated(0, 0), ms, ms},
		{"nonsense: limit below base", smsfailover.FullJitter(s, ms), 20 * ms, s},
		{"nonsense: exponential", smsfailover.Exponential(0, math.NaN(), math.NaN(), 0), ms, ms},
		{"nonsense: exponential, shrinking", smsfailover.Exponential(s, 0.1, -3, time.Minute), s, s},
		{"nonsense: exponential, infinite", smsfailover.Exponential(s, math.Inf(1), 7, time.Minute), ms, 2 * s},
		{"adapter", smsfailover.FromBackOff(func() backoff.BackOff { return backoff.NewExponentialBackOff() }), 250 * ms, 90 * s},
		{"adapter of zero", smsfailover.FromBackOff(func() backoff.BackOff { return &backoff.ZeroBackOff{} }), ms, ms},
		{"nonsense: adapter of nothing", smsfailover.FromBackOff(nil), 40 * ms, 5 * time.Minute},
		{"nonsense: adapter of nil", smsfailover.FromBackOff(func() backoff.BackOff { return nil }), 40 * ms, 5 * time.Minute},
	} {
		t.Run(tc.name, func(t *testing.T) {
			prev := time.Duration(0)
			for _, n := range attempts() {
				if d := tc.b.Delay(n, prev); d < tc.low || d > tc.high {
					t.Fatalf("Delay(%d, %v) = %v, want %v to %v", n, prev, d, tc.low, tc.high)
				} else {
					prev = d
				}
			}
			for _, prev := range []time.Duration{-1, math.MinInt64, endless} {
				if d := tc.b.Delay(3, prev); d < tc.low || d > tc.high {
					t.Fatalf("Delay(3, %v) = %v, want %v to %v", prev, d, tc.low, tc.high)
				}
			}
		})
	}
}

func FuzzDelay(f *testing.F) {
	f.Add(int64(2*time.Second), int64(time.Hour), 1.5, 0.5, 3, int64(time.Second))
	f.Add(int64(endless), int64(endless), math.Inf(1), 1.0, math.MaxInt, int64(endless))
	f.Add(int64(-1), int64(0), math.NaN(), -1.0, -1, int64(-1))
	f.Fuzz(func(t *testing.T, base, limit int64, multiplier, randomization float64, attempt int, prev int64) {
		b, l := time.Duration(base), time.Duration(limit)
		high := max(l, b, time.Millisecond)
		for _, backoff := range []smsfailover.Backoff{
			smsfailover.FullJitter(b, l), smsfailover.Decorrelated(b, l),
			smsfailover.Exponential(b, multiplier, randomization, l),
		} {
			if d := backoff.Delay(attempt, time.Duration(prev)); d < time.Millisecond || d > high {
				t.Errorf("%T: Delay(%d, %v) = %v, want 1ms to %v", backoff, attempt, prev, d, high)
			}
		}
	})
}

// A quarter of each range lies between its bounds: the whole range is used.
func TestDelaysUseTheirWholeRange(t *testing.T) {
	const s = time.Second
	for _, tc := range []struct {
		name      string
		b         smsfailover.Backoff
		attempt   int
		prev      time.Duration
		low, high time.Duration
	}{
		{"full jitter 0", smsfailover.FullJitter(2*s, time.Hour), 0, 0, 40 * time.Millisecond, 2 * s},
		{"full jitter 1", smsfailover.FullJitter(2*s, time.Hour), 1, 0, s, 4 * s},
		{"full jitter 5", smsfailover.FullJitter(2*s, time.Hour), 5, 0, 16 * s, 64 * s},
		{"full jitter at its limit", smsfailover.FullJitter(2*s, time.Minute), 50, 0, 15 * s, 60 * s},
		{"decorrelated 0", smsfailover.Decorrelated(2*s, time.Hour), 0, 0, 2 * s, 6 * s},
		{"decorrelated after 10 s", smsfailover.Decorrelated(2*s, time.Hour), 7, 10 * s, 2 * s, 30 * s},
		{"exponential 0", smsfailover.Exponential(2*s, 1.5, 0.5, time.Hour), 0, 0, s, 3 * s},
		{"exponential 2", smsfailover.Exponential(2*s, 1.5, 0.5, time.Hour), 2, 0, 2250 * time.Millisecond, 6750 * time.Millisecond},
		{"adapter 1", smsfailover.FromBackOff(func() backoff.BackOff {
			return backoff.NewExponentialBackOff(backoff.WithInitialInterval(2 * s))
		}), 1, 0, 1500 * time.Millisecond, 4500 * time.Millisecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			const n = 20_000
			lowest, highest, sum := endless, time.Duration(0), 0.0
			for range n {
				d := tc.b.Delay(tc.attempt, tc.prev)
				lowest, highest, sum = min(lowest, d), max(highest, d), sum+float64(d)
			}
			width := float64(tc.high - tc.low)
			require.GreaterOrEqual(t, lowest, tc.low)
			require.LessOrEqual(t, highest, tc.high)
			require.InDelta(t, float64(tc.low), float64(lowest), width/100)
			require.InDelta(t, float64(tc.high), float64(highest), width/100)
			require.InDelta(t, float64(tc.low)+width/2, sum/n, width/50)
		})
	}
}

// Trap smsfailover/15: thundering retry, first half. 10,000 messages fail at once, and then
// five times more; the most retries in any 100 ms are counted.
func TestRetriesAreSpread(t *testing.T) {
	const n, retries, bin = 10_000, 5, 100 * time.Millisecond
	for _, tc := range []struct {
		name string
		b    smsfailover.Backoff
		most int // 0: only logged
	}{
		{"full jitter", smsfailover.FullJitter(2*time.Second, 10*time.Minute), n * 8 / 100},
		{"decorrelated", smsfailover.Decorrelated(2*time.Second, 10*time.Minute), n * 8 / 100},
		{"exponential", smsfailover.Exponential(2*time.Second, 1.5, 0.5, 10*time.Minute), n * 8 / 100},
		{"exponential without randomization", smsfailover.Exponential(2*time.Second, 2, 0, 10*time.Minute), 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			due := make(map[time.Duration]int)
			for range n {
				at, prev := time.Duration(0), time.Duration(0)
				for attempt := range retries {
					prev = tc.b.Delay(attempt, prev)
					at += prev
					due[at/bin]++
				}
			}
			peak := 0
			for _, messages := range due {
				peak = max(peak, messages)
			}
			t.Logf("peak: %d of %d messages in %v", peak, n, bin)
			if tc.most > 0 && peak > tc.most {
				t.Errorf("peak %d, want %d or less", peak, tc.most)
			}
		})
	}
}

func TestBackoffsValidate(t *testing.T) {
	const s = time.Second
	for _, tc := range []struct {
		b    smsfailover.Backoff
		want string // "": nothing is wrong
	}{
		{smsfailover.FullJitter(s, time.Minute), ""},
		{smsfailover.FullJitter(0, time.Minute), "FullJitter: base 0s"},
		{smsfailover.FullJitter(s, 1), "FullJitter: limit 1ns is less than base 1s"},
		{smsfailover.Decorrelated(s, s), ""},
		{smsfailover.Decorrelated(-s, s), "Decorrelated: base -1s"},
		{smsfailover.Exponential(s, 1, 0, s), ""},
		{smsfailover.Exponential(s, 0.9, 0, s), "multiplier 0.9"},
		{smsfailover.Exponential(s, math.NaN(), 0, s), "multiplier NaN"},
		{smsfailover.Exponential(s, 2, 1.5, s), "randomization 1.5"},
		{smsfailover.Exponential(s, 2, -1, s), "randomization -1"},
		{smsfailover.FromBackOff(nil), "FromBackOff: the function is nil"},
		{smsfailover.FromBackOff(func() backoff.BackOff { return nil }), "FromBackOff: the function returns nil"},
		{smsfailover.FromBackOff(func() backoff.BackOff { return &backoff.StopBackOff{} }), ""},
	} {
		v, ok := tc.b.(interface{ Validate() error })
		require.True(t, ok, "%T", tc.b)
		if tc.want == "" {
			require.NoError(t, v.Validate(), "%T", tc.b)
			continue
		}
		require.ErrorIs(t, v.Validate(), smsfailover.ErrInput, tc.want)
		require.ErrorContains(t, v.Validate(), tc.want)
	}
}

func BenchmarkDelay(b *testing.B) {
	for name, bo := range map[string]smsfailover.Backoff{
		"full":         smsfailover.FullJitter(2*time.Second, time.Hour),
		"decorrelated": smsfailover.Decorrelated(2*time.Second, time.Hour),
		"exponential":  smsfailover.Exponential(2*time.Second, 1.5, 0.5, time.Hour),
		"adapter":      smsfailover.FromBackOff(func() backoff.BackOff { return backoff.NewExponentialBackOff() }),
	} {
		for _, attempt := range []int{0, 20, 1_000_000} {
			b.Run(fmt.Sprintf("backoff=%s/attempt=%d", name, attempt), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					bo.Delay(attempt, time.Minute)
				}
			})
		}
	}
}
