package smsfailover

import "time"

// A gate is what Failover asks of a monitor without sending: an ErrorRateMonitor,
// or a provider that has some inside, like a Chain.
type gate interface {
	Health() float64
	RetryAfter() time.Duration
}

// fine is the gate where there is none.
type fine struct{}

func (fine) Health() float64           { return 1 }
func (fine) RetryAfter() time.Duration { return 0 }

func newGate(m *ErrorRateMonitor, provider Service) gate {
	if m != nil {
		return m
	}
	if g, ok := provider.(gate); ok {
		return g
	}
	return fine{}
}

// acquire asks the monitor, if there is one.
func (f *Failover) acquire() (Permit, bool) {
	if f.cfg.monitor == nil {
		return Permit{}, true
	}
	return f.cfg.monitor.Acquire()
}
