package ratelimittest

import (
	"math/rand/v2"
	"time"

	"github.com/ycvk/tinybook/ratelimit"
)

func windowScenarios() []scenario {
	limits := []ratelimit.Limit{{N: 20, Per: 200 * time.Millisecond}}
	several := []ratelimit.Limit{{N: 8, Per: 50 * time.Millisecond}, {N: 20, Per: 200 * time.Millisecond}}
	return []scenario{
		{name: "WorstWindow", limits: limits, run: worstWindow},
		{name: "WorstWindowOfSeveralLimits", limits: several, run: worstWindow},
		{name: "WorstWindowOfTwoProcesses", limits: limits, run: worstOfTwo},
		{name: "WorstWindowOverTheEdge", limits: limits, run: worstOverTheEdge},
		{name: "WorstWindowAtTheBoundary", limits: limits, run: worstAtTheBoundary},
	}
}

// hammer asks under key from a crowd for d.
func (e *env) hammer(key string, d time.Duration, limiters ...ratelimit.Limiter) []Hit {
	pause := func() {}
	if e.bubble { // else no time would pass
		longest := e.limits[len(e.limits)-1].Per / 3
		pause = func() { time.Sleep(1 + rand.N(longest)) }
	}
	hits, err := hammer(e.t.Context(), key, crowd, d, pause, limiters)
	e.must("Allow", err)
	e.waited += d
	return hits
}

// strict checks that no window holds more hits than it may. A limiter whose
// clock is coarse can't tell a window from one that is a Grain shorter.
func (e *env) strict(hits []Hit) {
	for _, l := range e.limits {
		per := l.Per
		if e.h.Grain > 1 {
			per -= e.h.Grain
		}
		worst, bound := Worst(hits, per), Bound(e.a, l)
		e.t.Logf("%v, %v: %d of at most %d in the worst window", e.a, l, worst, bound)
		if worst > bound {
			e.fatalf("%d hits are certainly within %v, want at most %d", worst, per, bound)
		}
	}
}

// enough checks that so many hits were admitted at least.
func (e *env) enough(hits []Hit, want int) {
	got := 0
	for _, h := range hits {
		got += h.N
	}
	if got < want {
		e.fatalf("%d hits were admitted in all, want at least %d", got, want)
	}
}

// worstWindow: a crowd asks over two and a half windows.
func worstWindow(e *env) {
	last := e.limits[len(e.limits)-1]
	hits := e.hammer(e.key(), last.Per*5/2, e.l)
	e.strict(hits)
	e.enough(hits, 2*last.N)
}

func worstOfTwo(e *env) {
	if e.h.Second == nil {
		e.t.Skip("the Harness declares that there can't be a second process")
	}
	hits := e.hammer(e.key(), e.limit().Per*5/2, e.l, e.h.Second)
	e.strict(hits)
	e.enough(hits, 2*e.limit().N)
}

// worstOverTheEdge: one early hit must not make the window of the others end
// with its own.
func worstOverTheEdge(e *env) {
	key, per := e.key(), e.limit().Per
	start := time.Now()
	e.ok(key, 1)
	hits := []Hit{{start, time.Now(), 1}}
	e.wait(per - 60*time.Millisecond)
	hits = append(hits, e.hammer(key, 120*time.Millisecond, e.l)...)
	e.strict(hits)
	e.enough(hits, e.limit().N)
}

// worstAtTheBoundary: all that is admitted right before and right after an
// aligned window's end.
func worstAtTheBoundary(e *env) {
	key, per := e.key(), e.limit().Per
	e.clear(per, per/4)
	e.wait(untilEdge(per) - 20*time.Millisecond)
	hits := e.hammer(key, 60*time.Millisecond, e.l)
	e.strict(hits)
	e.enough(hits, e.limit().N)
}
