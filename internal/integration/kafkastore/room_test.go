package kafkastore_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ycvk/tinybook/smsfailover"
)

// A cramped transport is that of a process whose brokers' answers have room for one
// partition: the others look as if there were nothing to read.
type cramped struct{ kafka.RoundTripper }

func (c cramped) RoundTrip(ctx context.Context, a net.Addr, r kafka.Request) (kafka.Response, error) {
	resp, err := c.RoundTripper.RoundTrip(ctx, a, r)
	if f, ok := resp.(*fetchapi.Response); ok && err == nil {
		room := true
		for i := range f.Topics {
			for k := range f.Topics[i].Partitions {
				p := &f.Topics[i].Partitions[k]
				if p.RecordSet.Records == nil {
					continue
				}
				if !room {
					p.RecordSet = protocol.RecordSet{}
				}
				room = false
			}
		}
	}
	return resp, err
}

func (q *queue) cramped(t *testing.T) smsfailover.Store {
	t.Helper()
	return q.through(t, func(r kafka.RoundTripper) kafka.RoundTripper { return cramped{r} })
}

// Dead letters are found and counted that the first answer has no room for, and so is
// what is oldest.
func TestNoRoomForAllPartitions(t *testing.T) {
	t.Parallel()
	const n = 24
	q := newQueue(startBroker(t), nil)
	p := q.running(t)
	for i := range n { // each call its own partition
		put(t, p, job(fmt.Sprintf("dead-%d", i)))
	}
	for _, j := range claim(t, p, n, time.Hour) {
		require.NoError(t, p.Bury(t.Context(), j.Ref(), "cause"))
	}
	for i := range n {
		put(t, p, job(fmt.Sprintf("live-%d", i)))
		pause(t.Context(), 2*time.Millisecond)
	}
	require.Eventually(t, func() bool { return p.Stats().Buffered == n }, 10*time.Second, time.Millisecond)
	depthIs(t, q.open(t), smsfailover.Depth{Ready: n, Dead: n}) // now that is committed
	want, err := p.Depth(t.Context())
	require.NoError(t, err)
	require.Equal(t, n, want.Dead)
	for range 5 { // which partition comes first is left to chance
		outside := q.cramped(t)
		got, err := outside.Depth(t.Context())
		require.NoError(t, err)
		require.Equal(t, n, got.Dead)
		require.WithinDuration(t, want.Oldest, got.Oldest, time.Millisecond)
		dead, err := outside.Dead(t.Context(), smsfailover.Filter{})
		require.NoError(t, err)
		require.Len(t, dead, n)
	}
}

// Nor is anything handed out that was superseded in a partition that the first answer
// has no room for.
func TestNoRoomForAllChanges(t *testing.T) {
	t.Parallel()
	const n = 24
	b := startBroker(t)
	q := newQueue(b, smsfailover.NewMemStore())
	p := q.build(t)
	require.NoError(t, p.CreateTopics(t.Context()))
	own := q.through(t, func(r kafka.RoundTripper) kafka.RoundTripper { return cramped{r} })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- own.Run(ctx) }()
	defer func() {
		cancel()
		require.NoError(t, <-ended)
	}()
	put(t, p, jobs("older", n)...)
	require.Eventually(t, func() bool { return own.Stats().Buffered == n }, 10*time.Second, time.Millisecond)
	// Those that wait for something to read find nothing for now.
	deaf := b.Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.NotLeaderForPartition, Count: -1,
		When: func(r kmsg.Request) bool { return r.(*kmsg.FetchRequest).MaxWaitMillis > 0 },
	})
	newer := jobs("older", n)
	for i := range newer {
		newer[i].ID, newer[i].Args = fmt.Sprintf("newer-%d", i), []string{"another code"}
	}
	out, err := p.Enqueue(t.Context(), newer...)
	require.NoError(t, err)
	require.NotContains(t, out, smsfailover.Queued)
	got, err := own.Claim(t.Context(), "worker", n, time.Hour)
	require.NoError(t, err)
	deaf.Remove()
	if len(got) < n {
		got = append(got, claim(t, own, n-len(got), time.Hour)...)
	}
	for _, j := range got {
		require.Contains(t, j.ID, "newer", "it was superseded")
		require.NoError(t, own.Done(t.Context(), j.Ref()))
	}
}
