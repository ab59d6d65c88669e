package ratelimittest

import (
	"time"

	"github.com/ycvk/tinybook/ratelimit"
)

// soon is more than a scenario that counts takes.
const soon = 10 * time.Second

func countScenarios() []scenario {
	return []scenario{
		{name: "AtOnce", limits: perHour(5), run: atOnce},
		{name: "AllOrNothing", limits: perHour(5), run: allOrNothing},
		{name: "PeekTakesNothing", limits: perHour(5), run: peekTakesNothing},
		{name: "KeysAreApart", limits: perHour(1), run: keysAreApart},
		{name: "Reset", limits: perHour(5), run: reset},
		{name: "LimitZero", limits: perHour(0), run: limitZero},
		{
			name: "LimitZeroAmongOthers", run: limitZero,
			limits: []ratelimit.Limit{ratelimit.PerHour(5), {N: 0, Per: time.Second}},
		},
		{
			name: "SeveralLimits", run: severalLimits, within: 80 * time.Millisecond,
			limits: []ratelimit.Limit{ratelimit.PerHour(5), {N: 3, Per: 300 * time.Millisecond}},
		},
		{
			name: "GCRABurst", run: burst, only: []ratelimit.Algorithm{ratelimit.GCRA},
			limits: []ratelimit.Limit{{N: 10, Per: time.Hour, Burst: 3}},
		},
		{
			name: "GCRALargeBurst", run: largeBurst, only: []ratelimit.Algorithm{ratelimit.GCRA},
			limits: []ratelimit.Limit{{N: 2, Per: time.Hour, Burst: 7}},
		},
	}
}

// atOnce: exactly N are admitted, and every answer says what is left.
func atOnce(e *env) {
	e.clear(time.Hour, soon)
	key, limit := e.key(), e.limit()
	for left := limit.N - 1; left >= 0; left-- {
		r := e.allow(key)
		if !r.OK() || r.Remaining != left || r.Limit != limit {
			e.fatalf("with room for %d: Allowed %d, Remaining %d, Limit %v", left+1, r.Allowed, r.Remaining, r.Limit)
		}
		if r.ResetAfter <= 0 || r.ResetAfter > 2*limit.Per {
			e.fatalf("ResetAfter is %v, want up to two hours", r.ResetAfter)
		}
	}
	for range 3 {
		r := e.allow(key)
		if r.OK() || r.Remaining != 0 || r.Limit != limit || r.Receipt != (ratelimit.Receipt{}) {
			e.fatalf("without room: Allowed %d, Remaining %d, Limit %v, Receipt %v", r.Allowed, r.Remaining, r.Limit, r.Receipt)
		}
		if r.RetryAfter > 2*limit.Per || r.ResetAfter < r.RetryAfter {
			e.fatalf("RetryAfter is %v, ResetAfter %v: want up to two hours and at least that", r.RetryAfter, r.ResetAfter)
		}
	}
}

func allOrNothing(e *env) {
	e.clear(time.Hour, soon)
	key := e.key()
	e.ok(key, 3)
	for range 3 {
		if r := e.no(key, 3); r.Remaining != 2 {
			e.fatalf("3 more are refused with Remaining %d, want 2", r.Remaining)
		}
	}
	e.ok(key, 2)
	e.no(key, 1)
}

func peekTakesNothing(e *env) {
	e.clear(time.Hour, soon)
	key := e.key()
	for range 10 {
		if r := e.peek(key); !r.OK() || r.Allowed != 1 || r.Remaining != 5 || r.ResetAfter != 0 {
			e.fatalf("Peek at a new key: Allowed %d, Remaining %d, ResetAfter %v", r.Allowed, r.Remaining, r.ResetAfter)
		}
	}
	e.ok(key, 4)
	e.room(key, 1)
	e.ok(key, 1)
	asked, peeked := e.no(key, 1), e.peek(key)
	if peeked.OK() || peeked.Remaining != 0 || (peeked.Receipt != ratelimit.Receipt{}) {
		e.fatalf("Peek without room: Allowed %d, Remaining %d", peeked.Allowed, peeked.Remaining)
	}
	if peeked.RetryAfter > asked.RetryAfter || peeked.RetryAfter < asked.RetryAfter-soon {
		e.fatalf("Peek says RetryAfter %v, Allow said %v", peeked.RetryAfter, asked.RetryAfter)
	}
}

