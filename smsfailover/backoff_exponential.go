package smsfailover

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Exponential returns the Backoff of the original TinyBook: attempt n waits
//
//	base * multiplier^n * (1 - randomization + 2*randomization*r)
//
// with a random r from 0 to 1, and no more than limit, which holds after the
// randomization. So at limit all wait alike, and a low randomization sends them
// back together: [FullJitter] is the better one for many messages.
//
// A base below 1 ms is taken for 1 ms, a limit below base for base, a multiplier
// that isn't a number of 1 or more for 1, and a randomization outside 0 to 1 for
// the nearer of the two. A wait is at least 1 ms.
func Exponential(base time.Duration, multiplier, randomization float64, limit time.Duration) Backoff {
	b := newBounds("Exponential", base, limit)
	e := exponential{bounds: b, multiplier: multiplier, randomization: randomization}
	if !(multiplier >= 1 && multiplier <= math.MaxFloat64) {
		e.multiplier = 1
		e.err = errors.Join(e.err, fmt.Errorf("%w: Exponential: multiplier %v, want 1 or more", ErrInput, multiplier))
	}
	if !(randomization >= 0 && randomization <= 1) {
		e.randomization = 0
		if randomization > 1 {
			e.randomization = 1
		}
		e.err = errors.Join(e.err, fmt.Errorf("%w: Exponential: randomization %v, want 0 to 1", ErrInput, randomization))
	}
	return e
}

type exponential struct {
	bounds
	multiplier, randomization float64
}

func (b exponential) Delay(attempt int, _ time.Duration) time.Duration {
	d := float64(b.base) * math.Pow(b.multiplier, float64(max(0, attempt)))
	d *= 1 - b.randomization + 2*b.randomization*rand.Float64()
	// Written so that what is too large for a Duration, or not a number since
	// infinity met a factor of 0, never becomes one.
	if !(d < float64(b.max)) {
		return b.max
	}
	return max(time.Duration(d), leastDelay)
}
