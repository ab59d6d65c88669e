package realkafka_test

import (
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/kafkax"
)

// Trap kafkax/16: a topic that is deleted has no lag, and one that is made anew under
// its name has the lag of its own messages, not of what was committed before.
func TestLagOfATopicThatIsMadeAnew(t *testing.T) {
	t.Parallel()
	s := realserver.Kafka(t)
	tr := askTruth(t, s.Addr())
	const partitions = 2
	client := &kafka.Client{Addr: kafka.TCP(s.Addr()), Transport: transport(t)}
	l, err := kafkax.NewLagCollector(client, []kafkax.Group{{ID: "billing", Topics: []string{topic}}})
	require.NoError(t, err)
	// says waits for a poll without an error, and with that many partitions, of which
	// each has the lag that the broker knows.
	says := func(want int) {
		t.Helper()
		await(t, "the lag is told again", func() bool {
			snapshot, err := l.Poll(t.Context())
			for _, p := range snapshot.Partitions {
				require.GreaterOrEqual(t, p.Messages, int64(0))
			}
			return err == nil && len(snapshot.Partitions) == want
		})
		if want == 0 {
			return
		}
		for id, lag := range tr.lag("billing", topic, partitions) {
			require.Equal(t, lag, partition(t, l.Snapshot(), id).Messages)
		}
	}

	tr.createTopic(topic, partitions)
	require.NoError(t, newWriter(t, s.Addr()).WriteMessages(t.Context(), messages(0, 40)...))
	r := newReader(t, "billing", s.Addr())
	drain(t, r, 30)
	require.NoError(t, r.Close())
	says(partitions)

	tr.deleteTopic(topic)
	says(0)

	tr.createTopic(topic, partitions)
	require.NoError(t, newWriter(t, s.Addr()).WriteMessages(t.Context(), messages(0, 6)...))
	says(partitions)
	require.Equal(t, []int64{3, 3}, tr.lag("billing", topic, partitions), "Kafka forgets a topic's commits with it")
}
