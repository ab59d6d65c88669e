package ratelimittest

import (
	"time"

	"github.com/ycvk/tinybook/ratelimit"
)

func atMostScenarios() []scenario {
	return []scenario{
		{name: "AtMostTakesWhatFits", limits: perHour(5), run: atMostTakesWhatFits},
		{
			name: "AtMostKeepsFractions", run: atMostKeepsFractions,
			limits: []ratelimit.Limit{{N: 100, Per: time.Second}},
		},
		{
			name: "AtMostKeepsLargeFractions", run: atMostKeepsLargeFractions,
			limits: []ratelimit.Limit{{N: 10, Per: time.Second}},
			only:   []ratelimit.Algorithm{ratelimit.GCRA, ratelimit.SlidingLog},
		},
	}
}

func atMostTakesWhatFits(e *env) {
	e.clear(time.Hour, soon)
	key := e.key()
	for _, step := range []struct{ ask, want, left int }{{3, 3, 2}, {4, 2, 0}, {1, 0, 0}, {5, 0, 0}} {
		r := e.atMost(key, step.ask)
		if r.Allowed != step.want || r.Remaining != step.left || r.RetryAfter == ratelimit.Never {
			e.fatalf("AllowAtMost(%d): Allowed %d, Remaining %d, RetryAfter %v; want %d, %d and no Never",
				step.ask, r.Allowed, r.Remaining, r.RetryAfter, step.want, step.left)
		}
		if admits := r.Receipt != (ratelimit.Receipt{}); admits != (step.want > 0) {
			e.fatalf("AllowAtMost(%d) admits %d with a Receipt: %v", step.ask, r.Allowed, admits)
		}
	}
	if r := e.atMost(e.key(), 11); r.Allowed != 5 || r.RetryAfter != ratelimit.Never {
		e.fatalf("AllowAtMost(11) of 5: Allowed %d, RetryAfter %v; want 5, and 6 more never come at once", r.Allowed, r.RetryAfter)
	}
}

// atMostKeepsFractions: who asks every 1.7 hits' worth of time gets what the
// limit promises, not one hit each time.
func atMostKeepsFractions(e *env) { e.cadence(17*time.Millisecond, 100) }

// atMostKeepsLargeFractions is the same at 10 hits per second. A machine's clock
// is too slow for it.
func atMostKeepsLargeFractions(e *env) {
	if e.bubble {
		e.cadence(170*time.Millisecond, 100)
	}
}

func (e *env) cadence(step time.Duration, steps int) {
	if !e.bubble {
		steps = min(steps, 60)
	}
	key, limit := e.key(), e.limit()
	start, got := time.Now(), 0
	for range steps {
		got += e.atMost(key, limit.N).Allowed
		e.wait(step)
	}
	took := time.Since(start)
	want := 0.95 * float64(limit.N) * took.Seconds() / limit.Per.Seconds()
	if e.a == ratelimit.GCRA { // the first burst comes on top
		want += float64(limit.N)
	}
	if float64(got) < want {
		e.fatalf("%d hits are admitted in %v, want at least %.0f", got, took, want)
	}
}
