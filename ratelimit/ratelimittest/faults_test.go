package ratelimittest_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

// A faulty is a limiter that works but for the calls that it replaces.
type faulty struct {
	ratelimit.Limiter
	mu     sync.Mutex
	credit int // hits that it will admit beyond the limit
	allowN func(ctx context.Context, key string, n int) (ratelimit.Result, error)
	atMost func(ctx context.Context, key string, n int) (ratelimit.Result, error)
	peek   func(ctx context.Context, key string) (ratelimit.Result, error)
	refund func(ctx context.Context, r ratelimit.Receipt) error
	reset  func(ctx context.Context, key string) error
}

func (f *faulty) Allow(ctx context.Context, key string) (ratelimit.Result, error) {
	return f.AllowN(ctx, key, 1)
}

func (f *faulty) AllowN(ctx context.Context, key string, n int) (ratelimit.Result, error) {
	if f.allowN != nil {
		return f.allowN(ctx, key, n)
	}
	r, err := f.Limiter.AllowN(ctx, key, n)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil && !r.OK() && f.credit >= n {
		f.credit -= n
		return ratelimit.Result{Allowed: n, Limit: r.Limit}, nil
	}
	return r, err
}

func (f *faulty) AllowAtMost(ctx context.Context, key string, n int) (ratelimit.Result, error) {
	if f.atMost != nil {
		return f.atMost(ctx, key, n)
	}
	return f.Limiter.AllowAtMost(ctx, key, n)
}

func (f *faulty) Peek(ctx context.Context, key string) (ratelimit.Result, error) {
	if f.peek != nil {
		return f.peek(ctx, key)
	}
	return f.Limiter.Peek(ctx, key)
}

func (f *faulty) Refund(ctx context.Context, r ratelimit.Receipt) error {
	if f.refund != nil {
		return f.refund(ctx, r)
	}
	return f.Limiter.Refund(ctx, r)
}

func (f *faulty) Reset(ctx context.Context, key string) error {
	if f.reset != nil {
		return f.reset(ctx, key)
	}
	return f.Limiter.Reset(ctx, key)
}

type opener = func(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) ratelimittest.Harness

func local(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) *ratelimit.Local {
	t.Helper()
	l, err := ratelimit.NewLocal(a, limits)
	require.NoError(t, err)
	return l
}

// under opens a limiter that works, under limits that change has spoilt.
func under(change func(l *ratelimit.Limit)) opener {
	return func(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) ratelimittest.Harness {
		for i := range limits {
			change(&limits[i])
		}
		return ratelimittest.Harness{Limiter: local(t, a, limits)}
	}
}

// with opens a limiter of which change has replaced something.
func with(change func(f *faulty, l *ratelimit.Local)) opener {
	return func(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) ratelimittest.Harness {
		l := local(t, a, limits)
		f := &faulty{Limiter: l}
		change(f, l)
		return ratelimittest.Harness{Limiter: f, NoAllowAll: true}
	}
}

// answers opens a limiter whose AllowN's answers change has spoilt.
func answers(change func(n int, r *ratelimit.Result)) opener {
	return with(func(f *faulty, l *ratelimit.Local) {
		f.allowN = func(ctx context.Context, key string, n int) (ratelimit.Result, error) {
			r, err := l.AllowN(ctx, key, n)
			if err == nil {
				change(n, &r)
			}
			return r, err
		}
	})
}

// named opens a limiter that takes other keys for the same.
func named(change func(key string) string) opener {
	return with(func(f *faulty, l *ratelimit.Local) {
		f.allowN = func(ctx context.Context, key string, n int) (ratelimit.Result, error) {
			return l.AllowN(ctx, change(key), n)
		}
	})
}

func faults() []fault {
	all := []fault{
		{name: "none at all", caught: "GCRA/AtOnce", says: "Limiter is nil", open: func(*testing.T, ratelimit.Algorithm, []ratelimit.Limit) ratelimittest.Harness {
			return ratelimittest.Harness{}
		}},
		{name: "one too many", caught: "sliding_log/AtOnce", open: under(func(l *ratelimit.Limit) { l.N++ })},
		{name: "one too few", caught: "fixed_window/AtOnce", open: under(func(l *ratelimit.Limit) { l.N-- })},
		{name: "one too many in a crowd", caught: "sliding_log/ManyGoroutinesAllow", open: under(func(l *ratelimit.Limit) { l.N++ })},
		{name: "a short window", caught: "sliding_log/WorstWindow", says: "certainly within", open: under(func(l *ratelimit.Limit) { l.Per -= l.Per / 5 })},
		{name: "a long window", caught: "sliding_log/WorstWindow", says: "in all", open: under(func(l *ratelimit.Limit) { l.Per *= 4 })},
		{name: "burst not kept", caught: "GCRA/GCRABurst", open: under(func(l *ratelimit.Limit) { l.Burst = 0 })},
		{name: "first limit only", caught: "sliding_log/SeveralLimits", open: func(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) ratelimittest.Harness {
			return ratelimittest.Harness{Limiter: local(t, a, limits[:1])}
		}},
		{name: "keys in lower case", caught: "GCRA/KeysAreApart", open: named(strings.ToLower)},
		{name: "keys trimmed", caught: "GCRA/KeysAreApart", open: named(func(key string) string {
			if key == "" {
				return key
			}
			return strings.TrimSpace(key)
		})},
		{name: "keys end at zero", caught: "GCRA/KeysAreApart", open: named(func(key string) string {
			head, _, _ := strings.Cut(key, "\x00")
			return head
		})},
		{name: "RetryAfter too short", caught: "sliding_counter/RetryAfterIsTrue", says: "has passed", open: answers(func(_ int, r *ratelimit.Result) { r.RetryAfter -= r.RetryAfter / 4 })},
		{name: "RetryAfter a nanosecond too short", caught: "GCRA/RetryAfterIsTrueOfOddLimits", says: "has passed", open: answers(func(_ int, r *ratelimit.Result) {
			if r.RetryAfter > 1 && r.RetryAfter != ratelimit.Never {
				r.RetryAfter--
			}
		})},
		{name: "RetryAfter too long", caught: "sliding_log/RetryAfterIsTrue", says: "are admitted after", open: answers(func(_ int, r *ratelimit.Result) {
			if r.RetryAfter > 0 {
				r.RetryAfter += time.Millisecond
			}
		})},
		{name: "no RetryAfter", caught: "sliding_log/AtOnce", open: answers(func(_ int, r *ratelimit.Result) { r.RetryAfter = 0 })},
		{name: "no Never", caught: "sliding_log/MoreThanTheLimit", open: answers(func(_ int, r *ratelimit.Result) { r.RetryAfter = min(r.RetryAfter, time.Hour) })},
		{name: "no Remaining", caught: "sliding_log/AtOnce", open: answers(func(_ int, r *ratelimit.Result) { r.Remaining = 0 })},
		{name: "no Limit", caught: "sliding_log/AtOnce", open: answers(func(_ int, r *ratelimit.Result) { r.Limit = ratelimit.Limit{} })},
	}
	return append(append(append(all, windowFaults()...), callFaults()...), allFaults()...)
}
