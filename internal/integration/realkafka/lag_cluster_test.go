package realkafka_test

import (
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/kafkax"
)

// While a leader is gone, and once others lead, the lag is the truth or isn't there:
// no poll says anything else.
func TestLagThroughTheDeathOfALeader(t *testing.T) {
	t.Parallel()
	c := realserver.StartKafkaCluster(t)
	tr := askTruth(t, c.Addrs()...)
	const partitions, each = 6, 20
	tr.createTopic(topic, partitions)
	require.NoError(t, newWriter(t, c.Addrs()...).WriteMessages(t.Context(), messages(0, partitions*each)...))
	r := newReader(t, "billing", c.Addrs()...)
	drain(t, r, partitions*each/2)
	require.NoError(t, r.Close())
	want := tr.lag("billing", topic, partitions)

	client := &kafka.Client{Addr: kafka.TCP(c.Addrs()...), Transport: transport(t)}
	l, err := kafkax.NewLagCollector(client, []kafkax.Group{{ID: "billing"}}, kafkax.WithExactAge(partitions))
	require.NoError(t, err)
	// poll reports whether everything could be read; what could is checked.
	poll := func() bool {
		began := time.Now()
		s, err := l.Poll(t.Context())
		fresh := 0
		for _, p := range s.Partitions {
			require.Equal(t, want[p.Partition], p.Messages, "partition %d", p.Partition)
			require.GreaterOrEqual(t, p.Age, time.Duration(0))
			if p.At.After(began) {
				fresh++
			}
		}
		if err == nil {
			require.Equal(t, partitions, fresh, "a poll without an error has them all")
		}
		return err == nil
	}
	await(t, "all is read", poll)
	c.Node(2).Kill()
	failed := 0
	await(t, "all is read without a leader", func() bool {
		ok := poll()
		if !ok {
			failed++
		}
		return ok && len(tr.leaders(topic)) == partitions
	})
	require.NotContains(t, leadersOf(tr, topic), 2)
	c.Node(2).Restart()
	for range 20 {
		poll()
	}
	await(t, "all is read", poll)
	t.Logf("%d polls could not read everything", failed)
}

func leadersOf(tr truth, topic string) (brokers []int) {
	for _, id := range tr.leaders(topic) {
		brokers = append(brokers, id)
	}
	return brokers
}
