package cachextest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ycvk/tinybook/cachex"
)

const (
	right = "271828"
	wrong = "314159"
)

// An env is what a scenario works with.
type env struct {
	t      *testing.T
	h      Harness
	c      cachex.CodeCache
	p      cachex.Policy
	run    string        // makes the recipients of this run unique
	keys   *atomic.Int64 // handed out
	before time.Time     // see quickly; zero: no bound
	rule   string        // what is broken when this scenario fails, if it says so
}

func newEnv(t *testing.T, h Harness, p cachex.Policy) *env {
	return &env{
		t: t, h: h, p: p,
		c:    &spy{t: t, next: h.Cache},
		run:  fmt.Sprintf("+86%08x", rand.Uint32()),
		keys: new(atomic.Int64),
	}
}

// key returns a Key that nobody has used.
func (e *env) key() cachex.Key {
	return cachex.Key{Biz: "login", To: fmt.Sprintf("%s-%d", e.run, e.keys.Add(1))}
}

func (e *env) exact() bool { return e.h.Grain > 0 }

// tooSlow is what fatalf panics with when quickly should try again.
type tooSlow struct{}

// quickly runs f, which only makes sense when it takes less than limit. On a
// clock that runs on its own, f is run again when it fails and was too slow.
func (e *env) quickly(limit time.Duration, f func(e *env)) {
	e.t.Helper()
	for try := range 20 {
		if try > 0 {
			e.h.Advance(limit + e.h.Lag)
		}
		sub := *e
		sub.before = time.Now().Add(limit)
		if e.exact() {
			sub.before = time.Time{}
		}
		if sub.inTime(f) {
			return
		}
	}
	e.t.Fatalf("this machine is too slow: 20 times over %v", limit)
}

func (e *env) inTime(f func(e *env)) (ok bool) {
	e.t.Helper()
	defer func() {
		if r := recover(); r != nil {
			if _, slow := r.(tooSlow); !slow {
				panic(r)
			}
		}
	}()
	f(e)
	return true
}

// settled ends the part of a quickly that must be quick.
func (e *env) settled() { e.before = time.Time{} }

func (e *env) fatalf(format string, args ...any) {
	e.t.Helper()
	if !e.before.IsZero() && !time.Now().Before(e.before) {
		panic(tooSlow{})
	}
	if e.rule != "" {
		format, args = "%s: "+format, append([]any{e.rule}, args...)
	}
	e.t.Fatalf(format, args...)
}

// set sets a code, which must succeed.
func (e *env) set(k cachex.Key, code string) cachex.Ticket {
	e.t.Helper()
	ticket, err := e.c.Set(e.t.Context(), k, code)
	if err != nil {
		e.fatalf("Set: %v, want success", err)
	}
	if ticket.Gen == 0 {
		e.fatalf("Set: Ticket.Gen is 0")
	}
	return ticket
}

// noSet tries to set a code, which must be refused for reason.
func (e *env) noSet(k cachex.Key, reason error) cachex.DeniedError {
	e.t.Helper()
	ticket, err := e.c.Set(e.t.Context(), k, right)
	if ticket != (cachex.Ticket{}) && err != nil {
		e.fatalf("a refused Set returned the ticket %v", ticket)
	}
	return e.denied("Set", err, reason)
}

// verify verifies a code, which must succeed.
func (e *env) verify(k cachex.Key, code string) {
	e.t.Helper()
	if err := e.c.Verify(e.t.Context(), k, code); err != nil {
		e.fatalf("Verify of the right code: %v, want success", err)
	}
}

// noVerify verifies a code, which must be refused for reason.
func (e *env) noVerify(k cachex.Key, code string, reason error) cachex.DeniedError {
	e.t.Helper()
	return e.denied("Verify", e.c.Verify(e.t.Context(), k, code), reason)
}

// mismatch verifies a wrong code, which must leave so many tries.
func (e *env) mismatch(k cachex.Key, left int) {
	e.t.Helper()
	if d := e.noVerify(k, wrong, cachex.ErrMismatch); d.Left != left {
		e.fatalf("Verify of a wrong code: %d tries left, want %d", d.Left, left)
	}
}

func (e *env) denied(call string, err, reason error) cachex.DeniedError {
	e.t.Helper()
	if !errors.Is(err, reason) {
		e.fatalf("%s: %v, want %v", call, err, reason)
	}
	d, ok := errors.AsType[*cachex.DeniedError](err)
	if !ok {
		e.fatalf("%s: %v is a %T, want a *DeniedError", call, err, err)
	}
	return *d
}

func (e *env) revoke(k cachex.Key, gen uint64, want bool) {
	e.t.Helper()
	got, err := e.c.Revoke(e.t.Context(), k, gen)
	if err != nil || got != want {
		e.fatalf("Revoke: %v, %v; want %v", got, err, want)
	}
}

func (e *env) status(k cachex.Key) cachex.Status {
	e.t.Helper()
	s, err := e.c.Status(e.t.Context(), k)
	if err != nil {
		e.fatalf("Status: %v", err)
	}
	return s
}

// wait checks that d is want and lets it pass, which ends what must be quick.
func (e *env) wait(d, want time.Duration) {
	e.t.Helper()
	e.near("RetryAfter", d, want)
	e.h.Advance(d)
	e.settled()
}

// near checks that got is want; on a clock that runs on its own, that it is
// more than 0 and no more than want.
func (e *env) near(name string, got, want time.Duration) {
	e.t.Helper()
	if e.exact() && (got < want || got >= want+e.h.Grain) {
		e.fatalf("%s is %v, want %v", name, got, want)
	}
	if got <= 0 || got > want+2*time.Millisecond {
		e.fatalf("%s is %v, want more than 0 and at most %v", name, got, want)
	}
}

// shortly lets d pass but for one grain, runs f, and lets the grain pass. On a
// clock that runs on its own f is left out.
func (e *env) shortly(d time.Duration, f func()) {
	if !e.exact() {
		e.h.Advance(d)
		return
	}
	e.h.Advance(d - e.h.Grain)
	f()
	e.h.Advance(e.h.Grain)
}

// A spy fails the test when an error names a code or a recipient.
type spy struct {
	t    *testing.T
	next cachex.CodeCache
}

func (s *spy) Set(ctx context.Context, k cachex.Key, code string) (cachex.Ticket, error) {
	ticket, err := s.next.Set(ctx, k, code)
	s.check(err, k, code)
	return ticket, err
}

func (s *spy) Verify(ctx context.Context, k cachex.Key, code string) error {
	err := s.next.Verify(ctx, k, code)
	s.check(err, k, code)
	return err
}

func (s *spy) Revoke(ctx context.Context, k cachex.Key, gen uint64) (bool, error) {
	ok, err := s.next.Revoke(ctx, k, gen)
	s.check(err, k, "")
	return ok, err
}

func (s *spy) Status(ctx context.Context, k cachex.Key) (cachex.Status, error) {
	status, err := s.next.Status(ctx, k)
	s.check(err, k, "")
	return status, err
}

func (s *spy) check(err error, k cachex.Key, code string) {
	s.t.Helper()
	for _, secret := range []string{k.To, code} {
		if err != nil && len(secret) >= 4 && strings.Contains(fmt.Sprintf("%v %+v", err, err), secret) {
			s.t.Errorf("an error gives away a code or a recipient: %v", err)
		}
	}
}
