package kafkastore_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/kafkastore"
	"github.com/ycvk/tinybook/smsfailover/storetest"
)

// onKafka has each queue of the suite on Apache Kafka, beside the others. A busy
// machine may be late with heartbeats and with what was written, and this is no test
// of that.
func onKafka(t *testing.T, index func(t *testing.T) smsfailover.Store, opts ...kafkastore.Option) func(t *testing.T) storetest.Harness {
	b := &broker{addrs: []string{realserver.Kafka(t).Addr()}}
	opts = append(opts, kafkastore.WithSession(20*time.Second, 200*time.Millisecond))
	var queues atomic.Int64
	open := harnessOf(func(t *testing.T) *queue {
		q := newQueue(b, index(t), opts...)
		q.prefix = fmt.Sprintf("sms-%d", queues.Add(1))
		return q
	})
	return func(t *testing.T) storetest.Harness {
		h := open(t)
		h.Lag, h.Lease = 400*time.Millisecond, 2*time.Second
		return h
	}
}

// On Apache Kafka the queue has what it has on the embedded one.
func TestConformsAloneOnKafka(t *testing.T) {
	open := onKafka(t, func(*testing.T) smsfailover.Store { return nil })
	storetest.Run(t, open, storetest.Caps{Durable: true})
}

func TestConformsWithIndexOnKafka(t *testing.T) {
	open := onKafka(t, func(*testing.T) smsfailover.Store { return smsfailover.NewMemStore() },
		kafkastore.WithPoll(20*time.Millisecond))
	storetest.Run(t, open, storetest.Caps{Durable: true, Dedupe: true, Supersede: true})
}
