package e2e_test

import (
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
)

// startKafka starts a broker outside the application, and returns its address. It
// speaks what Kafka speaks.
func startKafka(t *testing.T) []string {
	t.Helper()
	broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(time.Second))
	require.NoError(t, err)
	t.Cleanup(broker.Close)
	return broker.ListenAddrs()
}

// events returns the values of all messages of a topic.
func events(t *testing.T, brokers []string, topic string) (all []string) {
	t.Helper()
	client := &kafka.Client{Addr: kafka.TCP(brokers...)}
	meta, err := client.Metadata(t.Context(), &kafka.MetadataRequest{Topics: []string{topic}})
	require.NoError(t, err)
	require.Len(t, meta.Topics, 1)
	for _, partition := range meta.Topics[0].Partitions {
		asked := map[string][]kafka.OffsetRequest{topic: {kafka.LastOffsetOf(partition.ID)}}
		ends, err := client.ListOffsets(t.Context(), &kafka.ListOffsetsRequest{Topics: asked})
		require.NoError(t, err)
		end := ends.Topics[topic][0].LastOffset
		reader := kafka.NewReader(kafka.ReaderConfig{Brokers: brokers, Topic: topic, Partition: partition.ID, MaxWait: 100 * time.Millisecond})
		require.NoError(t, reader.SetOffset(0))
		for reader.Offset() < end {
			m, err := reader.ReadMessage(t.Context())
			require.NoError(t, err)
			all = append(all, string(m.Value))
		}
		require.NoError(t, reader.Close())
	}
	return all
}

// told returns what the topic of changes says of each article: the change with the
// highest version.
func told(t *testing.T, brokers []string) map[int64]interactive.Change {
	t.Helper()
	newest := map[int64]interactive.Change{}
	for _, value := range events(t, brokers, interactive.ChangeTopic) {
		c, err := interactive.DecodeChange([]byte(value))
		require.NoError(t, err)
		if c.Version > newest[c.ID].Version {
			newest[c.ID] = c
		}
	}
	return newest
}
