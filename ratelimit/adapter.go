package ratelimit

import (
	"context"
	"time"
)

// Simple returns l as the interface of the original TinyBook, whose Limit takes
// one hit and reports whether key IS LIMITED: true means refused. An error comes
// with true, so that a caller that looks at the bool alone fails closed. It is
// safe for concurrent use, as l is.
func Simple(l Limiter) interface {
	Limit(ctx context.Context, key string) (bool, error)
} {
	return simple{l}
}

type simple struct{ l Limiter }

func (s simple) Limit(ctx context.Context, key string) (bool, error) {
	r, err := s.l.Allow(ctx, key)
	return err != nil || !r.OK(), err
}

// Taker returns l as a function of time alone, for packages that don't know this
// one: Take takes one hit and returns 0, or takes nothing and returns how long to
// wait, which is [Never] when waiting doesn't help. With an error nothing was
// admitted, whatever the wait. It is safe for concurrent use, as l is.
func Taker(l Limiter) interface {
	Take(ctx context.Context, key string) (wait time.Duration, err error)
} {
	return taker{l}
}

type taker struct{ l Limiter }

func (t taker) Take(ctx context.Context, key string) (time.Duration, error) {
	r, err := t.l.Allow(ctx, key)
	if err == nil && r.OK() {
		return 0, nil
	}
	return max(r.RetryAfter, 1), err // 0 would say go ahead
}
