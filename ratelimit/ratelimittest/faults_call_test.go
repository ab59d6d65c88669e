package ratelimittest_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

func callFaults() []fault {
	return []fault{
		{name: "takes what fits", caught: "sliding_log/AllOrNothing", open: with(func(f *faulty, l *ratelimit.Local) {
			f.allowN = func(ctx context.Context, key string, n int) (ratelimit.Result, error) {
				r, err := l.AllowN(ctx, key, n)
				if err == nil && !r.OK() && r.RetryAfter != ratelimit.Never {
					_, _ = l.AllowAtMost(ctx, key, n)
				}
				return r, err
			}
		})},
		{name: "Peek takes", caught: "sliding_log/PeekTakesNothing", open: with(func(f *faulty, l *ratelimit.Local) {
			f.peek = l.Allow
		})},
		{name: "takes none as one", caught: "sliding_log/BadArguments", open: with(func(f *faulty, l *ratelimit.Local) {
			f.allowN = func(ctx context.Context, key string, n int) (ratelimit.Result, error) {
				return l.AllowN(ctx, key, max(1, n))
			}
		})},
		{name: "ignores ctx", caught: "sliding_log/ContextDone", open: with(func(f *faulty, l *ratelimit.Local) {
			f.allowN = func(ctx context.Context, key string, n int) (ratelimit.Result, error) {
				return l.AllowN(context.WithoutCancel(ctx), key, n)
			}
		})},
		{name: "blames the store", caught: "sliding_log/ContextDone", says: "blames", open: with(func(f *faulty, l *ratelimit.Local) {
			f.allowN = func(ctx context.Context, key string, n int) (ratelimit.Result, error) {
				r, err := l.AllowN(ctx, key, n)
				if ctx.Err() != nil {
					err = errors.Join(ratelimit.ErrUnavailable, err)
				}
				return r, err
			}
		})},
		{name: "AtMost takes all or nothing", caught: "sliding_log/AtMostTakesWhatFits", open: with(func(f *faulty, l *ratelimit.Local) {
			f.atMost = l.AllowN
		})},
		{name: "AtMost loses fractions", caught: "GCRA/AtMostKeepsFractions", says: "want at least", open: losesFractions},
		{name: "AtMost loses large fractions", caught: "GCRA/AtMostKeepsLargeFractions", says: "want at least", open: losesFractions},
		{name: "ResetAfter too short", caught: "GCRA/ResetAfterIsTrue", open: with(func(f *faulty, l *ratelimit.Local) {
			f.atMost = func(ctx context.Context, key string, n int) (ratelimit.Result, error) {
				r, err := l.AllowAtMost(ctx, key, n)
				r.ResetAfter -= r.ResetAfter / 2
				return r, err
			}
		})},
		{name: "Reset does nothing", caught: "sliding_log/Reset", open: with(func(f *faulty, _ *ratelimit.Local) {
			f.reset = func(context.Context, string) error { return nil }
		})},
		{name: "Refund does nothing", caught: "sliding_log/RefundGivesRoom", open: with(func(f *faulty, _ *ratelimit.Local) {
			f.refund = func(context.Context, ratelimit.Receipt) error { return nil }
		})},
		{name: "Refund of one hit only", caught: "sliding_log/RefundAsIfNeverTaken", open: with(func(f *faulty, l *ratelimit.Local) {
			var once sync.Once
			f.refund = func(ctx context.Context, r ratelimit.Receipt) (err error) {
				once.Do(func() { err = l.Refund(ctx, r) })
				return err
			}
		})},
		{name: "Refund twice", caught: "sliding_log/RefundTwice", open: with(func(f *faulty, l *ratelimit.Local) {
			given := make(map[ratelimit.Receipt]bool)
			f.refund = func(ctx context.Context, r ratelimit.Receipt) error {
				if given[r] {
					f.credit++
				}
				given[r] = true
				return l.Refund(ctx, r)
			}
		})},
		{name: "late Refund", caught: "GCRA/RefundAfterTheWindow", open: with(creditsRefunds)},
		{name: "Refund of what was reset", caught: "sliding_log/RefundAfterReset", open: with(creditsRefunds)},
		{name: "looks before it takes", caught: "sliding_log/ManyGoroutinesAllow", open: with(func(f *faulty, l *ratelimit.Local) {
			f.allowN = func(ctx context.Context, key string, n int) (ratelimit.Result, error) {
				seen, err := l.Peek(ctx, key)
				if err != nil || seen.Remaining < n {
					return l.AllowN(ctx, key, n)
				}
				time.Sleep(time.Nanosecond) // the others look too
				_, _ = l.AllowAtMost(ctx, key, n)
				return ratelimit.Result{Allowed: n, Limit: seen.Limit}, nil
			}
		})},
	}
}

// creditsRefunds gives back as many hits as are refunded, at any time.
func creditsRefunds(f *faulty, _ *ratelimit.Local) {
	f.refund = func(_ context.Context, r ratelimit.Receipt) error {
		if r != (ratelimit.Receipt{}) {
			f.credit++
		}
		return nil
	}
}

// losesFractions counts in tenths of a hit, takes what tenths there are and
// admits whole hits.
func losesFractions(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) ratelimittest.Harness {
	for i := range limits {
		limits[i].N *= 10
	}
	l := local(t, a, limits)
	f := &faulty{Limiter: l}
	f.atMost = func(ctx context.Context, key string, n int) (ratelimit.Result, error) {
		r, err := l.AllowAtMost(ctx, key, 10*n)
		if r.Allowed /= 10; r.Allowed < n {
			r.RetryAfter = max(r.RetryAfter, 1)
		}
		return r, err
	}
	return ratelimittest.Harness{Limiter: f, NoAllowAll: true}
}
