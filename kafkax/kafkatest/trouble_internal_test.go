package kafkatest

import (
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
)

// A broker that runs for days doesn't gather what has been removed.
func TestTroublesThatAreOverAreForgotten(t *testing.T) {
	b := Start(t)
	lasting, err := b.Hold(Heartbeat)
	require.NoError(t, err)
	for range 100 {
		fault, err := b.Fault(Fault{Err: kafka.Unknown, Count: 1})
		require.NoError(t, err)
		fault.Remove()
		held, err := b.Hold()
		require.NoError(t, err)
		held.Remove()
	}
	require.LessOrEqual(t, len(b.troubles.all), 2, "the one that lasts and the last one")
	require.Same(t, lasting.source, b.troubles.all[0])
}
