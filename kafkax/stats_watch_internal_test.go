package kafkax

import (
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
)

// stuckReader is a reader whose Stats and Lag are what a test says.
type stuckReader struct {
	stats kafka.ReaderStats
	lag   int64
}

func (r *stuckReader) Stats() kafka.ReaderStats {
	s := r.stats
	r.stats.Messages, r.stats.Fetches = 0, 0
	return s
}

func (r *stuckReader) Lag() int64 { return r.lag }

func watchStuck(r *stuckReader, cfg kafka.ReaderConfig) (*watch, *registry) {
	c := applyOptions(nil)
	reg := newRegistry(&c, nil, groupReader, groupReaderStats)
	in := newFeed(r, &accumulator[kafka.ReaderStats]{fold: foldReader})
	return newReaderWatch(reg.scope(), "r", cfg, r, in, true), reg
}

// shown returns the only value of a gauge, and whether it has one.
func shown(t *testing.T, reg *registry, id metricID) (int64, bool) {
	t.Helper()
	entries := reg.families[id].snapshot()
	require.LessOrEqual(t, len(entries), 1)
	for _, e := range entries {
		return mergeGauges(table[id].merge, *e.cells.Load()), true
	}
	return 0, false
}

// Trap kafkax/3: a gauge that is set only when it is not zero never returns to it.
func TestLagReturnsToZero(t *testing.T) {
	r := &stuckReader{}
	w, reg := watchStuck(r, kafka.ReaderConfig{Topic: "t", Partition: 2})
	w.pump()
	_, there := shown(t, reg, readerLag)
	require.False(t, there, "before the first message the lag is not known")

	r.stats = kafka.ReaderStats{Messages: 12, QueueLength: 11}
	for _, lag := range []int64{8, 0, 8} {
		r.lag, r.stats.QueueLength = lag, lag
		w.pump()
		for _, id := range []metricID{readerLag, readerQueueMessages} {
			got, there := shown(t, reg, id)
			require.True(t, there)
			require.Equal(t, lag, got)
		}
	}
}

func TestGroupsHaveNoLagFromStats(t *testing.T) {
	r := &stuckReader{stats: kafka.ReaderStats{Messages: 9, Lag: 5}, lag: -1}
	w, reg := watchStuck(r, kafka.ReaderConfig{GroupID: "g", Topic: "t"})
	w.pump()
	_, there := shown(t, reg, readerLag)
	require.False(t, there, "Stats has the lag of whichever partition was fetched last")
}
