package ratelimittest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ycvk/tinybook/ratelimit"
)

func allScenarios() []scenario {
	return []scenario{
		{name: "AllTakesAllOrNothing", limits: perHour(5), run: allTakesAllOrNothing},
		{name: "AllUnderOwnLimits", limits: perHour(5), run: allUnderOwnLimits},
		{name: "AllLimitsInAnyOrder", limits: perHour(5), run: allLimitsInAnyOrder},
		{name: "AllOfOneAddress", limits: perHour(5), run: allOfOneAddress},
		{name: "AllOfTheSameKey", limits: perHour(5), run: allOfTheSameKey},
		{name: "AllTagsAreApart", limits: perHour(5), run: allTagsAreApart},
		{name: "AllRefund", limits: perHour(5), run: allRefund},
		{name: "AllBadArguments", limits: perHour(5), run: allBadArguments},
		{
			name: "AllRetryAfterIsTrue", run: allRetryAfterIsTrue,
			limits: []ratelimit.Limit{{N: 5, Per: 100 * time.Millisecond}},
		},
		{name: "ManyGoroutinesAll", limits: perHour(20), run: manyAll},
	}
}

// allower returns the limiter as an Allower, and skips the scenario when the
// Harness truthfully declares that it isn't one.
func (e *env) allower() Allower {
	l, ok := e.l.(Allower)
	switch {
	case ok && e.h.NoAllowAll:
		e.fatalf("the Harness declares that there is no AllowAll, but the Limiter has it")
	case !ok && !e.h.NoAllowAll:
		e.fatalf("the Limiter has no AllowAll, which the Harness must declare")
	case !ok:
		e.t.Skip("the Harness declares that there is no AllowAll")
	}
	return l
}

// all asks for everything in d. What is true of every answer is checked.
func (e *env) all(tag string, d ...ratelimit.Demand) (results []ratelimit.Result, ok bool) {
	results, err := e.allower().AllowAll(e.t.Context(), tag, d...)
	e.must("AllowAll", err)
	if len(results) != len(d) {
		e.fatalf("AllowAll of %d Demands answers %d Results", len(d), len(results))
	}
	ok = results[0].OK()
	for i, r := range results {
		n := 0
		if ok {
			n = d[i].N
		}
		if r.Allowed != n || r.OK() != ok || r.RetryAfter != results[0].RetryAfter {
			e.fatalf("Demand %d: Allowed %d, RetryAfter %v; want all or nothing, and one RetryAfter: %+v", i, r.Allowed, r.RetryAfter, results)
		}
		if (r.RetryAfter == 0) != ok || r.Remaining < 0 || r.ResetAfter < 0 {
			e.fatalf("Demand %d: Allowed %d of %d, RetryAfter %v, Remaining %d, ResetAfter %v", i, r.Allowed, d[i].N, r.RetryAfter, r.Remaining, r.ResetAfter)
		}
	}
	return results, ok
}

// allOK asks for everything in d, which must be admitted.
func (e *env) allOK(tag string, d ...ratelimit.Demand) []ratelimit.Result {
	results, ok := e.all(tag, d...)
	if !ok {
		e.fatalf("AllowAll refuses for %v, want it to admit", results[0].RetryAfter)
	}
	return results
}

// allNo asks for everything in d, which must be refused.
func (e *env) allNo(tag string, d ...ratelimit.Demand) []ratelimit.Result {
	results, ok := e.all(tag, d...)
	if ok {
		e.fatalf("AllowAll admits, want it to refuse")
	}
	return results
}

func hits(key string, n int) ratelimit.Demand { return ratelimit.Demand{Key: key, N: n} }

func allTakesAllOrNothing(e *env) {
	e.clear(time.Hour, soon)
	tag, a, b := e.key(), e.key(), e.key()
	r := e.allOK(tag, hits(a, 3), hits(b, 1))
	if r[0].Remaining != 2 || r[1].Remaining != 4 || r[0].Limit != e.limit() {
		e.fatalf("Remaining %d and %d, Limit %v", r[0].Remaining, r[1].Remaining, r[0].Limit)
	}
	for range 3 {
		r = e.allNo(tag, hits(b, 1), hits(a, 3))
		if r[0].Remaining != 4 || r[1].Remaining != 2 {
			e.fatalf("a refusal leaves %d and %d, want 4 and 2", r[0].Remaining, r[1].Remaining)
		}
	}
	e.allOK(tag, hits(a, 2), hits(b, 4))
	e.allNo(tag, hits(a, 1))
	e.allNo(tag, hits(b, 1))
	if r := e.allNo(tag, hits(e.key(), 6), hits(e.key(), 1)); r[1].RetryAfter != ratelimit.Never {
		e.fatalf("6 of 5 are refused for %v, want for ever", r[1].RetryAfter)
	}
}

