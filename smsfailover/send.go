package smsfailover

import (
	"context"
	"errors"
	"math"
	"time"
)

// A verdict says what came of trying to send a message.
type verdict uint8

const (
	taken    verdict = iota // the provider has it
	failed                  // an attempt that failed; later it may work
	held                    // no attempt: wait for so long
	refused                 // no attempt: the monitor lets nothing through
	hopeless                // it will never be taken, or never let go
	expired                 // its NotAfter has passed
	gaveUp                  // not sent, or cut short, as its context is done
)

// A result is a verdict with its reason.
type result struct {
	verdict verdict
	after   time.Duration // how long to wait, when held or refused
	err     error         // why; redacted
}

// try asks the limiter, the monitor and the provider, in this order. The first
// two obey ask, so that a caller who leaves in time sends nothing. The provider
// obeys send and until: what is half sent must not be cut off by a caller who
// leaves.
func (f *Failover) try(ask, send context.Context, m *Message, until time.Time) result {
	// An open monitor is asked first, since it costs no token of the limiter.
	if d := f.gate.RetryAfter(); d > 0 {
		return result{verdict: refused, after: d}
	}
	if r := f.limit(ask, m); r.verdict != taken {
		return r
	}
	permit, ok := f.acquire()
	if !ok {
		return result{verdict: refused, after: f.gate.RetryAfter()}
	}
	defer permit.Done(Canceled) // counts if nothing else was said
	switch {
	case ask.Err() != nil:
		return result{verdict: gaveUp, err: context.Cause(ask)}
	case past(m):
		return result{verdict: expired, err: ErrExpired}
	}
	class, r := f.provide(send, m, f.deadline(m, until))
	permit.Done(class)
	return r
}

// limit asks the limiter; taken means go on.
func (f *Failover) limit(ctx context.Context, m *Message) result {
	if f.cfg.limiter == nil {
		return result{verdict: taken}
	}
	call, cancel := context.WithTimeout(ctx, f.cfg.callTimeout)
	defer cancel()
	switch wait, err := f.cfg.limiter.Take(call, f.cfg.limitKey(*m)); {
	case ctx.Err() != nil:
		return result{verdict: gaveUp, err: context.Cause(ctx)}
	case err != nil:
		f.count.limiterErrors.Add(1)
		return result{verdict: held, after: pauseAfterError, err: redactError(err, m)}
	case wait == math.MaxInt64:
		return result{verdict: hopeless, err: ErrNever}
	case wait > 0:
		return result{verdict: held, after: min(wait, maxDuration), err: errLimited}
	}
	return result{verdict: taken}
}

// Why a message was held back, for hooks.
var (
	errLimited = errors.New("smsfailover: limited")
	errOpen    = errors.New("smsfailover: the provider is given a rest")
)

// pauseAfterError is how long a message waits when the limiter can't be asked,
// or the provider wants less without saying how much.
const pauseAfterError = time.Second

func past(m *Message) bool { return !m.NotAfter.IsZero() && !time.Now().Before(m.NotAfter) }

// deadline returns when a send that begins now must have ended.
func (f *Failover) deadline(m *Message, until time.Time) time.Time {
	end := time.Now().Add(f.cfg.sendTimeout)
	for _, t := range [...]time.Time{m.NotAfter, until} {
		if !t.IsZero() && t.Before(end) {
			end = t
		}
	}
	return end
}
