package kafkatest_test

import (
	"fmt"
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
