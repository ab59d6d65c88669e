package kafkax_test

import (
	"context"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// Two of three batches are sent twice: what is of the attempt counts five, what is of
// the batch three.
func TestTheAgeAndSizeOfABatchAreObservedOnceABatch(t *testing.T) {
	b := newBroker()
	b.produce = func(_ context.Context, p batch) answer {
		if p.n <= 4 && p.n%2 == 1 {
			return answer{code: kafka.NotEnoughReplicas}
		}
		return answer{}
	}
	k := statsWriter(t, b, "t")
	c, err := kafkax.NewWriterCollector(k)
	require.NoError(t, err)
	m, err := kafkax.New()
	require.NoError(t, err)
	w, err := m.Writer("w", k)
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, w.WriteMessages(t.Context(), kafka.Message{Value: []byte("message")}))
	}
	require.NoError(t, w.Close())

	totals := c.Totals()
	require.EqualValues(t, 5, totals.Attempts)
	require.EqualValues(t, 2, totals.Retries)
	require.EqualValues(t, 5, totals.AttemptDuration.Count)
	require.EqualValues(t, 3, totals.BatchAge.Count)
	require.EqualValues(t, 3, totals.BatchQueueAge.Count)
	f := figuresOf(t, m)
	require.InDelta(t, 3, f.sum("kafka_writer_batch_age_seconds_count"), 0)
	require.InDelta(t, 3, f.sum("kafka_writer_batch_messages_count"), 0)
	require.InDelta(t, 3, f.sum("kafka_writer_batch_size_bytes_count"), 0)
	require.InDelta(t, 5, f.sum("kafka_writer_produce_requests_total"), 0)
}
