package kafkax_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// A scrape asks no broker: it is over in no time while every client hangs.
func TestAScrapeWaitsForNoBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := newBroker()
		broker.produce = func(ctx context.Context, _ batch) answer {
			<-ctx.Done()
			return answer{err: ctx.Err()}
		}
		w := statsWriter(t, broker, "likes")
		r := kafka.NewReader(kafka.ReaderConfig{
			Brokers: []string{"127.0.0.1:9092"}, Topic: "likes",
			Dialer: &kafka.Dialer{DialFunc: func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			}},
		})
		m, err := kafkax.New()
		require.NoError(t, err)
		_, err = m.ObserveWriter("likes", w)
		require.NoError(t, err)
		_, err = m.ObserveReader("counts", r)
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		var clients sync.WaitGroup
		clients.Go(func() { _ = w.WriteMessages(ctx, kafka.Message{Value: []byte("42")}) })
		clients.Go(func() { _, _ = r.FetchMessage(ctx) })
		synctest.Wait()

		reg, begun := registryOf(t, m), time.Now()
		require.InDelta(t, 0, scrape(t, reg)[attempts], 0, "the attempt isn't over")
		require.Zero(t, time.Since(begun))

		cancel()
		clients.Wait()
		require.NoError(t, r.Close())
		require.NoError(t, w.Close())
		require.Positive(t, scrape(t, reg)[attempts], "what hung is counted in the end")
	})
}
