package storetest_test

import (
	"testing"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/storetest"
)

var memCaps = storetest.Caps{Dedupe: true, Supersede: true}

// Trap smsfailover/3: two pods, on MemStore: ManyWorkersClaimEachOnce, LeaseEnds.
// Trap smsfailover/4: id reuse: IDReuse.
// Trap smsfailover/22: a duplicate is no error: SameIdemKey, ManyEnqueueOneIdemKey.
func TestMemStoreInABubble(t *testing.T) {
	storetest.RunBubble(t, func(t *testing.T) storetest.Harness {
		return storetest.Harness{
			Store:  smsfailover.NewMemStore(),
			Reopen: func(*testing.T) smsfailover.Store { return smsfailover.NewMemStore() },
			Lease:  time.Minute,
			Grain:  time.Nanosecond,
		}
	}, memCaps)
}

// The same in the machine's time, as it runs on a server.
func TestMemStoreOnTheClock(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		return storetest.Harness{
			Store: smsfailover.NewMemStore(),
			Lease: 200 * time.Millisecond,
			Grain: 10 * time.Millisecond,
		}
	}, memCaps)
}
