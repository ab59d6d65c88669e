package kafkatest_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax/kafkatest"
)

// In a bubble an hour takes no time, and a delay is exact.
func TestBubbleHasItsOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := kafkatest.Start(t, kafkatest.WithPipes(), kafkatest.WithTopic("t", 2))
		w := writer(t, broker, "t")
		w.Transport.(*kafka.Transport).MetadataTTL = time.Hour
		r := kafka.NewReader(kafka.ReaderConfig{
			Brokers: broker.Addrs(), Topic: "t", GroupID: "g", MaxWait: 10 * time.Second,
			Dialer: &kafka.Dialer{DialFunc: broker.Dial},
		})
		defer func() { require.NoError(t, r.Close()) }()
		began := time.Now()
		for i := range 60 {
			require.NoError(t, w.WriteMessages(t.Context(), kafka.Message{Value: fmt.Append(nil, i)}))
			m, err := r.ReadMessage(t.Context())
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint(i), string(m.Value))
			time.Sleep(time.Minute)
		}
		require.WithinRange(t, time.Now(), began.Add(time.Hour), began.Add(time.Hour+time.Minute))
		lag, err := broker.Lag("g", "t")
		require.NoError(t, err)
		require.Equal(t, []int64{0, 0}, lag)

		slow, err := broker.Delay(3*time.Second, kafkatest.Produce)
		require.NoError(t, err)
		before := time.Now()
		require.NoError(t, w.WriteMessages(t.Context(), kafka.Message{Value: []byte("late")}))
		require.Equal(t, 3*time.Second+batchTimeout, time.Since(before))
		require.Equal(t, 1, slow.Hits())
		slow.Remove()
		before = time.Now()
		require.NoError(t, w.WriteMessages(t.Context(), kafka.Message{Value: []byte("in time")}))
		require.Equal(t, batchTimeout, time.Since(before))
	})
}

// Requests on different connections are delayed side by side, and a delay that is
// removed ends at once.
func TestDelaysRunSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		broker := kafkatest.Start(t, kafkatest.WithPipes(), kafkatest.WithTopic("t", 1))
		slow, err := broker.Delay(5*time.Second, kafkatest.Produce)
		require.NoError(t, err)
		writers := make([]*kafka.Writer, 3)
		for i := range writers {
			writers[i] = writer(t, broker, "t")
		}
		for _, tc := range []struct{ removed, want time.Duration }{{0, 5 * time.Second}, {2 * time.Second, 2 * time.Second}} {
			began := time.Now()
			var all sync.WaitGroup
			for _, w := range writers {
				all.Go(func() {
					if err := tryWrite(context.Background(), w, 1); err != nil {
						t.Error(err)
					}
				})
			}
			if tc.removed > 0 {
				time.Sleep(tc.removed)
				slow.Remove()
			}
			all.Wait()
			require.WithinRange(t, time.Now(), began.Add(tc.want), began.Add(tc.want+10*time.Millisecond))
		}
		require.Equal(t, 6, slow.Hits())
		require.EqualValues(t, 6, end(t, broker, "t", 0))
	})
}
