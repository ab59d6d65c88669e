// Package ratelimittest proves that a [ratelimit.Limiter] keeps its contract.
// Every backend of ratelimit passes it, and so should yours:
//
//	func TestMyLimiter(t *testing.T) {
//		ratelimittest.RunBubble(t, func(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) ratelimittest.Harness {
//			return ratelimittest.Harness{Limiter: newMyLimiter(a, limits)}
//		})
//	}
//
// It needs no trust in the limiter's clock to tell how strict it is: [Worst]
// counts the hits that certainly fell into one window, from the caller's own.
package ratelimittest

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ycvk/tinybook/ratelimit"
)

// A Harness is a limiter to test and what the tests may rely on.
type Harness struct {
	// Limiter follows the algorithm and the limits that open was given. The
	// keys of a run are its own, so that it may share a store with others.
	Limiter ratelimit.Limiter
	// Second is another process's limiter over the same state. Nil declares
	// that there can't be one.
	Second ratelimit.Limiter
	// Advance lets d pass for the limiter. Nil is time.Sleep, which really waits
	// outside a bubble.
	Advance func(d time.Duration)
	// Grain is how fine the limiter's clock is. 0 is a nanosecond.
	Grain time.Duration
	// NoAllowAll declares that the Limiter has no [Allower].
	NoAllowAll bool
}

// An Allower is a Limiter that admits hits under several keys at once.
type Allower interface {
	AllowAll(ctx context.Context, tag string, d ...ratelimit.Demand) ([]ratelimit.Result, error)
}

// Algorithms returns those that the suite runs.
func Algorithms() []ratelimit.Algorithm {
	return []ratelimit.Algorithm{
		ratelimit.SlidingLog, ratelimit.SlidingCounter, ratelimit.GCRA, ratelimit.FixedWindow,
	}
}

// Run runs every scenario on every algorithm, each as a parallel subtest on a
// limiter of its own. With an Advance that waits it takes some seconds. A
// scenario that a stalled machine spoils is run again.
func Run(t *testing.T, open func(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) Harness) {
	t.Helper()
	each(t, func(t *testing.T, s scenario, a ratelimit.Algorithm) { s.start(t, a, false, open) })
}

// RunBubble is Run with each scenario in a synctest bubble of its own, which is
// stricter: RetryAfter may not be too long either. What open starts must have
// ended after the cleanups that it registers with t.
func RunBubble(t *testing.T, open func(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) Harness) {
	t.Helper()
	each(t, func(t *testing.T, s scenario, a ratelimit.Algorithm) {
		synctest.Test(t, func(t *testing.T) { s.start(t, a, true, open) })
	})
}

func each(t *testing.T, run func(t *testing.T, s scenario, a ratelimit.Algorithm)) {
	t.Helper()
	for _, a := range Algorithms() {
		t.Run(a.String(), func(t *testing.T) {
			for _, s := range scenarios() {
				if s.only != nil && !slices.Contains(s.only, a) {
					continue
				}
				t.Run(s.name, func(t *testing.T) {
					t.Parallel()
					run(t, s, a)
				})
			}
		})
	}
}

// A scenario is one test with the limits that it needs.
type scenario struct {
	name   string
	limits []ratelimit.Limit
	run    func(e *env)
	// within is how long the scenario may take besides its waits: a clock that
	// runs on its own refills limits meanwhile. 0 is any time.
	within time.Duration
	only   []ratelimit.Algorithm // nil: all
}

func scenarios() []scenario {
	var all []scenario
	for _, group := range [][]scenario{
		countScenarios(), inputScenarios(), atMostScenarios(), refundScenarios(),
		waitScenarios(), windowScenarios(), crowdScenarios(), allScenarios(),
	} {
		all = append(all, group...)
	}
	return all
}

// tries is how often a scenario may be too slow.
const tries = 20

func (s scenario) start(t *testing.T, a ratelimit.Algorithm, bubble bool, open func(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) Harness) {
	t.Helper()
	h := open(t, a, slices.Clone(s.limits))
	if h.Limiter == nil {
		t.Fatalf("ratelimittest: open returned a Harness whose Limiter is nil")
	}
	if h.Advance == nil {
		h.Advance = time.Sleep
	}
	h.Grain = max(h.Grain, time.Nanosecond)
	for try := 1; ; try++ {
		e := newEnv(t, h, a, s.limits, bubble)
		f := e.try(s.run)
		switch {
		case f == nil:
			return
		case bubble || s.within == 0 || e.busy() <= s.within || try == tries:
			t.Fatal(f.text)
		}
		t.Logf("try %d took %v, which is too slow to tell: %s", try, e.busy(), f.text)
	}
}

// perHour is a limit that a test's time doesn't refill.
func perHour(n int) []ratelimit.Limit { return []ratelimit.Limit{ratelimit.PerHour(n)} }
