package kafkaxlag_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/ycvk/tinybook/kafkax"
)

// Trap kafkax/13: a consumer is stuck while others get on; each partition's lag is
// what the broker itself knows.
func TestLagIsTheBrokersTruthForEachPartition(t *testing.T) {
	w := newWorld(t, kfake.NumBrokers(3), kfake.SeedTopics(6, "orders"))
	l := w.collector(t, []kafkax.Group{{ID: "stuck"}, {ID: "billing", Topics: []string{"orders"}}})
	for p := range 6 {
		w.produce(t, "orders", p, 100*p)
		w.commit(t, "stuck", "orders", p, 5)
	}
	w.commit(t, "billing", "orders", 3, 300)
	w.produce(t, "orders", 2, 5000)

	s := poll(t, l)
	require.Len(t, s.Partitions, 12)
	for _, p := range s.Partitions {
		if want := w.truth(p.Group, p.Topic, int32(p.Partition)); p.Messages != want {
			t.Errorf("%s on %s/%d: lag %d, the broker says %d", p.Group, p.Topic, p.Partition, p.Messages, want)
		}
	}
	require.EqualValues(t, 5195, find(t, s, "stuck", "orders", 2).Messages)
	require.EqualValues(t, 0, find(t, s, "billing", "orders", 3).Messages)
	require.EqualValues(t, 400, find(t, s, "billing", "orders", 4).Messages)
}
