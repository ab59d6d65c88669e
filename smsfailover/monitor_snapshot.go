package smsfailover

import "time"

// A MonitorSnapshot is an [ErrorRateMonitor] at one moment.
type MonitorSnapshot struct {
	State      MonitorState
	Since      time.Time     // when the state began
	OK, Failed uint64        // results in the window
	Rate       float64       // Failed of all of them, 0 without any
	Over       bool          // what CheckErrorRate says
	Threshold  float64       // as it is set now
	MinSamples int           // see WithMinSamples
	Window     time.Duration // see WithWindow
	Probes     int           // in flight
	RetryAfter time.Duration // what RetryAfter says
	Health     float64       // what Health says
}

// Snapshot returns the monitor as it is now. The counts are exact up to 262 143
// of either kind in a sixteenth of the window; a bucket that is fuller is halved,
// which leaves the rate as it was.
func (m *ErrorRateMonitor) Snapshot() MonitorSnapshot {
	m.mu.Lock()
	now := m.now()
	m.advance(now)
	t := m.window.sum(now)
	s := MonitorSnapshot{
		State: m.machine.phase.state(),
		Since: time.Now().Add(time.Duration(m.machine.since - now)),
		OK:    t.ok, Failed: t.failed, Rate: t.rate(),
		Over: m.over(t), Threshold: m.limit(),
		MinSamples: m.cfg.minSamples, Window: m.cfg.window,
		Probes:     m.machine.inFlight(),
		RetryAfter: time.Duration(m.machine.wait(now)),
		Health:     m.health(now, t),
	}
	m.mu.Unlock()
	m.tell()
	return s
}

// RetryAfter returns how long Acquire will go on saying no, at most: 0 when it
// may say yes. While probes are under way it is no longer than WithOpenFor.
func (m *ErrorRateMonitor) RetryAfter() time.Duration {
	if m.closed() {
		return 0
	}
	m.mu.Lock()
	now := m.now()
	m.advance(now)
	d := m.machine.wait(now)
	m.mu.Unlock()
	m.tell()
	return time.Duration(d)
}

const leastHealth = 0.05

// Health returns how much of the usual traffic, 0 to 1, the provider should get:
// who works off a queue takes so large a share of its usual batch, and at least
// one message where Health isn't 0. Acquire goes by the state alone.
//
// It is 0 in StateOpen and 0.05 in StateHalfOpen. In StateClosed it is 1 while
// the rate is at most half the threshold, and from there falls evenly to 0.05 at
// the threshold, so that less is sent before nothing is. After the monitor has
// closed again, it is also no more than what rises evenly from 0.05 to 1 within
// the time of [WithRamp].
func (m *ErrorRateMonitor) Health() float64 {
	now := m.now()
	if m.closed() {
		return m.closedHealth(now, m.window.sum(now))
	}
	m.mu.Lock()
	now = m.now()
	m.advance(now)
	h := m.health(now, m.window.sum(now))
	m.mu.Unlock()
	m.tell()
	return h
}

// health requires the lock.
func (m *ErrorRateMonitor) health(now int64, t tally) float64 {
	switch m.machine.phase.state() {
	case StateOpen:
		return 0
	case StateHalfOpen:
		return leastHealth
	}
	return m.closedHealth(now, t)
}

func (m *ErrorRateMonitor) closedHealth(now int64, t tally) float64 {
	return max(leastHealth, min(m.nearness(t), m.ramp(now)))
}

// nearness falls from 1 to 0 as the rate goes from half the threshold to all.
func (m *ErrorRateMonitor) nearness(t tally) float64 {
	if t.total() < uint64(m.cfg.minSamples) {
		return 1
	}
	return min(1, 2-2*t.rate()/m.limit())
}

// ramp rises from leastHealth to 1 after the monitor has closed again.
func (m *ErrorRateMonitor) ramp(now int64) float64 {
	recovered := m.machine.recovered.Load()
	if recovered == longAgo || m.cfg.ramp == 0 {
		return 1
	}
	passed := float64(now-recovered) / float64(m.cfg.ramp)
	return min(1, leastHealth+(1-leastHealth)*passed)
}