// keysAreApart: no key is another one's, however alike they look.
func keysAreApart(e *env) {
	e.clear(time.Hour, soon)
	base := e.key()
	for _, end := range []string{"", " ", ":", ":a", ":a:b", "a", "A", "\x00", "\n", "\xff", "é", "e\u0301", "%s", "*", "0", "00"} {
		e.ok(base+end, 1)
	}
	e.no(base, 1)
	e.no(base+":a", 1)
}

func reset(e *env) {
	e.clear(time.Hour, soon)
	key, other := e.key(), e.key()
	e.must("Reset of an unknown key", e.l.Reset(e.t.Context(), key))
	for range 3 {
		e.ok(key, 5)
		e.no(key, 1)
		e.must("Reset", e.l.Reset(e.t.Context(), key))
		if r := e.peek(key); r.Remaining != 5 || r.ResetAfter != 0 {
			e.fatalf("after a Reset: Remaining %d, ResetAfter %v", r.Remaining, r.ResetAfter)
		}
	}
	e.ok(other, 5)
	e.must("Reset", e.l.Reset(e.t.Context(), key))
	e.no(other, 1)
}

// limitZero: nothing is ever admitted.
func limitZero(e *env) {
	key := e.key()
	for _, r := range []ratelimit.Result{e.allow(key), e.allowN(key, 3), e.atMost(key, 3), e.peek(key)} {
		if r.Allowed != 0 || r.Remaining != 0 || r.RetryAfter != ratelimit.Never || r.Limit.N != 0 {
			e.fatalf("under a limit of 0: Allowed %d, Remaining %d, RetryAfter %v, Limit %v", r.Allowed, r.Remaining, r.RetryAfter, r.Limit)
		}
	}
}

// severalLimits: a hit takes from all limits or from none, and the answer names
// the one that decided.
func severalLimits(e *env) {
	long, short := e.limits[0], e.limits[1]
	e.clear(long.Per, soon)
	e.clear(short.Per, short.Per/2)
	key := e.key()
	if r := e.ok(key, 3); r.Remaining != 0 || r.Limit != short {
		e.fatalf("after 3 hits: Remaining %d, Limit %v", r.Remaining, r.Limit)
	}
	for range 5 {
		if r := e.no(key, 1); r.Limit != short || r.RetryAfter > 2*short.Per {
			e.fatalf("the 4th hit is refused by %v for %v, want %v", r.Limit, r.RetryAfter, short)
		}
	}
	if r := e.no(key, 4); r.RetryAfter != ratelimit.Never || r.Limit != short {
		e.fatalf("4 hits are refused by %v for %v, want %v for ever", r.Limit, r.RetryAfter, short)
	}
	e.wait(2 * short.Per)
	if r := e.ok(key, 2); r.Limit != long || r.Remaining != 0 {
		e.fatalf("after 5 hits: Remaining %d, Limit %v, want 0 of %v: were refused hits counted?", r.Remaining, r.Limit, long)
	}
	if r := e.no(key, 1); r.Limit != long {
		e.fatalf("the 6th hit is refused by %v, want %v", r.Limit, long)
	}
}

// burst: fewer at once than in the whole window.
func burst(e *env) {
	key := e.key()
	e.ok(key, 3)
	r := e.no(key, 1)
	if step := 6 * time.Minute; r.RetryAfter > step || r.RetryAfter < step-soon {
		e.fatalf("RetryAfter is %v, want up to %v", r.RetryAfter, step)
	}
	if r := e.no(key, 4); r.RetryAfter != ratelimit.Never {
		e.fatalf("4 hits are refused for %v, want for ever", r.RetryAfter)
	}
}

// largeBurst: more at once than come back in a window.
func largeBurst(e *env) {
	key := e.key()
	if r := e.ok(key, 7); r.ResetAfter > 7*time.Hour/2 || r.ResetAfter < 7*time.Hour/2-soon {
		e.fatalf("ResetAfter is %v, want 3h30m", r.ResetAfter)
	}
	e.no(key, 1)
}
