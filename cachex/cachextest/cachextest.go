// Package cachextest proves that a [cachex.CodeCache] keeps its contract. Every
// backend of cachex passes it, and so should yours:
//
//	func TestMyCache(t *testing.T) {
//		cachextest.RunBubble(t, func(t *testing.T, p cachex.Policy) cachextest.Harness {
//			return cachextest.Harness{Cache: newMyCache(p), Grain: 1}
//		})
//	}
//
// It holds exact numbers: tries, sends and codes are counted under many
// goroutines, and long random runs are compared with a naive model.
package cachextest

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ycvk/tinybook/cachex"
)

// A Harness is a cache to test and what the tests may rely on.
type Harness struct {
	// Cache is empty, follows the policy that open was given for every Biz,
	// and is not used by anyone else.
	Cache cachex.CodeCache
	// Advance lets d pass for the cache. Nil is time.Sleep, which really
	// waits outside a bubble.
	Advance func(d time.Duration)
	// Grain declares that time stands still between calls of Advance, as in
	// a bubble or under a fake clock that time.Now follows, and that times
	// the cache answers are at most Grain too late and never early. The
	// tests are stricter then. 0 declares nothing.
	Grain time.Duration
	// Capacity is how many records the cache takes; 0 declares that it has
	// no bound worth testing, and a refusal with ErrFull fails.
	Capacity int
	// Lag is how long after its end a record may go on taking up room. A
	// cache that lags isn't made to wait for a year, since it may wake up
	// every second of it.
	Lag time.Duration
	// Longest declares that the cache can't take times beyond it, such as
	// those of a server whose integers have 32 bits; scenarios that need them
	// are skipped. 0 declares nothing.
	Longest time.Duration
}

// Run runs every scenario as a parallel subtest of t, each on a cache of its
// own. With an Advance that waits it takes some seconds.
func Run(t *testing.T, open func(t *testing.T, p cachex.Policy) Harness) {
	t.Helper()
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.start(t, open)
		})
	}
}

// RunBubble is Run with each scenario in a synctest bubble of its own. What
// open starts must have ended after the cleanups that it registers with t.
func RunBubble(t *testing.T, open func(t *testing.T, p cachex.Policy) Harness) {
	t.Helper()
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { s.start(t, open) })
		})
	}
}

// A scenario is one test with the policy that it needs.
type scenario struct {
	name   string
	policy cachex.Policy
	run    func(e *env)
}

func (s scenario) start(t *testing.T, open func(t *testing.T, p cachex.Policy) Harness) {
	t.Helper()
	h := open(t, s.policy)
	if h.Cache == nil {
		t.Fatalf("cachextest: open returned a Harness whose Cache is nil")
	}
	if h.Longest > 0 && s.policy.TTL > h.Longest {
		t.Skipf("the cache takes times up to %v only", h.Longest)
	}
	if h.Advance == nil {
		h.Advance = time.Sleep
	}
	s.run(newEnv(t, h, s.policy))
}

func scenarios() []scenario {
	var all []scenario
	for _, group := range [][]scenario{
		codeScenarios(), timeScenarios(), budgetScenarios(), revokeScenarios(),
		inputScenarios(), limitScenarios(), raceScenarios(), modelScenarios(),
	} {
		all = append(all, group...)
	}
	return all
}

// calm is a policy whose times don't pass during a test, without budgets.
func calm() cachex.Policy {
	return cachex.Policy{TTL: time.Hour, MaxAttempts: 3}
}

// with returns p after change.
func with(p cachex.Policy, change func(p *cachex.Policy)) cachex.Policy {
	p.Sends = slices.Clone(p.Sends)
	change(&p)
	return p
}
