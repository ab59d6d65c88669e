package smsfailover

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whoever rings while the workers are on their way to hear leaves them a second
// ring with nothing to tell. It doesn't make them forget what is due.
func TestARingWithNothingToTellForgetsNothing(t *testing.T) {
	a := alarm{rung: make(chan struct{}, 1)}
	var r runner
	a.ring(time.Hour)
	<-a.rung
	a.ring(time.Minute)
	r.hear(a.heard())
	require.WithinDuration(t, time.Now().Add(time.Minute), r.due, time.Second)
	due := r.due
	<-a.rung
	r.hear(a.heard())
	require.Equal(t, due, r.due)
}

// Of several rings the earliest counts.
func TestTheEarliestRingCounts(t *testing.T) {
	for _, after := range [][]time.Duration{
		{time.Hour, time.Minute, time.Second},
		{time.Second, time.Minute, time.Hour},
	} {
		a := alarm{rung: make(chan struct{}, 1)}
		for _, d := range after {
			a.ring(d)
		}
		require.WithinDuration(t, time.Now().Add(time.Second), a.heard(), time.Second)
		require.Len(t, a.rung, 1)
	}
}
