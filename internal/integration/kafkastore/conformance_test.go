package kafkastore_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/kafkastore"
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

func (c client) Depth(ctx context.Context) (smsfailover.Depth, error) {
	return c.running.Load().Depth(ctx)
}

func (c client) Done(ctx context.Context, refs ...smsfailover.Ref) error {
	return c.running.Load().Done(ctx, refs...)
}

func (c client) Release(ctx context.Context, after time.Duration, refs ...smsfailover.Ref) error {
	return c.running.Load().Release(ctx, after, refs...)
}

// harness returns what opens a queue with one pod that runs. Each Reopen stops that
// and runs another, which takes over.
func harness(index func(t *testing.T) smsfailover.Store, opts ...kafkastore.Option) func(t *testing.T) storetest.Harness {
	return harnessOf(func(t *testing.T) *queue {
		var i smsfailover.Store
		if index != nil {
			i = index(t)
		}
		return newQueue(startBroker(t), i, opts...)
	})
}

func harnessOf(open func(t *testing.T) *queue) func(t *testing.T) storetest.Harness {
	return func(t *testing.T) storetest.Harness {
		q := open(t)
		var running atomic.Pointer[pod]
		running.Store(q.running(t))
		return storetest.Harness{
			Store: client{running.Load(), &running},
			Reopen: func(t *testing.T) smsfailover.Store {
				running.Load().stop(t)
				running.Store(q.running(t))
				return client{running.Load(), &running}
			},
			Advance: func(d time.Duration) {
				time.Sleep(d)
				settle(t, q.index)
			},
			Lease: 1200 * time.Millisecond,
			Grain: 60 * time.Millisecond,
			Lag:   150 * time.Millisecond,
			// The claims of Kafka alone are those of one generation.
			Takeover: q.index == nil,
		}
	}
}

// settle waits while a big batch is on its way from the index to Kafka: that takes
// longer than any Lag on a machine that has much else to do.
func settle(t *testing.T, index smsfailover.Store) {
	t.Helper()
	if index == nil {
		return
	}
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until); {
		d, err := index.Depth(t.Context())
		require.NoError(t, err)
		if d.Ready < 500 {
			return
		}
		pause(t.Context(), 5*time.Millisecond)
	}
}

// Alone, Kafka keeps messages, and knows nothing of duplicates.
func TestConformsAlone(t *testing.T) {
	storetest.Run(t, harness(nil), storetest.Caps{Durable: true})
}

// With an index it has all that the index has.
func TestConformsWithIndex(t *testing.T) {
	storetest.Run(t, harness(func(t *testing.T) smsfailover.Store {
		return sqlIndex(t, sqldb.Start(t, sqldb.SQLite))
	}, kafkastore.WithPoll(20*time.Millisecond)), storetest.Caps{Durable: true, Dedupe: true, Supersede: true})
}
