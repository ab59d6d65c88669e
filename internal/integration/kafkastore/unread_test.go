package kafkastore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/kafkastore"
)

// Trap smsfailover/18: while nothing can be read from Kafka the index takes messages
// all the same, also those that come with a claim, and in time.
func TestGivenWhileNothingCanBeRead(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	q := newQueue(b, smsfailover.NewMemStore(), kafkastore.WithTimeout(10*time.Second))
	p := q.running(t)
	h := b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.NotLeaderForPartition, Count: -1})
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	for i := range 5 {
		given := job(fmt.Sprintf("given-%d", i))
		given.Token, given.LeaseUntil, given.Claims = given.ID, time.Now().Add(time.Hour), 1
		out, err := p.Enqueue(ctx, given)
		require.NoError(t, err)
		require.Equal(t, []smsfailover.Outcome{smsfailover.Queued}, out)
		require.NoError(t, p.Done(t.Context(), given.Ref()))
	}
	h.Remove()
	none(t, p, 50*time.Millisecond)
}

// Trap smsfailover/18: a partition that can't be read doesn't hold up those who claim
// what is in the others.
func TestPartitionThatCannotBeRead(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	q := newQueue(b, smsfailover.NewMemStore(), kafkastore.WithTimeout(20*time.Second))
	p := q.running(t)
	h := b.Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.Fetch}, Topic: "sms.ready", Partitions: []int32{1}, Err: kerr.LeaderNotAvailable, Count: -1,
	})
	const n = 40
	done := 0
	for i := range n {
		put(t, q.index, job(fmt.Sprintf("job-%d", i))) // so that Claim has to ask for it
		start := time.Now()
		got, err := p.Claim(t.Context(), "worker", 3, time.Hour)
		require.NoError(t, err)
		require.Less(t, time.Since(start), 10*time.Second, "it waited for all its time")
		require.NoError(t, p.Done(t.Context(), refs(got)...))
		done += len(got)
		pause(t.Context(), 12*time.Millisecond) // then it asks again
	}
	require.Positive(t, done)
	h.Remove()
	require.NoError(t, p.Done(t.Context(), refs(claim(t, p, n-done, time.Hour))...))
	none(t, p, 50*time.Millisecond)
}
