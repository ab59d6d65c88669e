package kafkax_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// bareReader returns a kafka.Reader that nothing wraps, and its collector.
func bareReader(t *testing.T, b *broker, group string) (*kafka.Reader, *kafkax.ReaderCollector) {
	t.Helper()
	r := kafka.NewReader(kafka.ReaderConfig{
		Brokers: b.addrs, GroupID: group, Topic: "t", StartOffset: kafka.FirstOffset, MaxWait: 50 * time.Millisecond,
		SessionTimeout: 2 * time.Second, HeartbeatInterval: 50 * time.Millisecond, RebalanceTimeout: time.Second,
	})
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	c, err := kafkax.NewReaderCollector(r)
	require.NoError(t, err)
	return r, c
}

func fetchBare(t *testing.T, r *kafka.Reader, n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for range n {
		_, err := r.FetchMessage(ctx)
		require.NoError(t, err)
	}
}

// Trap kafkax/3: the lag of a reader that has caught up is 0, and shown.
func TestTheLagOfABareReaderFallsToZero(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 9, time.Now())
	r, c := bareReader(t, b, "")
	const lag = "kafka_reader_lag_messages"
	figuresOf(t, c).absent(t, lag)
	for read, want := range []float64{8, 7, 6, 5, 4, 3, 2, 1, 0} {
		fetchBare(t, r, 1)
		got, ok := figuresOf(t, c).get(lag, "reader=t/0", "topic=t", "partition=0")
		require.True(t, ok, "after %d messages", read+1)
		require.InDelta(t, want, got, 0, "whatever waits in the reader's queue")
	}
	b.put(t, 0, 9, 12, time.Now())
	fetchBare(t, r, 1)
	figuresOf(t, c).want(t, 2, lag)
}

// The lag in the Stats of a group is that of whichever partition was fetched
// last; it isn't shown.
func TestABareReaderOfAGroupShowsNoLag(t *testing.T) {
	b := startBroker(t, 2)
	b.put(t, 0, 0, 5, time.Now())
	b.put(t, 1, 0, 5, time.Now())
	r, c := bareReader(t, b, "g")
	fetchBare(t, r, 10)
	got := figuresOf(t, c)
	got.absent(t, "kafka_reader_lag_messages")
	require.Positive(t, got.sum("kafka_reader_rebalances_total", "reader=t", "group=g"))
	got.want(t, 10, "kafka_reader_fetched_messages_total")
	got.want(t, 50, "kafka_reader_fetched_bytes_total") // a key of 1 byte and a value of 4
}

// Trap kafkax/1: two collectors of a reader and a Metrics, scraped at once while it
// reads, each show all that the broker sent.
func TestScrapersOfAReaderDontRobEachOther(t *testing.T) {
	const messages = 2000
	b := startBroker(t, 1)
	b.put(t, 0, 0, messages, time.Now())
	r, c := bareReader(t, b, "")
	again, err := kafkax.NewReaderCollector(r)
	require.NoError(t, err)
	m := newMetrics(t)
	_, err = m.ObserveReader("r", r)
	require.NoError(t, err)
	done := make(chan struct{})
	var scrapers sync.WaitGroup
	for _, shown := range []prometheus.Collector{c, again, m, m} {
		reg := prometheus.NewPedanticRegistry()
		require.NoError(t, reg.Register(shown))
		scrapers.Go(func() { scrapeUntil(t, reg, done) })
	}
	fetchBare(t, r, messages)
	close(done)
	scrapers.Wait()
	for _, got := range []figures{figuresOf(t, c), figuresOf(t, again), figuresOf(t, m)} {
		got.want(t, messages, "kafka_reader_fetched_messages_total")
	}
	require.EqualValues(t, messages, c.Totals().Messages)
}

func scrapeUntil(t *testing.T, reg *prometheus.Registry, done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		default:
			if _, err := reg.Gather(); err != nil {
				t.Errorf("Gather: %v", err)
				return
			}
		}
	}
}

// An idle reader goes on fetching, and each of these counts: messages divided by
// fetches is no size of anything.
func TestAFetchCountsThoughItBringsNothing(t *testing.T) {
	b := startBroker(t, 1)
	b.put(t, 0, 0, 10, time.Now())
	r, c := bareReader(t, b, "")
	fetchBare(t, r, 10)
	require.Eventually(t, func() bool { return c.Totals().Timeouts >= 3 }, patience, 10*time.Millisecond)
	totals := c.Totals()
	require.EqualValues(t, 10, totals.Messages)
	require.Greater(t, totals.Fetches, totals.Timeouts)
}
