package kafkax_test

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

var errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}

// An outcomeCase is a call, and what must become of its messages.
type outcomeCase struct {
	name   string
	change func(*kafka.Writer)
	broker func(*fakeBroker)
	before func(*kafkax.Writer)
	msgs   []kafka.Message
	want   outcomes
	topic  string
	reason string
}

func always(a answer) func(*fakeBroker) {
	return func(b *fakeBroker) { b.produce = func(context.Context, batch) answer { return a } }
}

var one = []kafka.Message{message("t", 3)}

// acceptedCases are calls that kafka-go takes.
var acceptedCases = []outcomeCase{
	{name: "acknowledged", msgs: []kafka.Message{message("t", 3), message("t", 4)}, topic: "t", want: outcomes{delivered: 2}},
	{name: "acks=none", change: withAcks(kafka.RequireNone), msgs: one, topic: "t", want: outcomes{unacked: 1}},
	{name: "topic of the writer", change: toTopic("t"), msgs: []kafka.Message{message("", 3)}, topic: "t", want: outcomes{delivered: 1}},
	{
		name: "refused for good", broker: always(answer{code: kafka.InvalidTopic}),
		msgs: one, topic: "t", want: outcomes{failed: 1}, reason: "invalid_topic",
	},
	{
		name: "refused too often", broker: always(answer{code: kafka.NotEnoughReplicas}),
		msgs: one, topic: "t", want: outcomes{failed: 1}, reason: "not_enough_replicas",
	},
	{
		name: "no connection", broker: always(answer{err: errRefused}),
		msgs: one, topic: "t", want: outcomes{failed: 1}, reason: "network",
	},
}

// rejectedCases are calls that fail before there is a batch.
var rejectedCases = []outcomeCase{
	{
		name: "one too large", change: func(w *kafka.Writer) { w.BatchBytes = 1000 },
		msgs: []kafka.Message{message("t", 3), message("t", 2000), message("t", 4)}, topic: "t",
		want: outcomes{rejected: 3}, reason: "too_large",
	},
	{
		name: "unknown topic", broker: func(b *fakeBroker) { b.unknown = map[string]bool{"t": true} },
		msgs: one, topic: "t", want: outcomes{rejected: 1}, reason: "unknown_topic_or_partition",
	},
	{name: "no topic", msgs: []kafka.Message{message("", 3)}, topic: "", want: outcomes{rejected: 1}, reason: "invalid_topic"},
	{
		name: "two topics", change: toTopic("t"), msgs: []kafka.Message{message("u", 3)}, topic: "u",
		want: outcomes{rejected: 1}, reason: "invalid_topic",
	},
	{
		name: "no address", change: func(w *kafka.Writer) { w.Addr = nil },
		msgs: one, topic: "t", want: outcomes{rejected: 1}, reason: "other",
	},
	{
		name: "no metadata", broker: func(b *fakeBroker) { b.metadata = func(context.Context) error { return io.ErrUnexpectedEOF } },
		msgs: one, topic: "t", want: outcomes{rejected: 1}, reason: "network",
	},
	{
		name: "closed", before: func(w *kafkax.Writer) { _ = w.Close() },
		msgs: one, topic: "t", want: outcomes{rejected: 1}, reason: "closed",
	},
}

func TestEveryMessageHasOneOutcome(t *testing.T) {
	for _, tc := range acceptedCases {
		t.Run(tc.name, func(t *testing.T) { synctest.Test(t, tc.run) })
	}
}

// Trap kafkax/7: what fails before it is in a batch is counted as well.
func TestWhatIsNeverAcceptedHasAnOutcomeToo(t *testing.T) {
	for _, tc := range rejectedCases {
		t.Run(tc.name, func(t *testing.T) { synctest.Test(t, tc.run) })
	}
}

