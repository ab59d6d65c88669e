package smsfailover_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// Less is sent before nothing is.
func TestHealthFallsTowardsTheThreshold(t *testing.T) {
	for _, tc := range []struct {
		name       string
		ok, failed int
		want       float64
	}{
		{"nothing known", 0, 0, 1},
		{"too small a sample", 0, 9, 1},
		{"no failure", 100, 0, 1},
		{"half the threshold", 80, 20, 1},
		{"three quarters of it", 70, 30, 0.5},
		{"at the threshold", 60, 40, 0.05},
		{"over it", 59, 41, 0},
	} {
		inBubble(t, tc.name, func(t *testing.T) {
			m := newMonitor(t, smsfailover.WithThreshold(0.4))
			record(m, tc.ok, tc.failed)
			require.InDelta(t, tc.want, m.Health(), 1e-9)
			require.InDelta(t, tc.want, m.Snapshot().Health, 1e-9)
		})
	}
}

// recovered returns a monitor that has just closed again.
func recovered(t *testing.T, opts ...smsfailover.MonitorOption) *smsfailover.ErrorRateMonitor {
	t.Helper()
	m := newMonitor(t, append(opts, smsfailover.WithProbes(1, time.Minute))...)
	record(m, 0, 10)
	require.Zero(t, m.Health())
	time.Sleep(5 * time.Second)
	require.InDelta(t, 0.05, m.Health(), 1e-9)
	acquire(t, m).Done(smsfailover.Success)
	requireState(t, m, smsfailover.StateClosed)
	return m
}

// Trap smsfailover/15: thundering retry, second half: the ramp.
func TestHealthRisesSlowlyAfterRecovery(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := recovered(t, smsfailover.WithRamp(100*time.Second))
		for s := range 100 {
			require.InDelta(t, 0.05+0.95*float64(s)/100, m.Health(), 1e-9, "after %d s", s)
			acquire(t, m).Done(smsfailover.Success) // live traffic isn't held back
			time.Sleep(time.Second)
		}
		require.InDelta(t, 1, m.Health(), 0)
		time.Sleep(time.Hour)
		require.InDelta(t, 1, m.Health(), 0)
	})
}

func TestRampIsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		require.InDelta(t, 1, recovered(t, smsfailover.WithRamp(0)).Health(), 0)
	})
}

// The lower of the two counts.
func TestHealthOfARecoveringProviderThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := recovered(t, smsfailover.WithRamp(100*time.Second), smsfailover.WithThreshold(0.4))
		record(m, 70, 30)
		require.InDelta(t, 0.05, m.Health(), 1e-9)
		time.Sleep(20 * time.Second)
		require.InDelta(t, 0.24, m.Health(), 1e-9)
		time.Sleep(5 * time.Second)
		record(m, 0, 20) // 50 of 120
		requireState(t, m, smsfailover.StateOpen)
	})
}
