package smsfailover_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

func newMonitor(t testing.TB, opts ...smsfailover.MonitorOption) *smsfailover.ErrorRateMonitor {
	t.Helper()
	m, err := smsfailover.NewErrorRateMonitor(opts...)
	require.NoError(t, err)
	return m
}

// inBubble runs f where time stands still until everybody sleeps.
func inBubble(t *testing.T, name string, f func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, f) })
}

func record(m *smsfailover.ErrorRateMonitor, ok, failed int) {
	for range ok {
		m.RecordResult(true)
	}
	for range failed {
		m.RecordResult(false)
	}
}

// acquire takes a permit that must be had.
func acquire(t *testing.T, m *smsfailover.ErrorRateMonitor) smsfailover.Permit {
	t.Helper()
	p, ok := m.Acquire()
	require.True(t, ok, "no permit in %v", m.Snapshot().State)
	return p
}

func refuse(t *testing.T, m *smsfailover.ErrorRateMonitor) {
	t.Helper()
	_, ok := m.Acquire()
	require.False(t, ok, "a permit in %v", m.Snapshot().State)
}

func requireState(t *testing.T, m *smsfailover.ErrorRateMonitor, want smsfailover.MonitorState) {
	t.Helper()
	require.Equal(t, want, m.Snapshot().State)
}

func TestMonitorOpensOverTheThreshold(t *testing.T) {
	for _, tc := range []struct {
		name       string
		ok, failed int
		over       bool
	}{
		{"nothing", 0, 0, false},
		{"too small a sample", 0, 9, false},
		{"all failed", 0, 10, true},
		{"at the threshold", 7, 3, false},
		{"over it", 7, 4, true},
		{"more traffic raises no threshold", 7000, 3001, true},
		{"nor lowers it", 7000, 3000, false},
	} {
		inBubble(t, tc.name, func(t *testing.T) {
			m := newMonitor(t)
			record(m, tc.ok, tc.failed)
			require.Equal(t, tc.over, m.CheckErrorRate())
			_, let := m.Acquire()
			require.Equal(t, tc.over, !let)
			s := m.Snapshot()
			require.Equal(t, tc.over, s.Over)
			require.Equal(t, uint64(tc.ok), s.OK)
			require.Equal(t, uint64(tc.failed), s.Failed)
		})
	}
}

// The order of results doesn't matter: a success that completes the sample opens
// as well.
func TestMonitorOpensOnTheResultThatCompletesTheSample(t *testing.T) {
	m := newMonitor(t, smsfailover.WithWindow(time.Hour))
	record(m, 0, 4)
	record(m, 5, 0)
	requireState(t, m, smsfailover.StateClosed)
	record(m, 1, 0)
	requireState(t, m, smsfailover.StateOpen)
}

func TestMonitorSeesOnlyItsWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMonitor(t, smsfailover.WithWindow(16*time.Second))
		record(m, 90, 0)
		time.Sleep(10 * time.Second)
		record(m, 0, 10)
		require.False(t, m.CheckErrorRate())
		require.InDelta(t, 0.1, m.Snapshot().Rate, 1e-9)
		time.Sleep(6 * time.Second) // the successes have left, the failures haven't
		require.True(t, m.CheckErrorRate())
		require.InDelta(t, 1, m.Snapshot().Rate, 1e-9)
	})
}

// Trap smsfailover/11: stale rate.
func TestRateIsFreshAfterSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMonitor(t, smsfailover.WithWindow(10*time.Second), smsfailover.WithThreshold(1))
		record(m, 0, 1000)
		require.InDelta(t, 1, m.Snapshot().Rate, 0)
		time.Sleep(30 * time.Second)
		require.Zero(t, m.Snapshot().Rate)
		require.False(t, m.CheckErrorRate())
		acquire(t, m).Done(smsfailover.Success)

		require.NoError(t, m.SetThreshold(0.3))
		record(m, 0, 1000)
		require.True(t, m.CheckErrorRate())
		refuse(t, m)
		time.Sleep(30 * time.Second) // nobody calls; the monitor is past its rest
		require.Zero(t, m.Snapshot().Rate)
		require.False(t, m.CheckErrorRate())
		acquire(t, m).Done(smsfailover.Success)
	})
}

func TestMonitorGoesRound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMonitor(t, smsfailover.WithOpenFor(5*time.Second), smsfailover.WithProbes(2, time.Minute))
		record(m, 0, 10)
		refuse(t, m)
		require.Equal(t, 5*time.Second, m.RetryAfter())
		time.Sleep(5*time.Second - time.Nanosecond)
		refuse(t, m)
		require.Equal(t, time.Nanosecond, m.RetryAfter())
		time.Sleep(time.Nanosecond)
		requireState(t, m, smsfailover.StateHalfOpen)
		require.Zero(t, m.RetryAfter())

		one, two := acquire(t, m), acquire(t, m)
		refuse(t, m) // no more than two
		require.Equal(t, 2, m.Snapshot().Probes)
		require.Equal(t, 5*time.Second, m.RetryAfter())
		one.Done(smsfailover.Success)
		refuse(t, m) // one has passed, one is under way: a third can't be needed
		two.Done(smsfailover.Permanent)

		s := m.Snapshot()
		require.Equal(t, smsfailover.StateClosed, s.State)
		require.Zero(t, s.OK+s.Failed, "the window starts empty")
		require.True(t, s.Since.Equal(time.Now()))
		require.False(t, m.CheckErrorRate())
		acquire(t, m).Done(smsfailover.Success)
	})
}

