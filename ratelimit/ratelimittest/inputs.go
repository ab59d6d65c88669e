package ratelimittest

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/ycvk/tinybook/ratelimit"
)

func inputScenarios() []scenario {
	return []scenario{
		{name: "MoreThanTheLimit", limits: perHour(5), run: moreThanTheLimit},
		{name: "BadArguments", limits: perHour(5), run: badArguments},
		{name: "ContextDone", limits: perHour(5), run: contextDone},
	}
}

// moreThanTheLimit: what no wait helps is refused for ever, and takes nothing.
func moreThanTheLimit(e *env) {
	e.clear(time.Hour, soon)
	key := e.key()
	for _, n := range []int{6, 1000, math.MaxInt32, math.MaxInt} {
		if r := e.no(key, n); r.RetryAfter != ratelimit.Never || r.Remaining != 5 {
			e.fatalf("AllowN(%d): RetryAfter %v, Remaining %d, want Never and 5", n, r.RetryAfter, r.Remaining)
		}
	}
	e.ok(key, 5)
}

// badArguments: nonsense is an error that says so, and takes nothing.
func badArguments(e *env) {
	e.clear(time.Hour, soon)
	ctx, key := e.t.Context(), e.key()
	bad := func(call string, r ratelimit.Result, err error) {
		if !errors.Is(err, ratelimit.ErrInput) || r != (ratelimit.Result{}) {
			e.fatalf("%s: %+v, %v; want ErrInput and nothing else", call, r, err)
		}
	}
	for _, n := range []int{0, -1, math.MinInt} {
		r, err := e.l.AllowN(ctx, key, n)
		bad("AllowN of n < 1", r, err)
		r, err = e.l.AllowAtMost(ctx, key, n)
		bad("AllowAtMost of n < 1", r, err)
	}
	r, err := e.l.Allow(ctx, "")
	bad("Allow of no key", r, err)
	r, err = e.l.AllowN(ctx, "", 1)
	bad("AllowN of no key", r, err)
	r, err = e.l.AllowAtMost(ctx, "", 1)
	bad("AllowAtMost of no key", r, err)
	r, err = e.l.Peek(ctx, "")
	bad("Peek at no key", r, err)
	bad("Reset of no key", ratelimit.Result{}, e.l.Reset(ctx, ""))
	e.room(key, 5)
}

// contextDone: nothing happens after the end of ctx, and the error says why it
// ended.
func contextDone(e *env) {
	e.clear(time.Hour, soon)
	key, why := e.key(), errors.New("the caller went home")
	receipt := e.ok(key, 1).Receipt
	ctx, cancel := context.WithCancelCause(e.t.Context())
	cancel(why)
	done := func(call string, r ratelimit.Result, err error) {
		if !errors.Is(err, why) || !errors.Is(err, context.Canceled) || r != (ratelimit.Result{}) {
			e.fatalf("%s after the end of ctx: %+v, %v; want its cause and context.Canceled", call, r, err)
		}
		if errors.Is(err, ratelimit.ErrUnavailable) {
			e.fatalf("%s after the end of ctx blames the store: %v", call, err)
		}
	}
	r, err := e.l.Allow(ctx, key)
	done("Allow", r, err)
	r, err = e.l.AllowN(ctx, key, 2)
	done("AllowN", r, err)
	r, err = e.l.AllowAtMost(ctx, key, 2)
	done("AllowAtMost", r, err)
	r, err = e.l.Peek(ctx, key)
	done("Peek", r, err)
	done("Refund", ratelimit.Result{}, e.l.Refund(ctx, receipt))
	done("Reset", ratelimit.Result{}, e.l.Reset(ctx, key))
	e.room(key, 4)
	e.refund(receipt)
	e.room(key, 5)
}
