package kafkax_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

func TestClientsComeAndGo(t *testing.T) {
	m, err := kafkax.New()
	require.NoError(t, err)
	reg := registryOf(t, m)
	first, second := statsWriter(t, newBroker(), "likes"), statsWriter(t, newBroker(), "likes")
	removeFirst, err := m.ObserveWriter("likes", first)
	require.NoError(t, err)
	removeSecond, err := m.ObserveWriter("likes", second)
	require.NoError(t, err)
	write(t, first, 2)
	write(t, second, 3)

	removeFirst()
	require.InDelta(t, 5, scrape(t, reg)[attempts], 0, "what it counted stays with the other, or the counter would fall")
	removeFirst() // again: nothing happens to the other
	write(t, first, 10)
	write(t, second, 1)
	require.InDelta(t, 6, scrape(t, reg)[attempts], 0, "what it counts now is of no concern")
	removeSecond()
	require.Equal(t, []string{"kafka_client_folded_topics"}, names(scrape(t, reg)))

	_, err = m.ObserveWriter("likes", first)
	require.NoError(t, err)
	require.InDelta(t, 12, scrape(t, reg)[attempts], 0, "a writer that comes back has all that it ever counted")
}

// A counter that goes on where it was must not say that it began anew: Prometheus
// would count twice what it has.
func TestWhatComesBackBeganWithTheProcess(t *testing.T) {
	m, err := kafkax.New()
	require.NoError(t, err)
	reg := registryOf(t, m)
	w := statsWriter(t, newBroker(), "likes")
	began := func() time.Time {
		remove, err := m.ObserveWriter("likes", w)
		require.NoError(t, err)
		defer remove()
		families, err := reg.Gather()
		require.NoError(t, err)
		for _, f := range families {
			if f.GetName() == "kafka_writer_attempts_total" {
				return f.Metric[0].Counter.CreatedTimestamp.AsTime()
			}
		}
		t.Fatal("no attempts")
		return time.Time{}
	}
	before := time.Now()
	first := began()
	write(t, w, 1)
	require.True(t, first.Before(before))
	require.Equal(t, first, began())
}

func TestAWriterObservedTwiceCountsOnce(t *testing.T) {
	m, err := kafkax.New()
	require.NoError(t, err)
	reg := registryOf(t, m)
	w := statsWriter(t, newBroker(), "likes")
	removeOne, err := m.ObserveWriter("likes", w)
	require.NoError(t, err)
	removeOther, err := m.ObserveWriter("likes", w)
	require.NoError(t, err)
	_, err = m.ObserveWriter("alias", w)
	require.NoError(t, err)
	write(t, w, 4)
	got := scrape(t, reg)
	require.InDelta(t, 4, got[attempts], 0)
	require.InDelta(t, 4, got[`kafka_writer_attempts_total{topic="likes",writer="alias"}`], 0)
	removeOne()
	removeOne()
	require.Contains(t, scrape(t, reg), attempts, "the other one still observes it")
	removeOther()
	require.NotContains(t, scrape(t, reg), attempts)
}

func TestTotalsTakeNothingAway(t *testing.T) {
	broker := newBroker()
	failures := 2
	broker.produce = func(context.Context, batch) answer {
		if failures > 0 {
			failures--
			return answer{code: kafka.NotLeaderForPartition}
		}
		return answer{throttle: 1500}
	}
	w := statsWriter(t, broker, "likes")
	c, err := kafkax.NewWriterCollector(w)
	require.NoError(t, err)
	other := registryOf(t, writerMetrics(t, w))
	write(t, w, 1)
	scrape(t, other)
	for range 2 {
		got := c.Totals()
		require.EqualValues(t, 3, got.Attempts)
		require.EqualValues(t, 3, got.AttemptMessages)
		require.EqualValues(t, 2, got.AttemptErrors)
		require.EqualValues(t, 2, got.Retries)
		require.Equal(t, 1500*time.Millisecond, got.Throttle.Sum)
		require.EqualValues(t, 3, got.AttemptDuration.Count)
		require.Positive(t, got.AttemptBytes)
	}
	shown := scrape(t, registryOf(t, c))
	require.InDelta(t, 1.5, shown[`kafka_writer_throttle_seconds_total{topic="likes",writer="likes"}`], 0)
	require.InDelta(t, 3, shown[`kafka_writer_attempt_duration_seconds_count{topic="likes",writer="likes"}`], 0)
	require.Contains(t, shown, `kafka_writer_info{acks="all",async="false",compression="uncompressed",topic="likes",writer="likes"}`)
}

// The Dials of a writer's Stats are those of a deprecated constructor: they stay
// at zero for all others, however many connections there are.
func TestWritersShowNoDials(t *testing.T) {
	w := statsWriter(t, newBroker(), "likes")
	write(t, w, 1)
	require.Zero(t, w.Stats().Dials)
	for series := range scrape(t, registryOf(t, writerCollector(t, w))) {
		require.NotContains(t, series, "dial")
	}
}

// A reader whose brokers are away tries again and again, and says nothing.
func TestAReaderWithoutABrokerIsSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		away := errors.New("no broker")
		r := kafka.NewReader(kafka.ReaderConfig{
			Brokers: []string{"127.0.0.1:9092"}, Topic: "likes",
			Dialer: &kafka.Dialer{DialFunc: func(context.Context, string, string) (net.Conn, error) { return nil, away }},
		})
		c, err := kafkax.NewReaderCollector(r)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = r.FetchMessage(ctx)
		require.Error(t, err)
		require.NoError(t, r.Close())
		totals, shown := c.Totals(), scrape(t, registryOf(t, c))
		require.Positive(t, totals.Dials)
		require.InDelta(t, totals.Dials, shown[`kafka_reader_dials_total{group="",reader="likes/0"}`], 0)
		require.NotContains(t, shown, `kafka_reader_lag_messages{group="",partition="0",reader="likes/0",topic="likes"}`,
			"nobody knows the lag of who never read")
	})
}

func TestObserveAmidScrapes(t *testing.T) {
	m, err := kafkax.New()
	require.NoError(t, err)
	reg := registryOf(t, m)
	kept := statsWriter(t, newBroker(), "likes")
	_, err = m.ObserveWriter("likes", kept)
	require.NoError(t, err)
	done := make(chan struct{})
	var busy sync.WaitGroup
	for range 2 {
		busy.Go(func() { scrapeUntil(t, reg, done) })
		busy.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				remove, err := m.ObserveWriter("likes", &kafka.Writer{Topic: "likes"})
				if err != nil {
					t.Errorf("ObserveWriter: %v", err)
					return
				}
				remove()
			}
		})
	}
	write(t, kept, 300)
	close(done)
	busy.Wait()
	require.InDelta(t, 300, scrape(t, reg)[attempts], 0)
}