func TestFailedProbeOpensAgain(t *testing.T) {
	for _, c := range []smsfailover.Class{smsfailover.Transient, smsfailover.Throttled, smsfailover.Class(99)} {
		inBubble(t, c.String(), func(t *testing.T) {
			m := newMonitor(t)
			record(m, 0, 10)
			time.Sleep(5 * time.Second)
			good, bad, late := acquire(t, m), acquire(t, m), acquire(t, m)
			good.Done(smsfailover.Success)
			bad.Done(c)
			requireState(t, m, smsfailover.StateOpen)
			require.Equal(t, 5*time.Second, m.RetryAfter())
			late.Done(smsfailover.Success)
			requireState(t, m, smsfailover.StateOpen)
		})
	}
}

func TestCanceledProbeIsGivenToAnother(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMonitor(t, smsfailover.WithProbes(1, time.Minute))
		record(m, 0, 10)
		time.Sleep(5 * time.Second)
		acquire(t, m).Done(smsfailover.Canceled)
		requireState(t, m, smsfailover.StateHalfOpen)
		acquire(t, m).Done(smsfailover.Success)
		requireState(t, m, smsfailover.StateClosed)
	})
}

// Trap smsfailover/12: probe leak.
func TestLostProbeIsReplacedAtItsDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMonitor(t, smsfailover.WithProbes(1, 20*time.Second))
		record(m, 0, 10)
		time.Sleep(5 * time.Second)
		lost := acquire(t, m) // its goroutine dies here
		time.Sleep(20*time.Second - time.Nanosecond)
		refuse(t, m)
		require.Equal(t, time.Nanosecond, m.RetryAfter())
		time.Sleep(time.Nanosecond)
		probe := acquire(t, m)
		lost.Done(smsfailover.Success)
		requireState(t, m, smsfailover.StateHalfOpen)
		probe.Done(smsfailover.Success)
		requireState(t, m, smsfailover.StateClosed)
	})
}

// A lost probe counts as a failure: the rest after it is never shorter than
// WithOpenFor, counted from when the probe was let go.
func TestLostProbesKeepTheirDistance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMonitor(t, smsfailover.WithOpenFor(5*time.Second), smsfailover.WithProbes(3, time.Second))
		record(m, 0, 10)
		for range 10 {
			time.Sleep(5*time.Second - time.Nanosecond)
			refuse(t, m)
			time.Sleep(time.Nanosecond)
			for range 3 {
				acquire(t, m)
			}
			refuse(t, m)
		}
		time.Sleep(time.Second)
		requireState(t, m, smsfailover.StateOpen)
		require.Equal(t, 4*time.Second, m.RetryAfter())
	})
}

// Trap smsfailover/13: late result.
func TestResultFromBeforeOpenDoesNotClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMonitor(t, smsfailover.WithProbes(1, time.Minute))
		early := make([]smsfailover.Permit, 100)
		for i := range early {
			early[i] = acquire(t, m)
		}
		record(m, 0, 10)
		requireState(t, m, smsfailover.StateOpen)
		early[0].Done(smsfailover.Success)
		time.Sleep(5 * time.Second)
		requireState(t, m, smsfailover.StateHalfOpen)
		probe := acquire(t, m)
		for _, p := range early[1:50] {
			p.Done(smsfailover.Success)
		}
		record(m, 100, 0) // without a permit nobody knows when the send began
		requireState(t, m, smsfailover.StateHalfOpen)

		probe.Done(smsfailover.Success)
		requireState(t, m, smsfailover.StateClosed)
		for _, p := range early[50:] {
			p.Done(smsfailover.Transient)
		}
		s := m.Snapshot()
		require.Equal(t, smsfailover.StateClosed, s.State)
		require.Zero(t, s.Failed, "failures of old were counted after the recovery")
	})
}

func TestClassesCount(t *testing.T) {
	for c, want := range map[smsfailover.Class][2]uint64{
		smsfailover.Success:   {1, 0},
		smsfailover.Permanent: {1, 0},
		smsfailover.Transient: {0, 1},
		smsfailover.Throttled: {0, 1},
		smsfailover.Class(77): {0, 1},
		smsfailover.Canceled:  {0, 0},
	} {
		m := newMonitor(t)
		acquire(t, m).Done(c)
		s := m.Snapshot()
		require.Equal(t, want, [2]uint64{s.OK, s.Failed}, c.String())
	}
}

func TestPermitCountsOnce(t *testing.T) {
	m := newMonitor(t)
	p := acquire(t, m)
	twin := p
	p.Done(smsfailover.Transient)
	p.Done(smsfailover.Transient)
	twin.Done(smsfailover.Success)
	for range 1000 { // permits that may have taken over what p was made of
		acquire(t, m).Done(smsfailover.Success)
		p.Done(smsfailover.Transient)
	}
	s := m.Snapshot()
	require.Equal(t, uint64(1), s.Failed)
	require.Equal(t, uint64(1000), s.OK)

	smsfailover.Permit{}.Done(smsfailover.Transient) // nobody's
}

func TestSetThreshold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMonitor(t, smsfailover.WithThreshold(1))
		record(m, 5, 5)
		requireState(t, m, smsfailover.StateClosed)
		require.NoError(t, m.SetThreshold(0.4))
		requireState(t, m, smsfailover.StateOpen)
		require.InDelta(t, 0.4, m.Snapshot().Threshold, 0)
		require.NoError(t, m.SetThreshold(1))
		refuse(t, m) // only probes close it
	})
}

func TestMonitorAllocatesNothing(t *testing.T) {
	m := newMonitor(t)
	for name, f := range map[string]func(){
		"record and check": func() { m.RecordResult(true); m.CheckErrorRate() },
		"permit":           func() { p, _ := m.Acquire(); p.Done(smsfailover.Success) },
		"snapshot":         func() { m.Snapshot(); m.Health(); m.RetryAfter() },
	} {
		if got := testing.AllocsPerRun(1000, f); got != 0 {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
}
