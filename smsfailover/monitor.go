package smsfailover

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// An ErrorRateMonitor watches the share of sends that fail, and says when to
// send less, when to stop, and when to start again. It is a circuit breaker
// (Nygard, Release It!, 2007) on the error rate of a sliding window:
//
//	           rate over the threshold
//	Closed ─────────────────────────────▶ Open ◀──────┐
//	  ▲                                    │ OpenFor   │ a probe fails,
//	  │    all probes succeed              ▼           │ or never reports
//	  └───────────────────────────────── HalfOpen ────┘
//
// Closed lets everything through. Open lets nothing through. HalfOpen lets a few
// probes through, each with a deadline. When they have all succeeded the window
// starts empty, and [ErrorRateMonitor.Health] rises slowly, so that who has a
// queue to send doesn't send it all at once.
//
// Throttled and Transient results are failures. Permanent ones are not: the
// provider answered, and the fault was the message's. Canceled ones don't count.
//
// It takes constant memory, and no goroutine: what time alone changes, the next
// call sees. It is safe for concurrent use, and must not be copied, nor used
// without [NewErrorRateMonitor]. A result costs one compare-and-swap and no
// allocation.
type ErrorRateMonitor struct {
	window    rateWindow
	phase     atomic.Uint64 // of the state machine, so that Closed needs no lock
	threshold atomic.Uint64 // the bits of a float64
	cfg       monitorConfig
	start     time.Time // what the times below count from, in nanoseconds

	mu      sync.Mutex
	machine machine // guarded by mu; its phase is copied to the one above
	news    news
}

// NewErrorRateMonitor returns a monitor in StateClosed. It starts nothing.
// Without options it opens when more than 30 % of 10 or more results of the last
// 30 seconds failed, sends 3 probes after 5 seconds, and takes 30 more to regain
// full health. Its error wraps [ErrInput] and names every bad option.
func NewErrorRateMonitor(opts ...MonitorOption) (*ErrorRateMonitor, error) {
	cfg, err := newMonitorConfig(opts)
	if err != nil {
		return nil, err
	}
	m := &ErrorRateMonitor{cfg: cfg, start: time.Now()}
	m.window.width = max(1, int64(cfg.window)/windowBuckets)
	m.threshold.Store(math.Float64bits(cfg.threshold))
	m.machine.init(&cfg)
	return m, nil
}

// Acquire asks to send one message, and reports whether it may go. If so, call
// [Permit.Done] with what came of it. If not, [ErrorRateMonitor.RetryAfter] says
// when to ask again.
func (m *ErrorRateMonitor) Acquire() (Permit, bool) {
	p := phase(m.phase.Load())
	if p.state() == StateClosed {
		return m.newPermit(p, 0), true
	}
	m.mu.Lock()
	now := m.now()
	m.advance(now)
	slot, ok := 0, true
	if m.machine.phase.state() != StateClosed {
		slot, ok = m.machine.grant(now)
	}
	p = m.machine.phase
	m.mu.Unlock()
	m.tell()
	if !ok {
		return Permit{}, false
	}
	return m.newPermit(p, slot), true
}

// RecordResult counts a send that had no [Permit], as the original TinyBook did.
// It can open the monitor, and never closes it: the result of a send that began
// before the provider broke would be taken for a recovery. Who records this way
// only goes by [ErrorRateMonitor.CheckErrorRate].
func (m *ErrorRateMonitor) RecordResult(ok bool) { m.record(m.now(), ok) }

// CheckErrorRate reports whether the error rate of the window, as it is now, is
// over the threshold; never on fewer than the minimum of samples. It looks at the
// window alone: a monitor can be open while its window has run empty.
func (m *ErrorRateMonitor) CheckErrorRate() bool {
	return m.over(m.window.sum(m.now()))
}

// SetThreshold changes the threshold, above 0 and up to 1. A lower one can open
// the monitor at once; a higher one doesn't close it, probes do. Its error wraps
// [ErrInput], and then nothing has changed.
func (m *ErrorRateMonitor) SetThreshold(ratio float64) error {
	if err := checkThreshold("SetThreshold", ratio); err != nil {
		return err
	}
	m.threshold.Store(math.Float64bits(ratio))
	if m.CheckErrorRate() {
		m.trip()
	}
	return nil
}

// made reports whether m is from NewErrorRateMonitor.
func (m *ErrorRateMonitor) made() bool { return m != nil && m.window.width > 0 }

// now returns the time since m was made, by the monotonic clock.
func (m *ErrorRateMonitor) now() int64 { return int64(time.Since(m.start)) }

func (m *ErrorRateMonitor) closed() bool { return phase(m.phase.Load()).state() == StateClosed }

func (m *ErrorRateMonitor) limit() float64 { return math.Float64frombits(m.threshold.Load()) }

func (m *ErrorRateMonitor) over(t tally) bool {
	return t.failed > 0 && t.total() >= uint64(m.cfg.minSamples) && t.rate() > m.limit()
}

// record counts a result, and opens a closed monitor if it has to. A failure can
// raise the rate over the threshold. A success can't; it can complete the minimum
// sample, but not where its bucket alone had that before.
func (m *ErrorRateMonitor) record(now int64, ok bool) {
	bucket, _ := m.window.add(now, ok)
	if ok && bucket.total() > uint64(m.cfg.minSamples) {
		return
	}
	if m.over(m.window.sum(now)) && m.closed() {
		m.trip()
	}
}

// trip opens the monitor if it is closed and the rate is over the threshold.
func (m *ErrorRateMonitor) trip() {
	m.mu.Lock()
	now := m.now()
	if m.machine.phase.state() == StateClosed && m.over(m.window.sum(now)) {
		m.change(StateOpen, now)
	}
	m.mu.Unlock()
	m.tell()
}
