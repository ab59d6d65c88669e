package smsfailover_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

func TestChangesAreToldInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMonitor(t, smsfailover.WithProbes(1, time.Minute))
		var told []string
		start := time.Now()
		for _, name := range []string{"a", "b"} {
			m.OnChange(func(c smsfailover.MonitorChange) {
				told = append(told, fmt.Sprint(name, " ", c.From, "-", c.To, " ", c.At.Sub(start), " ", c.Rate))
			})
		}
		m.OnChange(nil)
		record(m, 10, 10)
		time.Sleep(12 * time.Second) // what time alone changes is told late, with its time
		p := acquire(t, m)
		time.Sleep(time.Second)
		p.Done(smsfailover.Success)
		require.Equal(t, []string{
			"a closed-open 0s 0.3333333333333333", "b closed-open 0s 0.3333333333333333",
			"a open-half-open 5s 0.5", "b open-half-open 5s 0.5",
			"a half-open-closed 13s 0.47619047619047616", "b half-open-closed 13s 0.47619047619047616",
		}, told)
	})
}

// A hook may use the monitor, also in ways that change it.
func TestHookMayUseTheMonitor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMonitor(t, smsfailover.WithProbes(1, time.Minute))
		var told []smsfailover.MonitorState
		inside := false
		m.OnChange(func(c smsfailover.MonitorChange) {
			require.False(t, inside, "called within its own call")
			inside = true
			defer func() { inside = false }()
			told = append(told, c.To)
			if c.To != smsfailover.StateHalfOpen || len(told) > 10 {
				return
			}
			acquire(t, m).Done(smsfailover.Transient) // opens it, within the hook
			require.Equal(t, smsfailover.StateOpen, m.Snapshot().State)
			m.OnChange(func(smsfailover.MonitorChange) {})
		})
		record(m, 0, 10)
		time.Sleep(5 * time.Second)
		m.Health()
		require.Equal(t, []smsfailover.MonitorState{
			smsfailover.StateOpen, smsfailover.StateHalfOpen, smsfailover.StateOpen,
		}, told)
	})
}

func TestHookThatPanicsStopsNoOther(t *testing.T) {
	m := newMonitor(t)
	told := 0
	m.OnChange(func(smsfailover.MonitorChange) { panic("hook") })
	m.OnChange(func(smsfailover.MonitorChange) { told++ })
	require.PanicsWithValue(t, "hook", func() { record(m, 0, 10) })
	require.Zero(t, told)
	m.Snapshot() // the next call goes on telling
	require.Equal(t, 1, told)
}

// Many goroutines use a monitor whose provider breaks and mends. Each hook must
// hear of an unbroken chain of changes, one at a time, and no phase may let more
// probes through than it has.
func TestMonitorUnderLoad(t *testing.T) {
	const probes = 3
	m := newMonitor(t,
		smsfailover.WithWindow(100*time.Millisecond), smsfailover.WithOpenFor(100*time.Microsecond),
		smsfailover.WithProbes(probes, 200*time.Microsecond), smsfailover.WithRamp(time.Millisecond))
	var busy sync.Mutex
	last, changes := smsfailover.StateClosed, 0
	m.OnChange(func(c smsfailover.MonitorChange) {
		if !busy.TryLock() {
			t.Error("two hooks at once")
			return
		}
		defer busy.Unlock()
		if c.From != last || c.From == c.To {
			t.Errorf("change %d: from %v to %v, was %v", changes, c.From, c.To, last)
		}
		last = c.To
		changes++
	})
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	var wg sync.WaitGroup
	for g := range 16 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(g)))
			for i := range 3000 {
				useMonitor(m, r, i/500%2 == 0)
				if s := m.Snapshot(); s.Probes > probes || s.Probes < 0 || s.Health < 0 || s.Health > 1 || s.RetryAfter < 0 {
					t.Errorf("%+v", s)
				}
			}
		})
	}
	wg.Wait()
	m.Snapshot()
	busy.Lock()
	defer busy.Unlock()
	require.Equal(t, m.Snapshot().State, last)
	require.Greater(t, changes, 3)
}

func useMonitor(m *smsfailover.ErrorRateMonitor, r *rand.Rand, broken bool) {
	p, ok := m.Acquire()
	if !ok {
		return
	}
	switch {
	case r.IntN(50) == 0: // lost
	case r.IntN(50) == 0:
		p.Done(smsfailover.Canceled)
	case broken:
		p.Done(smsfailover.Transient)
	default:
		p.Done(smsfailover.Success)
	}
}
