// Package monitor puts the error-rate monitor of smsfailover beside two circuit
// breakers, each watching the failure rate of the last 30 seconds over a minimum
// of 10 results.
package monitor

import (
	"errors"
	"time"

	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/sony/gobreaker/v2"

	"github.com/ycvk/tinybook/smsfailover"
)

const (
	window     = 30 * time.Second
	minSamples = 10
	threshold  = 0.3
)

var errSend = errors.New("not sent")

// An Impl is a breaker to compare.
type Impl struct {
	Name string
	// Open returns a function that asks whether to send, and records a result. It
	// reports whether the answer was yes.
	Open func() func(ok bool) bool
}

// Impls returns the breakers. The first is the one the others are compared with.
func Impls() []Impl {
	return []Impl{
		{"record-check", recordCheck},
		{"permit", permit},
		{"gobreaker", goBreaker},
		{"failsafe", failsafe},
	}
}

func open() *smsfailover.ErrorRateMonitor {
	m, err := smsfailover.NewErrorRateMonitor(
		smsfailover.WithWindow(window),
		smsfailover.WithThreshold(threshold),
		smsfailover.WithMinSamples(minSamples),
	)
	if err != nil {
		panic(err)
	}
	return m
}

func recordCheck() func(bool) bool {
	m := open()
	return func(ok bool) bool {
		m.RecordResult(ok)
		return !m.CheckErrorRate()
	}
}

func permit() func(bool) bool {
	m := open()
	return func(ok bool) bool {
		p, yes := m.Acquire()
		if ok {
			p.Done(smsfailover.Success)
		} else {
			p.Done(smsfailover.Transient)
		}
		return yes
	}
}

func goBreaker() func(bool) bool {
	cb := gobreaker.NewTwoStepCircuitBreaker[any](gobreaker.Settings{
		Interval:     window,
		BucketPeriod: window / 10,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return c.Requests >= minSamples && float64(c.TotalFailures) > threshold*float64(c.Requests)
		},
	})
	return func(ok bool) bool {
		done, err := cb.Allow()
		if err != nil {
			return false
		}
		if ok {
			done(nil)
		} else {
			done(errSend)
		}
		return true
	}
}

func failsafe() func(bool) bool {
	cb := circuitbreaker.NewBuilder[any]().WithFailureRateThreshold(threshold, minSamples, window).Build()
	return func(ok bool) bool {
		yes := cb.TryAcquirePermit()
		if ok {
			cb.RecordSuccess()
		} else {
			cb.RecordFailure()
		}
		return yes
	}
}
