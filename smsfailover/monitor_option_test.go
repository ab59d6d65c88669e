package smsfailover_test

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

func TestMonitorDefaults(t *testing.T) {
	s := newMonitor(t).Snapshot()
	require.Equal(t, smsfailover.StateClosed, s.State)
	require.Equal(t, 30*time.Second, s.Window)
	require.InDelta(t, 0.3, s.Threshold, 0)
	require.Equal(t, 10, s.MinSamples)
	require.InDelta(t, 1, s.Health, 0)
	require.Zero(t, s.RetryAfter)
}

func TestMonitorOptionsRefuse(t *testing.T) {
	for _, tc := range []struct {
		opt  smsfailover.MonitorOption
		want string
	}{
		{smsfailover.WithWindow(0), "WithWindow(0s)"},
		{smsfailover.WithWindow(99 * time.Millisecond), "WithWindow(99ms)"},
		{smsfailover.WithWindow(25 * time.Hour), "WithWindow(25h0m0s)"},
		{smsfailover.WithThreshold(0), "WithThreshold(0)"},
		{smsfailover.WithThreshold(-0.1), "WithThreshold(-0.1)"},
		{smsfailover.WithThreshold(30), "WithThreshold(30)"},
		{smsfailover.WithThreshold(math.NaN()), "WithThreshold(NaN)"},
		{smsfailover.WithMinSamples(0), "WithMinSamples(0)"},
		{smsfailover.WithMinSamples(100_001), "WithMinSamples(100001)"},
		{smsfailover.WithOpenFor(0), "WithOpenFor(0s)"},
		{smsfailover.WithOpenFor(-time.Second), "WithOpenFor(-1s)"},
		{smsfailover.WithProbes(0, time.Second), "WithProbes(0)"},
		{smsfailover.WithProbes(1001, time.Second), "WithProbes(1001)"},
		{smsfailover.WithProbes(1, 0), "WithProbes(0s)"},
		{smsfailover.WithRamp(-1), "WithRamp(-1ns)"},
		{nil, "option 0 is nil"},
	} {
		_, err := smsfailover.NewErrorRateMonitor(tc.opt)
		require.ErrorIs(t, err, smsfailover.ErrInput, tc.want)
		require.ErrorContains(t, err, tc.want)
	}
}

func TestMonitorNamesEveryBadOption(t *testing.T) {
	m, err := smsfailover.NewErrorRateMonitor(
		smsfailover.WithWindow(-1), smsfailover.WithProbes(0, 0), nil, smsfailover.WithThreshold(2))
	require.Nil(t, m)
	for _, want := range []string{"WithWindow(-1ns)", "WithProbes(0)", "WithProbes(0s)", "option 2", "WithThreshold(2)"} {
		require.ErrorContains(t, err, want)
	}
}

func TestSetThresholdRefuses(t *testing.T) {
	m := newMonitor(t)
	for _, ratio := range []float64{0, -1, 1.01, math.NaN(), math.Inf(1)} {
		require.ErrorIs(t, m.SetThreshold(ratio), smsfailover.ErrInput)
	}
	require.InDelta(t, 0.3, m.Snapshot().Threshold, 0)
}

func TestMonitorStateString(t *testing.T) {
	require.Equal(t, "closed", smsfailover.StateClosed.String())
	require.Equal(t, "open", smsfailover.StateOpen.String())
	require.Equal(t, "half-open", smsfailover.StateHalfOpen.String())
	require.Equal(t, "MonitorState(9)", smsfailover.MonitorState(9).String())
}
