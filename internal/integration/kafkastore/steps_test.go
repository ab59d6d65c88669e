package kafkastore_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/kafkastore"
)

// These tests stop between two steps of the table in the package documentation, as
// a process does that dies there.

// Trap smsfailover/2: stored in the index, and not yet in Kafka.
func TestDiedAfterTheIndexTookIt(t *testing.T) {
	t.Parallel()
	index := smsfailover.NewMemStore()
	p := newQueue(startBroker(t), index).running(t)
	put(t, index, job("job"))
	got := claim(t, p, 1, time.Hour)[0]
	require.Equal(t, 1, got.Claims)
	require.NoError(t, p.Done(t.Context(), got.Ref()))
	none(t, p, 100*time.Millisecond)
}

// Trap smsfailover/2: claimed in the index by one that was to write it to Kafka.
func TestDiedBeforeItWroteToKafka(t *testing.T) {
	t.Parallel()
	const hold = 300 * time.Millisecond
	index := smsfailover.NewMemStore()
	put(t, index, job("job"))
	claim(t, index, 1, hold) // by the one that dies
	p := newQueue(startBroker(t), index, kafkastore.WithHold(hold)).running(t)
	start := time.Now()
	got := claim(t, p, 1, time.Hour)[0]
	require.Less(t, time.Since(start), 10*time.Second)
	require.NoError(t, p.Done(t.Context(), got.Ref()))
	none(t, p, 2*hold)
}

// Trap smsfailover/2: finished in the index, but the offset isn't committed. The
// copy comes again, and nobody gets it.
func TestDiedBeforeTheOffsetWasCommitted(t *testing.T) {
	t.Parallel()
	index := smsfailover.NewMemStore()
	q := newQueue(startBroker(t), index)
	p := q.running(t)
	put(t, p, job("job"))
	claim(t, p, 1, time.Hour)
	p.stop(t)
	// The index hands nothing out that Kafka holds, so the token is not ours to
	// know: let it end there as a report does.
	forget := smsfailover.NewMemStore()
	q.index = forget
	p = q.running(t)
	none(t, p, 100*time.Millisecond)
	require.Eventually(t, func() bool { return p.Stats().Buffered == 0 }, 10*time.Second, 5*time.Millisecond)
}

// While a newer message waits for the older one's worker, nothing overtakes; a copy
// that nobody has claimed is withdrawn, in whichever pod it lies.
func TestSupersededInAnotherPod(t *testing.T) {
	t.Parallel()
	index := smsfailover.NewMemStore()
	q := newQueue(startBroker(t), index)
	owner, other := q.running(t), q.open(t) // that one only stores
	for range 50 {
		older := job("older-" + time.Now().Format("150405.000000000"))
		put(t, other, older)
		newer := older
		newer.ID, newer.Args = "newer-"+older.ID, []string{"another code"}
		out, err := other.Enqueue(t.Context(), newer)
		require.NoError(t, err)
		require.Equal(t, []smsfailover.Outcome{smsfailover.Superseded}, out)
		got := claim(t, owner, 1, time.Hour)[0]
		require.Equal(t, newer.ID, got.ID, "the older one was handed out after it had been superseded")
		require.NoError(t, owner.Done(t.Context(), got.Ref()))
	}
	none(t, owner, 50*time.Millisecond)
}

// What isn't of this package is reported and passed over; what is of a later one is
// left for it.
func TestOtherRecords(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	q := newQueue(b, nil)
	p := q.running(t)
	w := &kafka.Writer{
		Addr: kafka.TCP(b.addrs...), Topic: "sms.ready", Transport: p.transport,
		RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond,
		Balancer: kafka.BalancerFunc(func(kafka.Message, ...int) int { return 2 }),
	}
	defer w.Close()
	require.NoError(t, w.WriteMessages(t.Context(),
		kafka.Message{Value: []byte("\x01 +8613800000000 is no record")},
		kafka.Message{Value: nil},
		kafka.Message{Value: []byte{200, 1, 2, 3}},
		kafka.Message{Value: []byte("nor is this")},
	))
	require.Eventually(t, func() bool { return p.Stats().Unreadable == 3 }, 10*time.Second, 5*time.Millisecond)
	for _, err := range p.errs.all() {
		require.ErrorIs(t, err, kafkastore.ErrRecord)
		require.NotContains(t, err.Error(), "138")
	}
	put(t, p, jobs("job", 3)...)
	require.NoError(t, p.Done(t.Context(), refs(claim(t, p, 3, time.Hour))...))
	require.Eventually(t, func() bool {
		return b.GroupInfo("sms").Commits["sms.ready"][2].Offset == 2
	}, 10*time.Second, 5*time.Millisecond, "the record of a later version is passed over")
}

