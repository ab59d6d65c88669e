package kafkastore

import (
	"errors"
	"io"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
)

// However much goes to one partition, no batch is larger than brokers take, and no
// request has two of one partition.
func TestBatchesAreParted(t *testing.T) {
	var g batchesOf
	big := make([]byte, 100<<10)
	n := 0
	for i := range 40 {
		g.add(place{"a", i % 2}, outgoing{value: big})
	}
	g.add(place{"b", 0}, outgoing{})
	for _, b := range g.all {
		size := 0
		for _, r := range b.records {
			size += len(r.value)
			n++
		}
		require.Less(t, size, 1<<20)
	}
	require.Equal(t, 41, n)
	for _, round := range rounds(g.all) {
		seen := make(map[place]bool)
		for _, b := range round {
			at := place{b.topic, b.partition}
			require.False(t, seen[at])
			seen[at] = true
			n -= len(b.records)
		}
	}
	require.Zero(t, n, "all are in a round")
}

// What may have been written is only written again where that does no harm.
func TestWhatIsTriedAgain(t *testing.T) {
	for _, tc := range []struct {
		err         error
		once, again bool
	}{
		{kafka.NotLeaderForPartition, true, true},
		{kafka.NotEnoughReplicas, true, true},
		{kafka.BrokerNotAvailable, true, true},
		{kafka.RequestTimedOut, false, true},
		{kafka.NotEnoughReplicasAfterAppend, false, true},
		{io.ErrUnexpectedEOF, false, true},
		{errors.New("write: broken pipe"), false, true},
		{kafka.MessageSizeTooLarge, false, false},
		{kafka.TopicAuthorizationFailed, false, false},
	} {
		require.Equal(t, tc.once, tryAgain(tc.err, once), "%v", tc.err)
		require.Equal(t, tc.again, tryAgain(tc.err, again), "%v", tc.err)
	}
}
