package kafkaxlag_test

import (
	"math/rand/v2"
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

// Whatever is written, committed, rewound, deleted or moved, each poll after it says
// what the broker's own state is.
func TestLagIsTheBrokersTruthAfterAnything(t *testing.T) {
	const partitions = 4
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rnd := rand.New(rand.NewPCG(seed, 0))
	w := newWorld(t, kfake.NumBrokers(3), kfake.SeedTopics(partitions, "t"))
	groups := []kafkax.Group{{ID: "a", Topics: []string{"t"}}, {ID: "b", Topics: []string{"t"}}}
	l := w.collector(t, groups)
	for range 80 {
		for range 1 + rnd.IntN(4) {
			w.anything(t, rnd, groups[rnd.IntN(2)].ID, rnd.IntN(partitions))
		}
		s := poll(t, l)
		require.Len(t, s.Partitions, 2*partitions)
		for _, p := range s.Partitions {
			info := w.PartitionInfo(p.Topic, int32(p.Partition))
			require.Equal(t, w.truth(p.Group, p.Topic, int32(p.Partition)), p.Messages, "%+v", p)
			require.Equal(t, [2]int64{info.LogStartOffset, info.HighWatermark}, [2]int64{p.Start, p.End})
			require.Equal(t, p.Status == kafkax.StatusTruncated, p.Truncated > 0)
		}
	}
}

// anything does something to a group on a partition.
func (w *world) anything(t *testing.T, rnd *rand.Rand, group string, partition int) {
	t.Helper()
	info := w.PartitionInfo("t", int32(partition))
	switch rnd.IntN(6) {
	case 0, 1, 2:
		w.produce(t, "t", partition, 1+rnd.IntN(20))
	case 3:
		w.commit(t, group, "t", partition, info.LogStartOffset+rnd.Int64N(info.HighWatermark-info.LogStartOffset+1))
	case 4:
		w.commit(t, group, "t", partition, info.HighWatermark)
	case 5:
		deleted := info.LogStartOffset + rnd.Int64N(info.HighWatermark-info.LogStartOffset+1)
		require.NoError(t, w.DeleteRecords("t", int32(partition), deleted))
	}
}
