package kafkax_test

import (
	"context"
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

func TestAReaderKnowsWhatItDelivered(t *testing.T) {
	b := startBroker(t, 2)
	sent := time.Now().Add(-10 * time.Second)
	b.put(t, 0, 0, 30, sent)
	b.put(t, 1, 0, 10, sent)
	m := newMetrics(t)
	r := addReader(t, m, b)
	var last kafka.Message
	for _, msg := range fetch(t, r, 40) {
		if msg.Partition == 0 {
			last = msg
		}
	}
	f := figuresOf(t, m)
	f.want(t, 40, "kafka_reader_messages_total", "reader=r", "group=g", "topic=t")
	f.want(t, 40*5, "kafka_reader_message_bytes_total")
	f.want(t, 40, "kafka_reader_message_size_bytes_count")
	f.want(t, 40*5, "kafka_reader_message_size_bytes_sum")
	f.want(t, 40, "kafka_reader_delivery_latency_seconds_count")
	require.InDelta(t, 10, f.sum("kafka_reader_delivery_latency_seconds_sum")/40, 5)
	f.want(t, 30, "kafka_reader_position_offset", "partition=0")
	f.want(t, 10, "kafka_reader_position_offset", "partition=1")
	f.want(t, 30, "kafka_reader_high_watermark_offset", "partition=0")
	f.want(t, 0, "kafka_reader_lag_messages")
	f.want(t, 40, "kafka_reader_uncommitted_messages")
	f.absent(t, "kafka_reader_committed_offset")
	f.want(t, 0, "kafka_reader_skipped_offsets_total")
	f.want(t, 0, "kafka_reader_redelivered_messages_total")
	f.want(t, 1, "kafka_reader_rebalances_total")
	require.Positive(t, f.sum("kafka_reader_wait_seconds_total"))
	require.InDelta(t, float64(time.Now().Unix()), f.sum("kafka_reader_last_message_timestamp_seconds"), 10)

	require.NoError(t, r.CommitMessages(t.Context(), last))
	f = figuresOf(t, m)
	f.want(t, 30, "kafka_reader_committed_offset", "partition=0")
	f.want(t, 0, "kafka_reader_uncommitted_messages", "partition=0")
	f.want(t, 10, "kafka_reader_uncommitted_messages", "partition=1")
	f.want(t, 1, "kafka_reader_commits_total", "result=ok")
	f.want(t, 0, "kafka_reader_commits_total", "result=failed")
	f.want(t, 1, "kafka_reader_commit_duration_seconds_count", "result=ok")
	require.EqualValues(t, 30, b.committed(0))
}

func TestLagIsOfTheLastMessage(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 100, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b)
	fetch(t, r, 25)
	f := figuresOf(t, m)
	f.want(t, 75, "kafka_reader_lag_messages")
	f.want(t, 100, "kafka_reader_high_watermark_offset")
	fetch(t, r, 75)
	figuresOf(t, m).want(t, 0, "kafka_reader_lag_messages")
}

func TestOfTheOffsetsOfACommitTheHighestCounts(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 10, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b)
	msgs := fetch(t, r, 10)
	require.NoError(t, r.CommitMessages(t.Context(), msgs[3], msgs[7], msgs[5]))
	figuresOf(t, m).want(t, 8, "kafka_reader_committed_offset")
	require.EqualValues(t, 8, b.committed(0))
	require.NoError(t, r.CommitMessages(t.Context(), msgs[1])) // and back
	figuresOf(t, m).want(t, 2, "kafka_reader_committed_offset")
	require.EqualValues(t, 2, b.committed(0))
}

func TestACommitThatFailsIsCounted(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 10, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b)
	msgs := fetch(t, r, 10)
	b.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Err: kerr.OffsetMetadataTooLarge, Count: 3}) // kafka-go tries three times
	require.ErrorIs(t, r.CommitMessages(t.Context(), msgs...), kafka.OffsetMetadataTooLarge)
	f := figuresOf(t, m)
	f.want(t, 1, "kafka_reader_commits_total", "result=failed")
	f.want(t, 1, "kafka_reader_errors_total", "source=commit", "reason=offset_metadata_too_large")
	f.want(t, 10, "kafka_reader_uncommitted_messages")
	f.absent(t, "kafka_reader_committed_offset")
}

func TestAReaderOfOnePartitionHasNoCommits(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 10, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b, alone)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for range 10 {
		_, err := r.ReadMessage(ctx)
		require.NoError(t, err)
	}
	require.Error(t, r.CommitMessages(ctx, kafka.Message{Topic: "t"}))
	f := figuresOf(t, m)
	f.want(t, 10, "kafka_reader_messages_total", "group=")
	f.want(t, 10, "kafka_reader_position_offset")
	f.absent(t, "kafka_reader_commits_total")
	f.absent(t, "kafka_reader_uncommitted_messages")
	f.absent(t, "kafka_reader_errors_total")
}

func TestReadMessageCommits(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 3, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	msg, err := r.ReadMessage(ctx)
	require.NoError(t, err)
	require.Equal(t, "0000", string(msg.Value))
	require.EqualValues(t, 1, b.committed(0))
	figuresOf(t, m).want(t, 1, "kafka_reader_committed_offset")
}

// Trap kafkax/23: a clock that is ahead gives no negative latency.
func TestAMessageFromTheFutureIsZeroOld(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 4, time.Now().Add(time.Hour))
	m := newMetrics(t)
	r := addReader(t, m, b)
	msgs := fetch(t, r, 4)
	r.Done(msgs[0], nil)
	noTime := msgs[1]
	noTime.Time = time.Time{}
	r.Done(noTime, nil)
	f := figuresOf(t, m)
	f.want(t, 4, "kafka_reader_clock_skew_messages_total")
	f.want(t, 4, "kafka_reader_delivery_latency_seconds_count")
	f.want(t, 0, "kafka_reader_delivery_latency_seconds_sum")
	f.want(t, 1, "kafka_reader_end_to_end_latency_seconds_count")
	f.want(t, 0, "kafka_reader_end_to_end_latency_seconds_sum")
	f.want(t, 2, "kafka_reader_processed_messages_total", "result=ok")
}