// A caller that gives up leaves a store that goes on.
func TestCancelledCalls(t *testing.T) {
	modes(t, func(t *testing.T, b *broker, index smsfailover.Store) {
		q := newQueue(b, index)
		p := q.running(t)
		put(t, p, jobs("job", 200)...)
		left := newBoard(200)
		for left.left.Load() > 0 && t.Context().Err() == nil {
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			got, err := p.Claim(ctx, "worker", 7, 200*time.Millisecond)
			cancel()
			if err != nil {
				require.ErrorIs(t, err, context.DeadlineExceeded)
				continue
			}
			require.NoError(t, p.Done(t.Context(), refs(got)...))
			left.left.Add(-int64(len(got)))
			if len(got) == 0 {
				pause(t.Context(), 5*time.Millisecond)
			}
		}
		none(t, p, 50*time.Millisecond)
		d, err := p.Depth(t.Context())
		require.NoError(t, err)
		require.Zero(t, d.Live())
	})
}

// Messages as large as they may be, more of them than one record batch takes.
func TestBigMessages(t *testing.T) {
	modes(t, func(t *testing.T, b *broker, index smsfailover.Store) {
		const n = 200
		q := newQueue(b, index)
		q.parts = 1
		p := q.running(t)
		list := jobs("job", n)
		for i := range list {
			list[i].Args = []string{strings.Repeat(string(rune('a'+i%26)), smsfailover.MaxArgs)}
		}
		put(t, p, list...)
		for range 2 {
			got := claim(t, p, n, time.Hour)
			for _, j := range got {
				require.Len(t, j.Args[0], smsfailover.MaxArgs)
			}
			require.NoError(t, p.Release(t.Context(), 0, refs(got)...))
		}
		require.NoError(t, p.Done(t.Context(), refs(claim(t, p, n, time.Hour))...))
		none(t, p, 50*time.Millisecond)
	})
}

// What is too large for the topic is refused, and nothing of it is stored.
func TestTooLargeForOneBatch(t *testing.T) {
	t.Parallel()
	q := newQueue(startBroker(t), nil)
	p := q.running(t)
	list := jobs("job", 600)
	for i := range list {
		list[i].Args = []string{strings.Repeat("a", smsfailover.MaxArgs)}
	}
	start := time.Now()
	_, err := p.Enqueue(t.Context(), list...)
	require.ErrorIs(t, err, kafka.MessageSizeTooLarge)
	require.Less(t, time.Since(start), 5*time.Second, "it isn't tried again")
	none(t, p, 50*time.Millisecond)
}

// Trap smsfailover/2: a Retry has written the new copy, and its process dies before
// the old offset is committed. The one that takes over hands out neither before it
// has seen both, and then only the new one counts.
func TestDiedBetweenTheCopies(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	q := newQueue(b, nil, kafkastore.WithSession(400*time.Millisecond, 50*time.Millisecond),
		kafkastore.WithTiers(time.Second), kafkastore.WithTimeout(time.Second))
	var wire network
	q.dial = wire.dial
	p := q.open(t)
	p.start(t)
	p.owns(t, 4*q.parts)
	put(t, p, job("job"))
	held := claim(t, p, 1, time.Hour)[0]
	commits := b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.CoordinatorLoadInProgress, Count: -1})
	start := time.Now()
	require.NoError(t, p.Retry(t.Context(), held.Ref(), 2*time.Second, "cause"))
	wire.set(true)
	commits.Remove()

	q.dial = nil
	unread := b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: "sms.1s", Err: kerr.NotLeaderForPartition, Count: -1})
	other := q.open(t)
	other.start(t)
	other.owns(t, 4*q.parts)
	none(t, other, 300*time.Millisecond) // the old copy is there
	unread.Remove()
	got := claim(t, other, 1, time.Hour)[0]
	require.GreaterOrEqual(t, time.Since(start), 2*time.Second)
	require.Equal(t, 1, got.Attempt)
	require.NoError(t, other.Done(t.Context(), got.Ref()))
	none(t, other, 50*time.Millisecond)
}
