package ratelimittest

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/ycvk/tinybook/ratelimit"
)

// An env is what one try of a scenario works with.
type env struct {
	t      *testing.T
	h      Harness
	l      ratelimit.Limiter
	a      ratelimit.Algorithm
	limits []ratelimit.Limit
	bubble bool // time stands still between waits
	start  time.Time
	waited time.Duration
	run    string // makes the keys of this try unique
	keys   int    // handed out
}

func newEnv(t *testing.T, h Harness, a ratelimit.Algorithm, limits []ratelimit.Limit, bubble bool) *env {
	return &env{
		t: t, h: h, l: h.Limiter, a: a, limits: limits, bubble: bubble,
		start: time.Now(), run: fmt.Sprintf("test-%08x", rand.Uint32()),
	}
}

// key returns a key that nobody has used.
func (e *env) key() string {
	e.keys++
	return fmt.Sprintf("%s-%d", e.run, e.keys)
}

// limit returns the first of the limits.
func (e *env) limit() ratelimit.Limit { return e.limits[0] }

// busy is how long the try has taken besides its waits.
func (e *env) busy() time.Duration { return time.Since(e.start) - e.waited }

func (e *env) wait(d time.Duration) {
	if d > 0 {
		e.waited += d
		e.h.Advance(d)
	}
}

// clear waits for an aligned window of length per to begin unless the current
// one lasts for need: a scenario that counts must not run over its edge.
func (e *env) clear(per, need time.Duration) {
	if left := untilEdge(per); left < need {
		e.wait(left + time.Millisecond)
	}
}

func untilEdge(per time.Duration) time.Duration {
	return per - time.Duration(time.Now().UnixNano()%int64(per))
}

// A failure ends a try.
type failure struct{ text string }

// try runs f up to its first failure.
func (e *env) try(f func(e *env)) (failed *failure) {
	defer func() {
		switch x := recover().(type) {
		case nil:
		case failure:
			failed = &x
		default:
			panic(x)
		}
	}()
	f(e)
	return nil
}

// fatalf ends the try. It is for the scenario's own goroutine.
func (e *env) fatalf(format string, args ...any) {
	at := ""
	for skip := 1; ; skip++ {
		_, file, line, ok := runtime.Caller(skip)
		if base := filepath.Base(file); !ok || base != "env.go" {
			at = fmt.Sprintf("%s:%d: ", base, line)
			break
		}
	}
	panic(failure{at + fmt.Sprintf(format, args...)})
}

// must ends the try on an error.
func (e *env) must(what string, err error) {
	if err != nil {
		e.fatalf("%s: %v", what, err)
	}
}

func (e *env) allow(key string) ratelimit.Result {
	r, err := e.l.Allow(e.t.Context(), key)
	return e.sound("Allow", 1, r, err)
}

func (e *env) allowN(key string, n int) ratelimit.Result {
	r, err := e.l.AllowN(e.t.Context(), key, n)
	if e.sound("AllowN", n, r, err); r.Allowed != 0 && r.Allowed != n {
		e.fatalf("AllowN(%d) admitted %d: want all or nothing", n, r.Allowed)
	}
	return r
}

func (e *env) atMost(key string, n int) ratelimit.Result {
	r, err := e.l.AllowAtMost(e.t.Context(), key, n)
	return e.sound("AllowAtMost", n, r, err)
}

func (e *env) peek(key string) ratelimit.Result {
	r, err := e.l.Peek(e.t.Context(), key)
	return e.sound("Peek", 1, r, err)
}

func (e *env) refund(r ratelimit.Receipt) {
	e.must("Refund", e.l.Refund(e.t.Context(), r))
}

// sound checks what is true of every Result of a call for n hits.
func (e *env) sound(call string, n int, r ratelimit.Result, err error) ratelimit.Result {
	switch {
	case err != nil:
		e.fatalf("%s(%d): %v", call, n, err)
	case r.Allowed < 0 || r.Allowed > n || r.Remaining < 0:
		e.fatalf("%s(%d) answers Allowed %d, Remaining %d", call, n, r.Allowed, r.Remaining)
	case r.RetryAfter < 0 || r.ResetAfter < 0:
		e.fatalf("%s(%d) answers RetryAfter %v, ResetAfter %v", call, n, r.RetryAfter, r.ResetAfter)
	case (r.RetryAfter == 0) != (r.Allowed == n):
		e.fatalf("%s(%d) admits %d with RetryAfter %v: want 0 exactly when all are admitted", call, n, r.Allowed, r.RetryAfter)
	case r.OK() != (r.Allowed == n):
		e.fatalf("%s(%d) admits %d with OK %v", call, n, r.Allowed, r.OK())
	case r.Source == ratelimit.Assumed:
		e.fatalf("%s(%d): the Source is %v", call, n, r.Source)
	}
	return r
}

// ok takes n hits, which must be admitted, and returns the answer.
func (e *env) ok(key string, n int) ratelimit.Result {
	r := e.allowN(key, n)
	if !r.OK() {
		e.fatalf("%d hits are refused for %v, want them admitted", n, r.RetryAfter)
	}
	return r
}

// no asks for n hits, which must be refused, and returns the answer.
func (e *env) no(key string, n int) ratelimit.Result {
	r := e.allowN(key, n)
	if r.OK() {
		e.fatalf("%d hits are admitted, want them refused", n)
	}
	return r
}

// room checks how many hits there is room for.
func (e *env) room(key string, want int) {
	if r := e.peek(key); r.Remaining != want {
		e.fatalf("there is room for %d hits, want %d", r.Remaining, want)
	}
}