// Trap kafkax/20: a reader that has nothing to read has no errors.
func TestAnIdleReaderHasNoErrors(t *testing.T) {
	b := startBroker(t, 1)
	m := newMetrics(t)
	var told lines
	r := addReader(t, m, b, func(c *kafka.ReaderConfig) {
		c.MaxWait = 20 * time.Millisecond // kafka-go then ends waits before the broker answers
		c.Logger, c.ErrorLogger = m.Logger(&told), m.ErrorLogger("r", "g", &told)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err := r.FetchMessage(ctx)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	f := figuresOf(t, m)
	f.absent(t, "kafka_reader_errors_total")
	require.Positive(t, f.sum("kafka_reader_timeouts_total")+f.sum("kafka_reader_retried_errors_total"))
	require.GreaterOrEqual(t, f.sum("kafka_reader_wait_seconds_total"), 1.9)
	require.True(t, told.has("subscribed"))
}

// Goroutines that fetch at once overtake each other, which is neither a gap nor a
// message that comes again.
func TestGoroutinesThatFetchTogetherSeeNoGaps(t *testing.T) {
	const n = 3000
	b := startBroker(t, 1)
	b.put(t, 0, 0, n, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := make(map[int64]bool)
	for range 4 {
		wg.Go(func() {
			for {
				msg, err := r.FetchMessage(ctx)
				if err != nil {
					return
				}
				mu.Lock()
				seen[msg.Offset] = true
				if len(seen) == n {
					cancel()
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	require.Len(t, seen, n)
	f := figuresOf(t, m)
	f.want(t, n, "kafka_reader_messages_total")
	f.want(t, 0, "kafka_reader_skipped_offsets_total")
	f.want(t, 0, "kafka_reader_redelivered_messages_total")
	f.absent(t, "kafka_reader_errors_total")
}

func TestAClosedReaderIsNoError(t *testing.T) {
	b := startBroker(t, 1)
	m := newMetrics(t)
	r := addReader(t, m, b)
	require.NoError(t, r.Close())
	_, err := r.FetchMessage(t.Context())
	require.ErrorIs(t, err, io.EOF)
	_, err = r.ReadMessage(t.Context())
	require.ErrorIs(t, err, io.EOF)
	figuresOf(t, m).absent(t, "kafka_reader_errors_total")
}

func TestPartitionsCountApartIfAsked(t *testing.T) {
	b := startBroker(t, 2)
	b.put(t, 0, 0, 3, time.Now())
	b.put(t, 1, 0, 4, time.Now())
	m, err := kafkax.New(kafkax.WithPartitionLabels(true))
	require.NoError(t, err)
	fetch(t, addReader(t, m, b), 7)
	f := figuresOf(t, m)
	f.want(t, 3, "kafka_reader_messages_total", "partition=0")
	f.want(t, 4*5, "kafka_reader_message_bytes_total", "partition=1")
}

// A manual loop whose messages are worked on at once still has its times.
func TestDoneKnowsWhenEachMessageWasDelivered(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 300, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b)
	msgs := fetch(t, r, 300)
	for i, msg := range msgs {
		var err error
		if i%3 == 0 {
			err = io.ErrUnexpectedEOF
		}
		r.Done(msg, err)
	}
	f := figuresOf(t, m)
	f.want(t, 200, "kafka_reader_processed_messages_total", "result=ok")
	f.want(t, 100, "kafka_reader_processed_messages_total", "result=failed")
	f.want(t, 256, "kafka_reader_processing_duration_seconds_count") // of the first 44 nobody knows
	f.want(t, 200, "kafka_reader_end_to_end_latency_seconds_count")
}

func TestStatsRobNobody(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 10, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b)
	fetch(t, r, 10)
	figuresOf(t, m).want(t, 10, "kafka_reader_fetched_messages_total")
	require.EqualValues(t, 10, r.Stats().Messages)
	require.Zero(t, r.Stats().Messages)
	figuresOf(t, m).want(t, 10, "kafka_reader_fetched_messages_total")
}

func TestRemoveTakesEverySeries(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 10, time.Now())
	m := newMetrics(t)
	r := addReader(t, m, b)
	fetch(t, r, 10)
	require.NotEmpty(t, figuresOf(t, m).sum("kafka_reader_messages_total"))
	r.Remove()
	r.Remove()
	for series := range figuresOf(t, m) {
		require.NotContains(t, series, "kafka_reader_")
	}
}

func TestReaderRefusesWhatItCannotInstrument(t *testing.T) {
	m := newMetrics(t)
	b := startBroker(t, 1)
	k := kafka.NewReader(kafka.ReaderConfig{Brokers: b.addrs, Topic: "t"})
	t.Cleanup(func() { require.NoError(t, k.Close()) })
	for name, f := range map[string]func() (*kafkax.Reader, error){
		"nil":     func() (*kafkax.Reader, error) { return m.Reader("r", nil) },
		"no name": func() (*kafkax.Reader, error) { return m.Reader("", k) },
		"no text": func() (*kafkax.Reader, error) { return m.Reader("\xff", k) },
	} {
		t.Run(name, func(t *testing.T) {
			r, err := f()
			require.ErrorIs(t, err, kafkax.ErrInput)
			require.Nil(t, r)
		})
	}
}
