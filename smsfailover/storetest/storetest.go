// Package storetest proves that a [smsfailover.Store] keeps its contract. Every
// store of smsfailover passes it, and so should yours:
//
//	func TestMyStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) storetest.Harness {
//			return storetest.Harness{
//				Store:  openMyStore(t), // empty
//				Reopen: reopenMyStore,  // the same data
//				Lease:  400 * time.Millisecond,
//				Grain:  20 * time.Millisecond,
//			}
//		}, storetest.Caps{Durable: true, Dedupe: true, Supersede: true})
//	}
//
// It counts exactly, under many workers too, compares long random runs with a
// naive model, and fails a store that declares less than it does. [Crash] does
// what no suite inside one process can: it kills one with SIGKILL.
package storetest

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// Caps are what a store declares that it does. A declaration that is false
// fails, whichever way.
type Caps struct {
	Durable   bool // what is in it outlives the process
	Dedupe    bool // it knows Duplicates: by ID, by IdemKey and by Args
	Supersede bool // a newer job takes the place of an older one
	// Unordered declares that jobs come in about the order in which they
	// came due, and that bands of Priority aren't kept.
	Unordered bool
}

// A Harness is a store to test and what the tests may rely on.
type Harness struct {
	// Store is empty and not used by anyone else.
	Store smsfailover.Store
	// Advance lets d pass for the store. Nil is time.Sleep, which really waits
	// outside a bubble.
	Advance func(d time.Duration)
	// Reopen returns the same data through a new Store, as after a restart, or
	// in a second pod: the first lives on. It is called several times. Nil, or
	// one that comes back empty, is right for a store that isn't durable.
	Reopen func(t *testing.T) smsfailover.Store
	// Lease is what leases to test with. A test that took longer than a quarter
	// of it (of one in the machine's time) begins again when it fails, some
	// times over; so some 400ms is right on a server. In a bubble nothing takes
	// time; a minute then.
	Lease time.Duration
	// Grain is how exact the store's times are: what comes due may be claimed
	// from then on, and surely Grain later. Times that it returns may be off by
	// as much, and by the time that the calls took.
	Grain time.Duration
	// Lag is how long after a call its effects may take to show in Claim and
	// Depth, as in a store that consumes a log. Lease should be 8 times as long.
	// 0: at once. Above 0 the comparison with the model is left out.
	Lag time.Duration
	// Takeover declares that a new Store of the same data may take jobs over
	// from one that lives, whose claims of them are lost then, before their
	// leases end; and that a claim is only known to the Store that made it.
	// Consumer groups are so.
	Takeover bool
}

// Run runs every scenario as a parallel subtest of t, each on a Harness of its
// own, some on several. On a server it takes about 30 leases.
func Run(t *testing.T, open func(t *testing.T) Harness, caps Caps) {
	t.Helper()
	for _, s := range scenarios(caps) {
		if s.bubble {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.start(t, open, caps, false)
		})
	}
}

// RunBubble is Run with each scenario in a synctest bubble of its own, where
// time stands still between calls of Advance: it is stricter, and lets days
// pass. What open starts must have ended after the cleanups that it registers
// with t.
func RunBubble(t *testing.T, open func(t *testing.T) Harness, caps Caps) {
	t.Helper()
	for _, s := range scenarios(caps) {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { s.start(t, open, caps, true) })
		})
	}
}

// RunTimes is the part of Run that depends on clocks. Run it on a server whose
// clock is minutes off: nothing may change.
func RunTimes(t *testing.T, open func(t *testing.T) Harness, caps Caps) {
	t.Helper()
	for _, s := range scenarios(caps) {
		if s.bubble || !s.times {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.start(t, open, caps, false)
		})
	}
}

// A scenario is one test.
type scenario struct {
	name    string
	run     func(e *env)
	times   bool // part of RunTimes
	bubble  bool // lets more time pass than a server can wait for
	ownPace bool // no lease ends by being slow, so that a failure is one
}

// tries is how often a scenario that failed may have been too slow.
const tries = 10

func (s scenario) start(t *testing.T, open func(t *testing.T) Harness, caps Caps, bubble bool) {
	t.Helper()
	for try := 1; ; try++ {
		h := open(t)
		if h.Store == nil || h.Lease <= 0 || h.Grain <= 0 {
			t.Fatalf("storetest: open returned a Harness without Store, Lease or Grain: %+v", h)
		}
		if h.Advance == nil {
			h.Advance = time.Sleep
		}
		e := newEnv(t, h, caps, bubble)
		e.calm = bubble || s.ownPace
		slow := e.attempt(s.run)
		if slow == "" {
			return
		}
		if try == tries {
			t.Fatalf("too slow for a lease of %v, %d times over: %s", h.Lease, tries, slow)
		}
	}
}

func scenarios(c Caps) []scenario {
	all := declarationScenarios(c)
	for _, group := range [][]scenario{
		enqueueScenarios(), inputScenarios(), claimScenarios(c), leaseScenarios(), reportScenarios(),
		deadScenarios(c), depthScenarios(), raceScenarios(), modelScenarios(),
	} {
		all = append(all, group...)
	}
	if c.Durable {
		all = append(all, durableScenarios()...)
	}
	if c.Dedupe {
		all = append(all, dedupeScenarios()...)
	}
	if c.Supersede {
		all = append(all, supersedeScenarios()...)
	}
	return all
}
