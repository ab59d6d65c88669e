package smsfailover

import (
	"sync"
	"sync/atomic"
)

// A Permit lets one message through an [ErrorRateMonitor]. The zero Permit is
// nobody's, and its Done does nothing.
type Permit struct {
	monitor *ErrorRateMonitor
	ticket  *ticket
	number  uint64 // of the ticket
	phase   phase
	slot    int // of the probe, from 1; 0 for no probe
}

// Done reports what came of the message. Only the first call of a permit and its
// copies counts, so that
//
//	defer permit.Done(smsfailover.Canceled)
//
// gives back a permit on every other way out. A result that comes after the
// monitor has changed its state doesn't count: it says how things were before.
func (p Permit) Done(c Class) {
	if p.monitor == nil || !p.ticket.use(p.number) {
		return
	}
	if p.slot > 0 {
		p.monitor.probed(p, c)
		return
	}
	now := p.monitor.now()
	if c == Canceled || phase(p.monitor.phase.Load()) != p.phase {
		return
	}
	p.monitor.record(now, healthy(c))
}

// healthy reports whether c shows that the provider works.
func healthy(c Class) bool { return c == Success || c == Permanent }

// probed reports on a probe.
func (m *ErrorRateMonitor) probed(p Permit, c Class) {
	m.mu.Lock()
	now := m.now()
	m.advance(now)
	if m.machine.phase == p.phase {
		m.probeResult(p.slot, c, now)
	}
	m.mu.Unlock()
	m.tell()
}

// probeResult counts the result of a probe of this phase; the caller holds the
// lock, and calls tell without it.
func (m *ErrorRateMonitor) probeResult(slot int, c Class, now int64) {
	m.machine.probes[slot-1] = probe{}
	if c == Canceled {
		return
	}
	m.window.add(now, healthy(c))
	if !healthy(c) {
		m.change(StateOpen, now)
		return
	}
	m.machine.passed++
	if m.machine.passed == m.cfg.probes {
		m.change(StateClosed, now)
	}
}

// A ticket makes a permit, which is copied freely, count once. Its number goes up
// each time that it is used; a permit whose number has passed is void. It is then
// given to another permit, so that permits cost no allocation, and one that is
// never used is garbage.
type ticket struct{ number atomic.Uint64 }

var tickets = sync.Pool{New: func() any { return new(ticket) }}

func (m *ErrorRateMonitor) newPermit(p phase, slot int) Permit {
	t := tickets.Get().(*ticket)
	return Permit{monitor: m, ticket: t, number: t.number.Load(), phase: p, slot: slot}
}

// use reports whether this is the first use of the number.
func (t *ticket) use(number uint64) bool {
	if !t.number.CompareAndSwap(number, number+1) {
		return false
	}
	tickets.Put(t)
	return true
}
