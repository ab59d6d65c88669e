package realkafka_test

import (
	"fmt"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
)

// Whatever a writer waits for and packs with, what it wrote is there, once.
func TestWritten(t *testing.T) {
	t.Parallel()
	s := realserver.Kafka(t)
	tr := askTruth(t, s.Addr())
	n := 0
	for _, acks := range []kafka.RequiredAcks{kafka.RequireNone, kafka.RequireOne, kafka.RequireAll} {
		for _, async := range []bool{false, true} {
			for _, codec := range []kafka.Compression{0, kafka.Gzip, kafka.Snappy, kafka.Lz4, kafka.Zstd} {
				n++
				name := fmt.Sprintf("topic-%d", n)
				t.Run(fmt.Sprintf("acks=%v/async=%v/codec=%v", acks, async, codec), func(t *testing.T) {
					tr := tr.of(t)
					tr.createTopic(name, 2)
					w := newWriter(t, s.Addr())
					w.Topic, w.RequiredAcks, w.Async, w.Compression = name, acks, async, codec
					require.NoError(t, w.WriteMessages(t.Context(), messages(0, 50)...))
					if async || acks == kafka.RequireNone {
						await(t, "all is written", func() bool { return tr.messages(name, 2) == 50 })
					}
					require.Equal(t, []int64{25, 25}, tr.offsets(name, 2, logEnd))
				})
			}
		}
	}
	seen := tr.values("topic-5", 2)
	require.Len(t, seen, 50)
}

// messages returns messages whose values are the numbers from first.
func messages(first, n int) []kafka.Message {
	msgs := make([]kafka.Message, n)
	for i := range msgs {
		msgs[i].Value = fmt.Append(nil, first+i)
	}
	return msgs
}

// What the broker refuses comes back as the error that it named, and isn't written.
func TestRefused(t *testing.T) {
	t.Parallel()
	s := realserver.Kafka(t, "message.max.bytes=2000")
	tr := askTruth(t, s.Addr())
	tr.createTopic(topic, 1)
	w := newWriter(t, s.Addr())
	w.MaxAttempts = 2
	err := w.WriteMessages(t.Context(), kafka.Message{Value: make([]byte, 3000)})
	require.ErrorIs(t, writeErrors(err), kafka.MessageSizeTooLarge)
	w.Topic = "missing"
	err = w.WriteMessages(t.Context(), messages(0, 1)...)
	require.ErrorIs(t, writeErrors(err), kafka.UnknownTopicOrPartition)
	require.Zero(t, tr.messages(topic, 1))
}
