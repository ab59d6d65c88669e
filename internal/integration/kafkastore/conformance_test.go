package kafkastore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/kafkastore"
	"github.com/ycvk/tinybook/smsfailover/storetest"
)

// A former is a pod of which another has taken over all partitions. It has nothing
// to hand out, and does everything else.
type former struct{ *pod }

func (f former) Claim(ctx context.Context, owner string, n int, lease time.Duration) ([]smsfailover.Job, error) {
	jobs, err := f.pod.Claim(ctx, owner, n, lease)
	if f.stopped.Load() && errors.Is(err, kafkastore.ErrNotRunning) {
		return nil, nil
	}
	return jobs, err
}

// harness returns what opens a queue with one pod, which each Reopen stops for the
// sake of the next: the suite wants all messages from that.
func harness(index func() smsfailover.Store) func(t *testing.T) storetest.Harness {
	return func(t *testing.T) storetest.Harness {
		var i smsfailover.Store
		if index != nil {
			i = index()
		}
		q := newQueue(sharedBroker(t), i)
		last := q.running(t)
		return storetest.Harness{
			Store: former{last},
			Reopen: func(t *testing.T) smsfailover.Store {
				last.stop(t)
				last = q.running(t)
				return former{last}
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