func (tc *outcomeCase) run(t *testing.T) {
	b := newBroker()
	if tc.broker != nil {
		tc.broker(b)
	}
	change := func(*kafka.Writer) {}
	if tc.change != nil {
		change = tc.change
	}
	w, m := newWriter(t, b, change)
	if tc.before != nil {
		tc.before(w)
	}
	err := w.WriteMessages(t.Context(), tc.msgs...)
	require.Equal(t, tc.reason != "", err != nil, "%v", err)
	f := figuresOf(t, m)
	require.Equal(t, tc.want, f.outcomes("topic="+tc.topic), "%v", f)
	require.Equal(t, len(tc.msgs), f.outcomes().total())
	checkBytes(t, f, tc.msgs)
	errs := float64(tc.want.failed + tc.want.rejected)
	require.Equal(t, errs, f.sum("kafka_writer_errors_total"))
	if errs > 0 {
		require.Equal(t, errs, f.sum("kafka_writer_errors_total", "topic="+tc.topic, "reason="+tc.reason), "%v", f)
	}
}

// checkBytes requires that all of msgs are counted once, and nothing is in flight.
func checkBytes(t *testing.T, f figures, msgs []kafka.Message) {
	t.Helper()
	var bytes float64
	for _, m := range msgs {
		bytes += float64(len(m.Key) + len(m.Value))
	}
	require.Equal(t, bytes, f.sum("kafka_writer_message_bytes_total"))
	require.Equal(t, bytes, f.sum("kafka_writer_message_size_bytes_sum"))
	require.Equal(t, float64(len(msgs)), f.sum("kafka_writer_message_size_bytes_count"))
	n, inBytes := f.inFlight()
	require.Zero(t, n)
	require.Zero(t, inBytes)
}

// Trap kafkax/6: a message that is sent three times is one message.
func TestRetriesAreNoMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker()
		b.produce = func(_ context.Context, p batch) answer {
			if p.n <= 2 {
				return answer{code: kafka.NotLeaderForPartition}
			}
			return answer{}
		}
		w, m := newWriter(t, b, toTopic("t"))
		require.NoError(t, w.WriteMessages(t.Context(), message("", 5)))
		f := figuresOf(t, m)
		require.Equal(t, outcomes{delivered: 1}, f.outcomes())
		require.Zero(t, f.sum("kafka_writer_errors_total"))
		require.Equal(t, 2.0, f.sum("kafka_writer_produce_requests_total", "topic=t", "code=not_leader_for_partition"))
		require.Equal(t, 1.0, f.sum("kafka_writer_produce_requests_total", "topic=t", "code=none"))
		require.Equal(t, 3.0, f.sum("kafka_writer_produce_duration_seconds_count", "topic=t"))
		require.Equal(t, 1.0, f.sum("kafka_writer_batch_messages_count"))
		require.Equal(t, 3.0, f.sum("kafka_writer_attempts_total"))
		require.Equal(t, 2.0, f.sum("kafka_writer_retries_total"))
	})
}

// Trap kafkax/8: kafka-go tells Completion no topic where it got no answer.
func TestTheTopicIsKnownWithoutAnAnswer(t *testing.T) {
	for _, tc := range []struct {
		name string
		acks kafka.RequiredAcks
		err  error
		want outcomes
	}{
		{"a connection that breaks", kafka.RequireAll, io.ErrUnexpectedEOF, outcomes{failed: 1}},
		{"acks=none", kafka.RequireNone, nil, outcomes{unacked: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBroker()
				b.produce = func(context.Context, batch) answer { return answer{err: tc.err} }
				w, m := newWriter(t, b, toTopic("t"), withAcks(tc.acks))
				require.Equal(t, tc.err != nil, w.WriteMessages(t.Context(), message("", 5)) != nil)
				require.Equal(t, tc.want, figuresOf(t, m).outcomes("topic=t"))
			})
		})
	}
}

// Trap kafkax/9: a caller that leaves early takes back nothing.
func TestACallThatEndsEarlyIsCountedWhenItIsDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker()
		b.produce = func(context.Context, batch) answer {
			time.Sleep(3 * time.Second)
			return answer{}
		}
		w, m := newWriter(t, b)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, w.WriteMessages(ctx, message("t", 7)), context.DeadlineExceeded)
		f := figuresOf(t, m)
		require.Zero(t, f.outcomes())
		n, bytes := f.inFlight()
		require.Equal(t, 1.0, n)
		require.Equal(t, 7.0, bytes)

		require.NoError(t, w.Flush(t.Context()))
		f = figuresOf(t, m)
		require.Equal(t, outcomes{delivered: 1}, f.outcomes())
		require.Zero(t, f.sum("kafka_writer_errors_total"))
		require.InDelta(t, 3.001, f.sum("kafka_writer_delivery_duration_seconds_sum"), 1e-9)
		checkBytes(t, f, []kafka.Message{message("t", 7)})
	})
}