// allUnderOwnLimits: a Demand's Limits are for it alone, several at once too.
func allUnderOwnLimits(e *env) {
	e.clear(24*time.Hour, soon)
	e.clear(time.Hour, soon)
	tag, a, b, c := e.key(), e.key(), e.key(), e.key()
	d := func(key string, limits ...ratelimit.Limit) ratelimit.Demand {
		return ratelimit.Demand{Key: key, N: 1, Limits: limits}
	}
	hour, day := ratelimit.PerHour(2), ratelimit.PerDay(3)
	for range 2 {
		e.allOK(tag, hits(a, 1), d(b, hour), d(c, ratelimit.PerHour(9), day))
	}
	r := e.allNo(tag, hits(a, 1), d(b, hour), d(c, ratelimit.PerHour(9), day))
	if r[0].Remaining != 3 || r[1].Remaining != 0 || r[2].Remaining != 1 {
		e.fatalf("Remaining %d, %d, %d; want 3, 0, 1", r[0].Remaining, r[1].Remaining, r[2].Remaining)
	}
	if r[1].Limit != hour || r[2].Limit != day {
		e.fatalf("Limits %v and %v, want %v and %v", r[1].Limit, r[2].Limit, hour, day)
	}
	e.allOK(tag, d(c, ratelimit.PerHour(9), day))
	e.allNo(tag, d(c, ratelimit.PerHour(9), day))
}

// allLimitsInAnyOrder: limits are the same in any order, and the limiter's own
// are when they are spelled out.
func allLimitsInAnyOrder(e *env) {
	e.clear(24*time.Hour, soon)
	e.clear(time.Hour, soon)
	tag, a, b, c := e.key(), e.key(), e.key(), e.key()
	hour, day := ratelimit.PerHour(3), ratelimit.PerDay(4)
	one := ratelimit.Demand{Key: a, N: 1, Limits: []ratelimit.Limit{hour, day}}
	other := ratelimit.Demand{Key: a, N: 1, Limits: []ratelimit.Limit{day, hour}}
	e.allOK(tag, one, other)
	e.allOK(tag, other)
	e.allNo(tag, one)
	e.allNo(tag, other)
	one = ratelimit.Demand{Key: c, N: 2, Limits: []ratelimit.Limit{hour, ratelimit.PerHour(4)}}
	other = ratelimit.Demand{Key: c, N: 1, Limits: []ratelimit.Limit{ratelimit.PerHour(4), hour}}
	e.allOK(tag, one, other)
	e.allNo(tag, other)
	e.allOK(tag, hits(b, 3), ratelimit.Demand{Key: b, N: 1, Limits: e.limits})
	e.allOK(tag, ratelimit.Demand{Key: b, N: 1, Limits: e.limits})
	e.allNo(tag, hits(b, 1))
}

// allOfOneAddress: a hundred phones behind one address stay under the address's
// limit.
func allOfOneAddress(e *env) {
	e.clear(time.Hour, soon)
	tag, address, admitted := e.key(), e.key(), 0
	for range 100 {
		if _, ok := e.all(tag, hits(e.key(), 1), hits(address, 1)); ok {
			admitted++
		}
	}
	if admitted != e.limit().N {
		e.fatalf("one address was admitted %d times with many phones, want %d", admitted, e.limit().N)
	}
}

// allOfTheSameKey: what one call asks for under one key counts together.
func allOfTheSameKey(e *env) {
	e.clear(time.Hour, soon)
	tag, key, other := e.key(), e.key(), e.key()
	e.allOK(tag, hits(key, 1), hits(other, 1), hits(key, 2))
	e.allNo(tag, hits(key, 1), hits(key, 2))
	r := e.allOK(tag, hits(key, 1), hits(key, 1))
	if r[0].Remaining != 0 || r[1].Remaining != 0 {
		e.fatalf("Remaining %d and %d, want 0", r[0].Remaining, r[1].Remaining)
	}
	e.allNo(tag, hits(key, 1))
	if r := e.allNo(tag, hits(other, 3), hits(other, 3)); r[0].RetryAfter != ratelimit.Never {
		e.fatalf("3 and 3 of 5 are refused for %v, want for ever", r[0].RetryAfter)
	}
	e.allOK(tag, hits(other, 4))
}

