package kafkax_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// A loop that calls Process again after an error must not lose the message that it
// ended with.
func TestTheNextProcessBeginsWithWhatTheLastOneLeft(t *testing.T) {
	broken := errors.New("broken")
	for _, tc := range []struct {
		name   string
		handle func(ctx context.Context, stop context.CancelFunc) error
		check  func(t *testing.T, err error)
	}{
		{
			"by an error", func(context.Context, context.CancelFunc) error { return broken },
			func(t *testing.T, err error) { t.Helper(); require.ErrorIs(t, err, broken) },
		},
		{
			"by a panic", func(context.Context, context.CancelFunc) error { panic(broken) },
			func(t *testing.T, err error) { t.Helper(); require.ErrorIs(t, err, broken) },
		},
		{
			"by a context of its own", func(context.Context, context.CancelFunc) error { return context.Canceled },
			func(t *testing.T, err error) { t.Helper(); require.ErrorIs(t, err, context.Canceled) },
		},
		{
			"by its end", func(ctx context.Context, stop context.CancelFunc) error { stop(); return ctx.Err() },
			func(t *testing.T, err error) { t.Helper(); require.NoError(t, err) },
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := startBroker(t, 1)
			b.put(t, 0, 0, 10, time.Now())
			m := newMetrics(t)
			r := addReader(t, m, b)
			ctx, cancel := context.WithCancel(t.Context())
			var first handled
			err := guarded(func() error {
				return r.Process(ctx, func(ctx context.Context, msg kafka.Message) error {
					if msg.Offset == 4 {
						return tc.handle(ctx, cancel)
					}
					return first.handle(ctx, msg)
				})
			})
			tc.check(t, err)
			cancel()
			require.EqualValues(t, 4, b.committed(0))

			var second handled
			stop := run(t, r, second.handle)
			require.Eventually(t, func() bool { return b.committed(0) == 10 }, patience, time.Millisecond)
			require.NoError(t, stop())
			require.Equal(t, upTo(0, 4), first.offsets())
			require.Equal(t, upTo(4, 10), second.offsets())
			f := figuresOf(t, m)
			f.want(t, 10, "kafka_reader_messages_total")
			f.want(t, 10, "kafka_reader_processed_messages_total", "result=ok")
			f.want(t, 0, "kafka_reader_redelivered_messages_total")
			f.want(t, 0, "kafka_reader_uncommitted_messages")
		})
	}
}

// guarded returns what f panics with.
func guarded(f func() error) (err error) {
	defer func() {
		if p, ok := recover().(error); ok {
			err = p
		}
	}()
	return f()
}

func TestAMessageThatFailsForEverIsHandedOutForEver(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 3, time.Now())
	r := addReader(t, newMetrics(t), b, alone)
	h := handled{fail: func(kafka.Message) error { return errors.New("broken") }}
	for range 3 {
		require.ErrorContains(t, r.Process(t.Context(), h.handle), "message 0 of t/0")
	}
	require.Equal(t, []int64{0, 0, 0}, h.offsets())
}

// What was left may be another reader's after a rebalance: handled once more it does
// no harm, while a commit of it would turn the other's back.
func TestWhatIsLeftIsNotCommittedAfterARebalance(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 1, time.Now())
	m := newMetrics(t)
	slow := addNamed(t, m, b, "slow")
	broken := handled{fail: func(kafka.Message) error { return errors.New("broken") }}
	require.Error(t, slow.Process(t.Context(), broken.handle))

	var other handled
	stopOther := run(t, addNamed(t, m, b, "other"), other.handle)
	_, err := b.WaitGroupStable(t.Context(), "g", 2)
	require.NoError(t, err)
	require.Eventually(t, func() bool { // kafka-go knows it too
		return figuresOf(t, m).sum("kafka_reader_rebalances_total", "reader=slow") > 1
	}, patience, time.Millisecond)

	var again handled
	stop := run(t, slow, again.handle, kafkax.WithCommitEvery(1, time.Hour))
	// Kafka says who of the two gets it once more.
	require.Eventually(t, func() bool { return again.count() > 0 && again.count()+other.count() > 1 }, patience, time.Millisecond)
	require.Eventually(t, func() bool { return b.committed(0) == 1 }, patience, time.Millisecond)
	require.NoError(t, stop())
	require.NoError(t, stopOther())
	commits := figuresOf(t, m).sum("kafka_reader_commits_total")
	require.EqualValues(t, 1, commits, "by who has the partition")
}