// Trap kafkax/10: a call that ends before kafka-go has its messages is rejected.
func TestACallThatEndsBeforeItIsAcceptedIsRejected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker()
		b.metadata = func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		w, m := newWriter(t, b)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- w.WriteMessages(ctx, message("t", 7)) }()
		synctest.Wait()
		n, _ := figuresOf(t, m).inFlight()
		require.Equal(t, 1.0, n)
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
		f := figuresOf(t, m)
		require.Equal(t, outcomes{rejected: 1}, f.outcomes("topic=t"))
		require.Equal(t, 1.0, f.sum("kafka_writer_errors_total", "reason=canceled"))
		checkBytes(t, f, []kafka.Message{message("t", 7)})
	})
}

func TestDeliveryTakesFromTheCallToTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBroker()
		b.produce = func(context.Context, batch) answer {
			time.Sleep(250 * time.Millisecond)
			return answer{}
		}
		w, m := newWriter(t, b, func(w *kafka.Writer) { w.BatchTimeout = 500 * time.Millisecond })
		require.NoError(t, w.WriteMessages(t.Context(), message("t", 1), message("t", 2)))
		f := figuresOf(t, m)
		require.Equal(t, 2.0, f.sum("kafka_writer_delivery_duration_seconds_count"))
		require.InDelta(t, 2*0.75, f.sum("kafka_writer_delivery_duration_seconds_sum"), 1e-9)
		require.InDelta(t, 0.25, f.sum("kafka_writer_produce_duration_seconds_sum"), 1e-9)
		require.InDelta(t, float64(time.Now().UnixMilli())/1000, f.sum("kafka_writer_last_success_timestamp_seconds"), 0.001)
		require.Equal(t, 2.0, f.sum("kafka_writer_batch_messages_sum"))
		require.Equal(t, 3.0, f.sum("kafka_writer_batch_size_bytes_sum"))
	})
}

func TestWriterRefusesWhatItCannotInstrument(t *testing.T) {
	m, err := kafkax.New()
	require.NoError(t, err)
	k := bareWriter(newBroker())
	_, err = m.Writer("w", k)
	require.NoError(t, err)
	for name, f := range map[string]func() (*kafkax.Writer, error){
		"nil":     func() (*kafkax.Writer, error) { return m.Writer("w", nil) },
		"no name": func() (*kafkax.Writer, error) { return m.Writer("", bareWriter(newBroker())) },
		"no text": func() (*kafkax.Writer, error) { return m.Writer("\xff", bareWriter(newBroker())) },
		"twice":   func() (*kafkax.Writer, error) { return m.Writer("w", k) },
	} {
		t.Run(name, func(t *testing.T) {
			w, err := f()
			require.ErrorIs(t, err, kafkax.ErrInput)
			require.Nil(t, w)
		})
	}
}

func TestSeriesOfTheWritersTopicExistAtZero(t *testing.T) {
	_, m := newWriter(t, newBroker(), toTopic("t"))
	f := figuresOf(t, m)
	for _, result := range []string{"delivered", "unacked", "failed", "rejected"} {
		v, ok := f[`kafka_writer_messages_total{result="`+result+`",topic="t",writer="w"}`]
		require.True(t, ok, "%v", f)
		require.Zero(t, v)
	}
	for series := range f {
		require.NotContains(t, series, "last_success") // 1970 is not when it was
	}
}

func TestNoMessagesAreNoCall(t *testing.T) {
	w, m := newWriter(t, newBroker())
	require.NoError(t, w.WriteMessages(t.Context()))
	require.Zero(t, figuresOf(t, m).outcomes())
	require.NoError(t, w.Close())
	require.True(t, errors.Is(w.WriteMessages(t.Context()), io.ErrClosedPipe))
}
