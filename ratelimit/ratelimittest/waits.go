package ratelimittest

import (
	"math/rand/v2"
	"time"

	"github.com/ycvk/tinybook/ratelimit"
)

func waitScenarios() []scenario {
	one := []ratelimit.Limit{{N: 5, Per: 100 * time.Millisecond}}
	odd := []ratelimit.Limit{{N: 7, Per: 150 * time.Millisecond}}
	two := []ratelimit.Limit{{N: 3, Per: 50 * time.Millisecond}, {N: 7, Per: 200 * time.Millisecond}}
	return []scenario{
		{name: "RetryAfterIsTrue", limits: one, run: retryAfterIsTrue},
		{name: "RetryAfterIsTrueOfOddLimits", limits: odd, run: retryAfterIsTrue},
		{name: "RetryAfterIsTrueOfSeveralLimits", limits: two, run: retryAfterIsTrue},
		{name: "ResetAfterIsTrue", limits: one, run: resetAfterIsTrue},
		{name: "ResetAfterIsTrueOfSeveralLimits", limits: two, run: resetAfterIsTrue},
	}
}

// rounds returns how often a random scenario repeats itself: time is free in a
// bubble.
func (e *env) rounds() int {
	if e.bubble {
		return 60
	}
	return 4
}

// random returns a generator whose seed a failed test shows.
func (e *env) random() *rand.Rand {
	seed := rand.Uint64()
	e.t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// most returns how many hits are ever admitted at once.
func (e *env) most() int {
	n := e.limits[0].N
	for _, l := range e.limits {
		n = min(n, l.N)
	}
	return n
}

// retryAfterIsTrue: who waits exactly so long, and asks alone, is admitted; in a
// bubble, who waits less is not.
func retryAfterIsTrue(e *env) {
	rng, key, longest := e.random(), e.key(), e.limits[len(e.limits)-1].Per
	for range e.rounds() {
		n := 1 + rng.IntN(e.most())
		for n > 0 {
			r := e.allowN(key, n)
			if rng.IntN(2) == 0 && !r.OK() {
				r = e.atMost(key, n)
				n -= r.Allowed
			}
			if r.RetryAfter == 0 {
				break
			}
			if r.RetryAfter > 2*longest {
				e.fatalf("%d hits are refused for %v under a window of %v", n, r.RetryAfter, longest)
			}
			e.waitOut(key, n, r.RetryAfter)
			break
		}
		if rng.IntN(3) == 0 {
			e.wait(time.Duration(rng.Int64N(int64(longest) / 3)))
		}
	}
}

// waitOut waits for d, after which n hits must be admitted.
func (e *env) waitOut(key string, n int, d time.Duration) {
	if early := d - e.h.Grain; e.bubble && early > 0 {
		e.wait(early)
		if r := e.allowN(key, n); r.OK() {
			e.fatalf("RetryAfter was %v, but %d hits are admitted after %v", d, n, early)
		}
		d = e.h.Grain
	}
	e.wait(d)
	if r := e.allowN(key, n); !r.OK() {
		e.fatalf("RetryAfter has passed, but %d hits are refused for another %v", n, r.RetryAfter)
	}
}

// resetAfterIsTrue: after it, the key is as good as new.
func resetAfterIsTrue(e *env) {
	rng, key := e.random(), e.key()
	for range e.rounds() {
		var r ratelimit.Result
		for range 1 + rng.IntN(3) {
			r = e.atMost(key, 1+rng.IntN(e.most()))
		}
		if early := r.ResetAfter - e.h.Grain; e.bubble && early > 0 {
			e.wait(early)
			if e.peek(key).ResetAfter == 0 {
				e.fatalf("ResetAfter was %v, but is 0 after %v", r.ResetAfter, early)
			}
			r.ResetAfter = e.h.Grain
		}
		e.wait(r.ResetAfter)
		if r := e.peek(key); r.ResetAfter != 0 || r.Remaining != e.most() {
			e.fatalf("ResetAfter has passed, but it is %v, and Remaining %d", r.ResetAfter, r.Remaining)
		}
	}
}
