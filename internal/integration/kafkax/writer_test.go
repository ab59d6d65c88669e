package kafkax_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ycvk/tinybook/kafkax"
)

// addWriter returns a Writer named "w" to the topic "t".
func addWriter(t testing.TB, m *kafkax.Metrics, b *broker, change ...func(*kafka.Writer)) *kafkax.Writer {
	t.Helper()
	transport := &kafka.Transport{MetadataTTL: 200 * time.Millisecond, Dial: m.DialFunc("w", nil)}
	t.Cleanup(transport.CloseIdleConnections)
	k := &kafka.Writer{
		Addr: kafka.TCP(b.addrs...), Topic: "t", Transport: transport, RequiredAcks: kafka.RequireAll,
		BatchTimeout: 2 * time.Millisecond, WriteBackoffMin: time.Millisecond, WriteBackoffMax: 5 * time.Millisecond,
	}
	for _, f := range change {
		f(k)
	}
	w, err := m.Writer("w", k)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

func values(n int) []kafka.Message {
	msgs := make([]kafka.Message, n)
	for i := range msgs {
		msgs[i].Value = fmt.Appendf(nil, "%04d", i)
	}
	return msgs
}

// end returns how many messages the topic has.
func (b *broker) end() int64 {
	var n int64
	for _, p := range b.PartitionInfos("t") {
		n += p.HighWatermark
	}
	return n
}

// Trap kafkax/6: what the broker has is what counts as delivered, however often it
// was sent.
func TestTheBrokerHasWhatIsDelivered(t *testing.T) {
	for _, tc := range []struct {
		name   string
		change func(*kafka.Writer)
		result string
	}{
		{"sync", func(*kafka.Writer) {}, "delivered"},
		{"async", func(w *kafka.Writer) { w.Async = true }, "delivered"},
		{"zstd", func(w *kafka.Writer) { w.Compression = kafka.Zstd }, "delivered"},
		{"one ack", func(w *kafka.Writer) { w.RequiredAcks = kafka.RequireOne }, "delivered"},
		{"no acks", func(w *kafka.Writer) { w.RequiredAcks = kafka.RequireNone }, "unacked"},
		{"hash", func(w *kafka.Writer) { w.Balancer = &kafka.Hash{} }, "delivered"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := startBroker(t, 3)
			m := newMetrics(t)
			w := addWriter(t, m, b, tc.change)
			faults := 0.0
			if tc.result == "delivered" {
				faults = 2
				b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Err: kerr.NotLeaderForPartition, Count: 2})
			}
			for range 5 {
				require.NoError(t, w.WriteMessages(t.Context(), values(40)...))
			}
			require.NoError(t, w.Flush(t.Context()))
			f := figuresOf(t, m)
			f.want(t, 200, "kafka_writer_messages_total", "result="+tc.result, "topic=t")
			f.want(t, 200, "kafka_writer_messages_total")
			require.Eventually(t, func() bool { return b.end() == 200 }, patience, time.Millisecond)
			f.want(t, faults, "kafka_writer_retries_total")
			require.Equal(t, faults, f.sum("kafka_writer_produce_requests_total", "code=not_leader_for_partition"))
			f.want(t, 0, "kafka_writer_in_flight_messages")
			require.Positive(t, f.sum("kafka_writer_transmit_bytes_total"))
			require.Positive(t, f.sum("kafka_writer_connections_total", "result=ok"))
		})
	}
}

// Trap kafkax/8: a connection that breaks tells kafka-go no topic.
func TestATopicIsKnownWhenTheConnectionBreaks(t *testing.T) {
	b := startBroker(t, 1)
	b.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		b.KeepControl()
		return nil, errors.New("break the connection"), true
	})
	m := newMetrics(t)
	w := addWriter(t, m, b, func(w *kafka.Writer) { w.MaxAttempts = 2 })
	require.Error(t, w.WriteMessages(t.Context(), values(3)...))
	f := figuresOf(t, m)
	f.want(t, 3, "kafka_writer_messages_total", "topic=t", "result=failed")
	f.want(t, 3, "kafka_writer_errors_total", "topic=t", "reason=network")
	f.want(t, 2, "kafka_writer_produce_requests_total", "topic=t", "code=network")
}

// Trap kafkax/9: a caller whose time is up isn't a message that failed.
func TestALateAnswerIsADelivery(t *testing.T) {
	b := startBroker(t, 1)
	release := make(chan struct{})
	b.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
		b.SleepControl(func() { <-release })
		return nil, nil, false
	})
	m := newMetrics(t)
	w := addWriter(t, m, b)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, w.WriteMessages(ctx, values(1)...), context.DeadlineExceeded)
	figuresOf(t, m).want(t, 1, "kafka_writer_in_flight_messages")
	close(release)
	require.NoError(t, w.Flush(t.Context()))
	f := figuresOf(t, m)
	f.want(t, 1, "kafka_writer_messages_total", "result=delivered")
	f.want(t, 1, "kafka_writer_messages_total")
	f.absent(t, "kafka_writer_errors_total")
	f.want(t, 0, "kafka_writer_in_flight_messages")
}

// Trap kafkax/25: on a real transport as well, where kafka-go hangs most times.
func TestCloseEndsWhileTheFirstMessagesAreWritten(t *testing.T) {
	for range 100 {
		b := startBroker(t, 2)
		m := newMetrics(t)
		w := addWriter(t, m, b, func(w *kafka.Writer) { w.BatchTimeout = 10 * time.Second })
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if err := w.WriteMessages(t.Context(), values(2)...); err != nil && !errors.Is(err, io.ErrClosedPipe) {
					t.Error(err)
				}
			})
		}
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second) // less than a batch waits
		require.NoError(t, w.CloseContext(ctx))
		cancel()
		wg.Wait()
		f := figuresOf(t, m)
		require.Equal(t, float64(b.end()), f.sum("kafka_writer_messages_total", "result=delivered"))
		f.want(t, 6, "kafka_writer_messages_total")
		b.Close()
	}
}
