package ratelimit

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// Wait blocks until l has admitted n hits under key, and returns nil then. It
// starts no goroutine.
//
// It returns at once when no wait helps: an error that wraps [ErrNever] when n
// hits are never admitted at once, one that wraps [context.DeadlineExceeded] when
// they would be at ctx's deadline or later. When ctx ends meanwhile, the error wraps
// its cause. Errors of l, such as [ErrInput] and [ErrUnavailable], end the wait
// too. Wait takes nothing when it returns an error, unless l's own error leaves
// open what happened.
//
// It asks l, and when refused asks again after RetryAfter, never earlier. Those
// who wait for the same key are told the same time, so each comes up to an eighth
// of it later, at random and by no more than a second; who was refused often
// comes sooner, but there is no queue, and each of n waiters may ask up to n
// times. For many waiters or long waits, put the work into a queue instead.
func Wait(ctx context.Context, l Limiter, key string, n int) error {
	for try := 1; ; try++ {
		r, err := l.AllowN(ctx, key, n)
		if err != nil || r.OK() {
			return err
		}
		if r.RetryAfter == Never {
			return fmt.Errorf("%w: %d hits under %v", ErrNever, n, r.Limit)
		}
		after := max(r.RetryAfter, minSleep)
		if err := sleep(ctx, after, spread(after, try)); err != nil {
			return err
		}
	}
}

// spread returns how much later than after the waiter of the try-th refusal may
// come.
func spread(after time.Duration, try int) time.Duration {
	return min(after/8, time.Second, Never-after) / time.Duration(try)
}

// minSleep keeps a limiter that refuses without a RetryAfter, or with one that is
// past, from being asked in a hot loop.
const minSleep = time.Microsecond

// sleep waits for d and up to spread more, but ends before ctx's deadline; if d
// doesn't, it doesn't wait at all.
func sleep(ctx context.Context, d, spread time.Duration) error {
	if deadline, ok := ctx.Deadline(); ok {
		left := time.Until(deadline)
		if d >= left {
			return fmt.Errorf("ratelimit: %w: admitted in %v at the earliest", context.DeadlineExceeded, d)
		}
		spread = min(spread, left-d-1)
	}
	t := time.NewTimer(d + time.Duration(rand.Int64N(int64(spread)+1)))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return contextError(ctx)
	}
}