func allTagsAreApart(e *env) {
	e.clear(time.Hour, soon)
	a, b, key := e.key(), e.key(), e.key()
	e.allOK(a, hits(key, 5))
	e.allOK(b, hits(key, 5))
	e.ok(key, 5)
	e.allOK(a+":"+key, hits(key, 5))
	e.allOK(a, hits(key+":"+key, 5))
	e.allNo(a, hits(key, 1))
	e.allNo(b, hits(key, 1))
}

func allRefund(e *env) {
	e.clear(time.Hour, soon)
	tag, a, b := e.key(), e.key(), e.key()
	r := e.allOK(tag, hits(a, 3), hits(b, 5), hits(a, 2))
	e.refund(r[0].Receipt)
	e.refund(r[0].Receipt)
	e.allNo(tag, hits(a, 4))
	e.allOK(tag, hits(a, 3))
	e.refund(r[1].Receipt)
	e.refund(r[2].Receipt)
	e.refund(r[1].Receipt)
	e.allOK(tag, hits(a, 2), hits(b, 5))
	for _, r := range e.allNo(tag, hits(a, 1), hits(b, 1)) {
		e.refund(r.Receipt)
	}
	e.allNo(tag, hits(a, 1))
}

// allBadArguments: one bad Demand spoils the call, which takes nothing.
func allBadArguments(e *env) {
	e.clear(time.Hour, soon)
	l, ctx, tag, key := e.allower(), e.t.Context(), e.key(), e.key()
	good := hits(key, 1)
	for name, d := range map[string][]ratelimit.Demand{
		"no Demand":    nil,
		"N 0":          {good, hits(key, 0)},
		"N -1":         {good, hits(key, -1)},
		"no key":       {good, hits("", 1)},
		"no limits":    {good, {Key: key, N: 1, Limits: []ratelimit.Limit{}}},
		"other limits": {good, {Key: key, N: 1, Limits: []ratelimit.Limit{ratelimit.PerHour(4)}}},
		"bad limit":    {good, {Key: key, N: 1, Limits: []ratelimit.Limit{{N: -1, Per: time.Hour}}}},
	} {
		if r, err := l.AllowAll(ctx, tag, d...); !errors.Is(err, ratelimit.ErrInput) || r != nil {
			e.fatalf("%s: %v, %v; want ErrInput", name, r, err)
		}
	}
	if r, err := l.AllowAll(ctx, "", good); !errors.Is(err, ratelimit.ErrInput) || r != nil {
		e.fatalf("no tag: %v, %v; want ErrInput", r, err)
	}
	why := errors.New("the caller went home")
	done, cancel := context.WithCancelCause(ctx)
	cancel(why)
	if _, err := l.AllowAll(done, tag, good); !errors.Is(err, why) {
		e.fatalf("after the end of ctx: %v, want its cause", err)
	}
	e.allOK(tag, hits(key, 5))
}

// allRetryAfterIsTrue: after it, the whole call is admitted.
func allRetryAfterIsTrue(e *env) {
	rng, tag := e.random(), e.key()
	keys := []string{e.key(), e.key(), e.key()}
	for range e.rounds() {
		var d []ratelimit.Demand
		for i, key := range keys {
			d = append(d, hits(key, 1+rng.IntN(5)))
			if i == 2 {
				d[i].Limits = []ratelimit.Limit{{N: 6, Per: 80 * time.Millisecond}}
			}
		}
		r, ok := e.all(tag, d...)
		if ok {
			continue
		}
		after := r[0].RetryAfter
		if early := after - e.h.Grain; e.bubble && early > 0 {
			e.wait(early)
			e.allNo(tag, d...)
			after = e.h.Grain
		}
		e.wait(after)
		e.allOK(tag, d...)
	}
}

// manyAll: calls for the same keys in other orders neither block each other nor
// admit too much.
func manyAll(e *env) {
	e.clear(time.Hour, soon)
	l, ctx, tag := e.allower(), e.t.Context(), e.key()
	var keys [5]string
	for i := range keys {
		keys[i] = fmt.Sprint(e.key(), i)
	}
	var taken [5]holders
	e.must("AllowAll", together(func(g int) error {
		for i := range 5 {
			a, b := (g+i)%5, (2*g+3*i+1)%5
			r, err := l.AllowAll(ctx, tag, hits(keys[a], 1), hits(keys[b], 1))
			if err != nil {
				return err
			}
			taken[a].add(r[0].Allowed)
			taken[b].add(r[1].Allowed)
		}
		return nil
	}))
	for i := range keys {
		if got := taken[i].now; got > e.limit().N {
			e.fatalf("key %d was admitted %d times, want at most %d", i, got, e.limit().N)
		}
	}
}
