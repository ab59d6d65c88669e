package smsfailover

import "time"

// A MonitorChange tells of one step from state to state.
type MonitorChange struct {
	From, To MonitorState
	At       time.Time
	Rate     float64 // of the window then
}

// news holds what hooks are yet to be told; guarded by the monitor's lock.
type news struct {
	hooks   []func(MonitorChange)
	waiting []notice
	telling bool
}

type notice struct {
	hook   func(MonitorChange)
	change MonitorChange
}

// OnChange calls fn for every change of state from now on. Functions are called
// in the order they were given in, one call at a time, and one change after the
// other. The call comes from a goroutine that is using the monitor, maybe not the
// one that made the change, with no lock held: fn may use the monitor, and should
// be quick. A nil fn is ignored. Functions can't be removed.
func (m *ErrorRateMonitor) OnChange(fn func(MonitorChange)) {
	if fn == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.news.hooks = append(m.news.hooks, fn)
}

// change enters a state; the caller holds the lock, and calls tell without it.
func (m *ErrorRateMonitor) change(to MonitorState, at int64) {
	from := m.machine.phase.state()
	now := m.now()
	c := MonitorChange{
		From: from, To: to,
		At:   time.Now().Add(time.Duration(at - now)),
		Rate: m.window.sum(now).rate(),
	}
	m.machine.enter(to, at)
	if to == StateClosed {
		m.window.reset()
	}
	m.phase.Store(uint64(m.machine.phase))
	for _, hook := range m.news.hooks {
		m.news.waiting = append(m.news.waiting, notice{hook, c})
	}
}

// advance makes the changes that time alone makes; the caller holds the lock,
// and calls tell without it.
func (m *ErrorRateMonitor) advance(now int64) {
	for {
		to, at, ok := m.machine.due(now)
		if !ok {
			return
		}
		granted, _ := m.machine.oldest()
		if to == StateOpen {
			m.window.add(now, false)
		}
		m.change(to, at)
		if to == StateOpen {
			// The provider has been left alone since that probe was granted.
			m.machine.openUntil = max(at, granted+int64(m.cfg.openFor))
		}
	}
}

// tell calls the hooks that wait, unless another goroutine is at it: that one
// then calls these too.
func (m *ErrorRateMonitor) tell() {
	for m.tellOne() {
	}
}

func (m *ErrorRateMonitor) tellOne() bool {
	m.mu.Lock()
	if m.news.telling || len(m.news.waiting) == 0 {
		m.mu.Unlock()
		return false
	}
	n := m.news.waiting[0]
	m.news.waiting = m.news.waiting[1:]
	m.news.telling = true
	m.mu.Unlock()
	defer func() { // also when the hook panics
		m.mu.Lock()
		m.news.telling = false
		m.mu.Unlock()
	}()
	n.hook(n.change)
	return true
}
