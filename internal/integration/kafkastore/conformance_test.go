package kafkastore_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/storetest"
)

// A client uses whichever pod runs now. The suite wants to claim any message through
// any Store that it opened, and in a group each pod has its own; see TestPodsShare.
type client struct {
	smsfailover.Store // the pod that it was opened with
	running           *atomic.Pointer[pod]
}

func (c client) Claim(ctx context.Context, owner string, n int, lease time.Duration) ([]smsfailover.Job, error) {
	return c.running.Load().Claim(ctx, owner, n, lease)
}

func (c client) Done(ctx context.Context, refs ...smsfailover.Ref) error {
	return c.running.Load().Done(ctx, refs...)
}

func (c client) Depth(ctx context.Context) (smsfailover.Depth, error) {
	return c.running.Load().Depth(ctx)
}

// harness returns what opens a queue with one pod that runs. Each Reopen stops that
// and runs another, which takes over.
func harness(index func(t *testing.T) smsfailover.Store) func(t *testing.T) storetest.Harness {
	return func(t *testing.T) storetest.Harness {
		var i smsfailover.Store
		if index != nil {
			i = index(t)
		}
		q := newQueue(startBroker(t), i)
		var running atomic.Pointer[pod]
		running.Store(q.running(t))
		return storetest.Harness{
			Store: client{running.Load(), &running},
			Reopen: func(t *testing.T) smsfailover.Store {
				running.Load().stop(t)
				running.Store(q.running(t))
				return client{running.Load(), &running}
			},
			Lease:    1600 * time.Millisecond,
			Grain:    60 * time.Millisecond,
			Lag:      200 * time.Millisecond,
			Takeover: true,
		}
	}
}

// Alone, Kafka keeps messages, and knows nothing of duplicates.
func TestConformsAlone(t *testing.T) {
	storetest.Run(t, harness(nil), storetest.Caps{Durable: true})
}

// With an index it has all that the index has.
func TestConformsWithIndex(t *testing.T) {
	storetest.Run(t, harness(func(*testing.T) smsfailover.Store { return smsfailover.NewMemStore() }),
		storetest.Caps{Durable: true, Dedupe: true, Supersede: true})
}

// With one that is durable, all of it is.
func TestConformsWithDurableIndex(t *testing.T) {
	storetest.Run(t, harness(func(t *testing.T) smsfailover.Store {
		return sqlIndex(t, sqldb.Start(t, sqldb.SQLite))
	}), storetest.Caps{Durable: true, Dedupe: true, Supersede: true})
}
