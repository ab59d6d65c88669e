package smsfailover

import (
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"
)

// FromBackOff returns a Backoff that follows one of cenkalti/backoff: Delay(n)
// takes a fresh one from newBackOff, resets it, and returns its answer number
// n+1. Its Stop is a stop, so that [backoff.WithMaxRetries] buries a message
// after so many retries; a delay below 1 ms is taken for 1 ms.
//
// MaxElapsedTime is not used: it would count from the call, not from the first
// try. It is switched off where newBackOff returns a *backoff.ExponentialBackOff;
// in one that is wrapped set it to 0, or it stops at any interval beyond it.
//
// Delay asks at most 10 000 times and then takes the last answer, so that a stop
// that comes later never does. Asking an ExponentialBackOff takes about a tenth
// of a microsecond each time. newBackOff is called concurrently, and what it
// returns is used by one call only. If it is nil or returns nil, the delays are
// those of FullJitter(2*time.Second, 5*time.Minute).
func FromBackOff(newBackOff func() backoff.BackOff) Backoff {
	return replayed{newBackOff}
}

const maxReplay = 10_000

var insteadOfNil = FullJitter(2*time.Second, 5*time.Minute)

type replayed struct{ newBackOff func() backoff.BackOff }

// Validate returns an error if there is nothing to replay.
func (r replayed) Validate() error {
	if r.newBackOff == nil {
		return fmt.Errorf("%w: FromBackOff: the function is nil", ErrInput)
	}
	if r.newBackOff() == nil {
		return fmt.Errorf("%w: FromBackOff: the function returns nil", ErrInput)
	}
	return nil
}

func (r replayed) Delay(attempt int, prev time.Duration) time.Duration {
	b := r.fresh()
	if b == nil {
		return insteadOfNil.Delay(attempt, prev)
	}
	var d time.Duration
	for range min(max(0, attempt), maxReplay-1) + 1 {
		if d = b.NextBackOff(); d < 0 {
			return backoff.Stop
		}
	}
	return max(d, leastDelay)
}

// fresh returns a reset BackOff: one that was written as a literal starts at 0.
func (r replayed) fresh() backoff.BackOff {
	if r.newBackOff == nil {
		return nil
	}
	b := r.newBackOff()
	if b == nil {
		return nil
	}
	if e, ok := b.(*backoff.ExponentialBackOff); ok {
		e.MaxElapsedTime = 0
		if e.Clock == nil {
			e.Clock = backoff.SystemClock
		}
	}
	b.Reset()
	return b
}
