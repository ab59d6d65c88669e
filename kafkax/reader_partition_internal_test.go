package kafkax

import (
	"fmt"
	"math"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
)

// gaugesOf returns the gauges of the only partition of r.
func gaugesOf(r *Reader) map[metricID]int64 {
	all := make(map[metricID]int64)
	for _, id := range ownGauges {
		for _, e := range r.scope.reg.families[id].snapshot() {
			all[id] = r.scope.of(e).cell.(*gauge).value()
		}
	}
	return all
}

func TestTheGaugesOfAPartitionFollowItsGenerations(t *testing.T) {
	m, err := New()
	require.NoError(t, err)
	s := m.reg.scope()
	r := &Reader{name: "r", group: "g", scope: s}
	p := newPartition(place{"t", 0}, newReadSeries(s, "r", "g", place{"t", 0}))
	deliver := func(offset int64) {
		require.True(t, p.deliver(&kafka.Message{Topic: "t", Offset: offset, HighWaterMark: 100}, 0, 1, true))
	}
	r.partitions = map[place]*partition{p.place: p}
	check := func(want map[metricID]int64) {
		t.Helper()
		r.publish()
		require.Equal(t, want, gaugesOf(r))
	}
	check(map[metricID]int64{}) // nothing has come
	deliver(10)
	deliver(11)
	check(map[metricID]int64{readerPosition: 12, readerHighWatermark: 100, readerLag: 88, readerUncommitted: 2})
	p.commit(1, 10)
	check(map[metricID]int64{readerPosition: 12, readerHighWatermark: 100, readerLag: 88, readerCommitted: 11, readerUncommitted: 1})

	p.lose() // and here again before anybody has looked
	deliver(20)
	check(map[metricID]int64{readerPosition: 21, readerHighWatermark: 100, readerLag: 79, readerUncommitted: 1})
	p.lose()
	p.commit(2, 20) // of a call that was under way: whose it is, nobody knows
	check(map[metricID]int64{})
	p.begin(20)
	check(map[metricID]int64{readerPosition: 21, readerHighWatermark: 100, readerLag: 79, readerCommitted: 20, readerUncommitted: 1})
	require.EqualValues(t, 3, p.series.messages.value())
	require.Zero(t, p.series.skipped.value())
}

// Topics beyond the limit share gauges, which are those of what the reader still has.
func TestAFoldedPartitionThatGoesLeavesTheGaugesOfTheOthers(t *testing.T) {
	m, err := New(WithTopicLimit(1))
	require.NoError(t, err)
	m.reg.topics.label("first")
	s := m.reg.scope()
	r := &Reader{name: "r", group: "g", scope: s, partitions: make(map[place]*partition)}
	for i := range 20 { // whichever comes first
		at := place{fmt.Sprint("t", i), 0}
		p := newPartition(at, newReadSeries(s, "r", "g", at))
		p.begin(5)
		r.partitions[at] = p
	}
	kept := place{"t7", 0}
	want := map[metricID]int64{readerPosition: 5, readerHighWatermark: 0, readerLag: 0, readerCommitted: 5, readerUncommitted: 0}
	r.publish()
	require.Equal(t, want, gaugesOf(r))
	for at, p := range r.partitions {
		if at != kept {
			p.lose()
		}
	}
	r.publish()
	require.Equal(t, want, gaugesOf(r))
	r.partitions[kept].lose()
	r.publish()
	require.Empty(t, gaugesOf(r))
}

func TestAGapIsAskedForOnce(t *testing.T) {
	m, err := New()
	require.NoError(t, err)
	p := newPartition(place{"t", 0}, newReadSeries(m.reg.scope(), "r", "g", place{"t", 0}))
	require.True(t, p.deliver(&kafka.Message{Offset: 5}, 0, 1, false)) // the first is no gap
	require.True(t, p.deliver(&kafka.Message{Offset: 6}, 0, 1, false))
	require.False(t, p.deliver(&kafka.Message{Offset: 9}, 0, 1, false))
	require.True(t, p.deliver(&kafka.Message{Offset: 9}, 0, 1, true))
	require.True(t, p.deliver(&kafka.Message{Offset: 7}, 0, 1, false))
	require.Equal(t, pendingCounts{messages: 4, skipped: 2, redelivered: 1, last: 1}, p.pending)
}

// A gap makes the Reader look for a rebalance, even if it has just looked.
func TestAGapAfterARebalanceIsNotSkipped(t *testing.T) {
	m, err := New()
	require.NoError(t, err)
	rebalanced := false
	r := &Reader{name: "r", group: "g", scope: m.reg.scope(), clock: newStopwatch(), partitions: make(map[place]*partition)}
	r.generation.changed = func() bool {
		was := rebalanced
		rebalanced = false
		return was
	}
	r.generation.next.Store(math.MaxInt64)
	skipped := func(offset int64) int64 {
		r.deliver(&kafka.Message{Topic: "t", Offset: offset}, r.clock.elapsed())
		return r.partitions[place{"t", 0}].pending.skipped
	}
	require.Zero(t, skipped(5))
	rebalanced = true
	require.Zero(t, skipped(50)) // another reader had those between
	require.EqualValues(t, 9, skipped(60))
	require.EqualValues(t, 1, r.generation.n.Load())
}
