package realkafka_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/kafkax"
)

// gathered returns the sum of a metric's series that have these labels, given as name
// and value in turn. A histogram counts its observations.
func gathered(t testing.TB, c prometheus.Collector, name string, labels ...string) float64 {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	require.NoError(t, reg.Register(c))
	families, err := reg.Gather()
	require.NoError(t, err)
	sum, series := 0.0, 0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			has := make(map[string]string)
			for _, l := range m.GetLabel() {
				has[l.GetName()] = l.GetValue()
			}
			match := true
			for i := 0; i < len(labels); i += 2 {
				match = match && has[labels[i]] == labels[i+1]
			}
			if match {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
				series++
			}
		}
	}
	require.Positive(t, series, "no series of %s with %v", name, labels)
	return sum
}

// What an instrumented writer and reader count is what the broker has.
func TestCountsAreTheBrokers(t *testing.T) {
	t.Parallel()
	s := realserver.Kafka(t, "message.max.bytes=5000")
	tr := askTruth(t, s.Addr())
	const partitions, count = 3, 300
	tr.createTopic(topic, partitions)
	m, err := kafkax.New()
	require.NoError(t, err)
	bare := newWriter(t, s.Addr())
	bare.MaxAttempts = 2
	w, err := m.Writer("w", bare)
	require.NoError(t, err)
	r, err := m.Reader("r", newReader(t, "billing", s.Addr()))
	require.NoError(t, err)

	require.NoError(t, w.WriteMessages(t.Context(), messages(0, count)...))
	require.Error(t, w.WriteMessages(t.Context(), kafka.Message{Value: make([]byte, 9000)}), "the broker refuses it")
	require.Error(t, w.WriteMessages(t.Context(), kafka.Message{Value: make([]byte, 2<<20)}), "the writer refuses it")
	for result, want := range map[string]int{"delivered": count, "failed": 1, "rejected": 1, "unacked": 0} {
		require.EqualValues(t, want, gathered(t, m, "kafka_writer_messages_total", "result", result), result)
	}
	require.EqualValues(t, count, gathered(t, m, "kafka_writer_delivery_duration_seconds"))
	require.EqualValues(t, count, tr.messages(topic, partitions))
	require.Zero(t, gathered(t, m, "kafka_writer_in_flight_messages"))

	ctx, cancel := context.WithCancel(t.Context())
	handled := 0
	err = r.Process(ctx, func(context.Context, kafka.Message) error {
		if handled++; handled == count/2 {
			cancel() // after this message, and its commit
		}
		return nil
	})
	require.NoError(t, err)
	require.EqualValues(t, count/2, gathered(t, m, "kafka_reader_processed_messages_total", "result", "ok"))
	require.EqualValues(t, count/2, gathered(t, m, "kafka_reader_commits_total", "result", "ok"))
	sameOffsets(t, m, tr, partitions)
}

// sameOffsets compares what the reader says it committed with what the broker has.
func sameOffsets(t *testing.T, m *kafkax.Metrics, tr truth, partitions int) {
	t.Helper()
	for p, committed := range tr.committed("billing", topic, partitions) {
		if committed < 0 {
			continue // of this one nothing came yet
		}
		require.EqualValues(t, committed, gathered(t, m, "kafka_reader_committed_offset", "partition", strconv.Itoa(p)), p)
	}
}

// Trap kafkax/22: messages that are deleted while a reader comes to them are counted, to
// the message: Kafka says nothing, and the reader goes on where there is something.
func TestDeletedAreCountedAsSkipped(t *testing.T) {
	t.Parallel()
	s := realserver.Kafka(t)
	tr := askTruth(t, s.Addr())
	tr.createTopic(topic, 1)
	w := newWriter(t, s.Addr())
	const size, count, deleted = 2000, 100, 60
	w.BatchSize = 1 // so that the reader can't fetch them all at once
	for range count / 10 {
		msgs := messages(0, 10)
		for i := range msgs {
			msgs[i].Value = make([]byte, size)
		}
		require.NoError(t, w.WriteMessages(t.Context(), msgs...))
	}
	m, err := kafkax.New()
	require.NoError(t, err)
	cfg := readerConfig("billing", s.Addr())
	cfg.MaxBytes, cfg.QueueCapacity = size+size/2, 1
	r, err := m.Reader("r", openReader(t, cfg))
	require.NoError(t, err)
	last := int64(-1)
	for last < 9 {
		got, err := r.ReadMessage(t.Context())
		require.NoError(t, err)
		last = got.Offset
	}
	require.Zero(t, gathered(t, m, "kafka_reader_skipped_offsets_total"))
	tr.deleteBefore(topic, 0, deleted)
	for {
		got, err := r.ReadMessage(t.Context())
		require.NoError(t, err)
		if got.Offset != last+1 {
			require.EqualValues(t, deleted, got.Offset)
			break
		}
		last = got.Offset // it was on its way
		require.Less(t, last, int64(deleted-1), "nothing was skipped")
	}
	require.EqualValues(t, deleted-1-last, gathered(t, m, "kafka_reader_skipped_offsets_total"))
	require.EqualValues(t, count-deleted-1, gathered(t, m, "kafka_reader_lag_messages", "partition", "0"))
}

// Through a kill the counts add up: every message offered has one outcome, and what
// counts as delivered is in the log.
func TestCountsThroughAKill(t *testing.T) {
	t.Parallel()
	s := realserver.Kafka(t)
	tr := askTruth(t, s.Addr())
	const partitions = 2
	tr.createTopic(topic, partitions)
	m, err := kafkax.New()
	require.NoError(t, err)
	bare := newWriter(t, s.Addr())
	bare.WriteTimeout, bare.ReadTimeout, bare.MaxAttempts = 2*time.Second, 2*time.Second, 3
	w, err := m.Writer("w", bare)
	require.NoError(t, err)
	r, err := m.Reader("r", newReader(t, "billing", s.Addr()))
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	l, read := &load{w: w}, new(sink)
	readersGone := read.reads(ctx, r)
	writing, stop := context.WithCancel(ctx)
	writersGone := l.writers(writing, 2)
	l.proceeds(t, 100)
	s.Kill()
	refused := l.refused.Load()
	await(t, "a write fails", func() bool { return l.refused.Load() > refused })
	s.Restart()
	l.proceeds(t, 100)
	stop()
	writersGone()
	require.NoError(t, w.Flush(t.Context()))

	outcome := func(result string) int64 {
		return int64(gathered(t, m, "kafka_writer_messages_total", "result", result))
	}
	logged := tr.values(topic, partitions)
	require.Zero(t, l.missing(logged))
	require.Equal(t, l.next.Load(), outcome("delivered")+outcome("failed")+outcome("rejected")+outcome("unacked"))
	require.GreaterOrEqual(t, outcome("delivered"), l.acked.Load(), "a call that failed may have delivered some of its messages")
	require.LessOrEqual(t, outcome("delivered"), int64(len(logged)))
	require.Positive(t, outcome("failed")+outcome("rejected"))
	require.Zero(t, gathered(t, m, "kafka_writer_in_flight_messages"))

	await(t, "all is read", func() bool { return len(read.all()) == len(logged) })
	cancel()
	readersGone()
	total := 0
	for _, n := range read.all() {
		total += n
	}
	require.EqualValues(t, total, gathered(t, m, "kafka_reader_messages_total"))
	sameOffsets(t, m, tr, partitions)
	t.Logf("offered %d: delivered %d, failed %d, rejected %d; in the log %d, read %d times",
		l.next.Load(), outcome("delivered"), outcome("failed"), outcome("rejected"), len(logged), total)
}
