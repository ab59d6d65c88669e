package smsfailover

import (
	"fmt"
	"math"
	"slices"
	"sync/atomic"
)

// A MonitorState is where an [ErrorRateMonitor] stands.
type MonitorState uint8

// The states.
const (
	StateClosed   MonitorState = iota // sends go through
	StateOpen                         // none does
	StateHalfOpen                     // a few probes do
)

func (s MonitorState) String() string {
	switch s {
	case StateClosed:
		return "closed"
	case StateOpen:
		return "open"
	case StateHalfOpen:
		return "half-open"
	}
	return fmt.Sprintf("MonitorState(%d)", uint8(s))
}

// A phase is a state and the number of the change that led to it. A permit
// carries the phase it was given in, and its result counts in no other.
type phase uint64

func (p phase) state() MonitorState { return MonitorState(p & 3) }

func (p phase) next(s MonitorState) phase { return (p>>2+1)<<2 | phase(s) }

// A machine is the states with their times. Its methods take the time in
// nanoseconds on a clock that never steps back; the caller holds the lock.
type machine struct {
	phase     phase
	since     int64 // when the phase began
	openUntil int64
	recovered atomic.Int64 // when it last closed, longAgo if it never opened; read without the lock
	passed    int          // probes that succeeded in this phase
	probes    []probe
	cfg       *monitorConfig
}

// A probe is a slot for a permit of StateHalfOpen.
type probe struct {
	used              bool
	granted, deadline int64
}

const longAgo = math.MinInt64

func (a *machine) init(cfg *monitorConfig) {
	a.cfg = cfg
	a.recovered.Store(longAgo)
	a.probes = make([]probe, cfg.probes)
}

// enter begins a phase.
func (a *machine) enter(s MonitorState, now int64) {
	a.phase, a.since = a.phase.next(s), now
	a.passed = 0
	clear(a.probes)
	switch s {
	case StateOpen:
		a.openUntil = now + int64(a.cfg.openFor)
	case StateClosed:
		a.recovered.Store(now)
	}
}

// due returns the state that time alone leads to at now.
func (a *machine) due(now int64) (next MonitorState, at int64, ok bool) {
	switch a.phase.state() {
	case StateOpen:
		return StateHalfOpen, a.openUntil, now >= a.openUntil
	case StateHalfOpen:
		_, deadline := a.oldest()
		return StateOpen, deadline, now >= deadline
	default:
		return 0, 0, false
	}
}

// oldest returns when the probe with the nearest deadline was granted, and that
// deadline, or the end of time.
func (a *machine) oldest() (granted, deadline int64) {
	deadline = math.MaxInt64
	for _, p := range a.probes {
		if p.used && p.deadline < deadline {
			granted, deadline = p.granted, p.deadline
		}
	}
	return granted, deadline
}

// grant takes a slot, counted from 1. No more are granted than are still needed,
// so that a phase has as many probes as must succeed.
func (a *machine) grant(now int64) (slot int, ok bool) {
	if a.phase.state() != StateHalfOpen || a.passed+a.inFlight() >= len(a.probes) {
		return 0, false
	}
	i := slices.IndexFunc(a.probes, func(p probe) bool { return !p.used })
	a.probes[i] = probe{used: true, granted: now, deadline: now + int64(a.cfg.probeTimeout)}
	return i + 1, true
}

func (a *machine) inFlight() int {
	n := 0
	for _, p := range a.probes {
		if p.used {
			n++
		}
	}
	return n
}

// wait returns how long it is until a permit can be had, at most.
func (a *machine) wait(now int64) int64 {
	switch {
	case a.phase.state() == StateOpen:
		return max(0, a.openUntil-now)
	case a.phase.state() == StateHalfOpen && a.passed+a.inFlight() >= len(a.probes):
		_, deadline := a.oldest()
		return min(deadline-now, int64(a.cfg.openFor))
	}
	return 0
}
