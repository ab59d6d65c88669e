package cachextest

import (
	"fmt"
	"time"

	"github.com/ycvk/tinybook/cachex"
)

func codeScenarios() []scenario {
	return []scenario{
		{"CodeUsedTwice", calm(), codeUsedTwice},
		{"CodeTriedTooOften", calm(), codeTriedTooOften},
		{"NewCodeReplacesOld", calm(), newCodeReplacesOld},
		{"NoCode", calm(), noCode},
		{"Ticket", calm(), ticket},
		{"Status", with(cachex.DefaultPolicy(), func(p *cachex.Policy) {
			p.Guesses = cachex.Budget{Max: 2, Window: time.Hour}
		}), status},
		{"GenRises", calm(), genRises},
		{"ManyKeys", cachex.DefaultPolicy(), manyKeys},
	}
}

func codeUsedTwice(e *env) {
	k := e.key()
	e.set(k, right)
	e.verify(k, right)
	e.noVerify(k, right, cachex.ErrNotFound)
	e.noVerify(k, wrong, cachex.ErrNotFound)
	if s := e.status(k); s != (cachex.Status{}) {
		e.fatalf("Status of a used code is %+v, want zero", s)
	}
}

// The last wrong try still answers ErrMismatch; the one after it ErrTooMany,
// and even the right code is too late.
func codeTriedTooOften(e *env) {
	k := e.key()
	e.set(k, right)
	for left := e.p.MaxAttempts - 1; left >= 0; left-- {
		e.mismatch(k, left)
	}
	for _, code := range []string{wrong, right} {
		if d := e.noVerify(k, code, cachex.ErrTooMany); d.RetryAfter != 0 {
			e.fatalf("ErrTooMany says retry after %v, want 0 without a pause", d.RetryAfter)
		}
	}
	if s := e.status(k); !s.Live || s.Left != 0 {
		e.fatalf("Status is %+v, want a live code with 0 tries left", s)
	}
	e.set(k, right)
	e.mismatch(k, e.p.MaxAttempts-1)
	e.verify(k, right)
}

func newCodeReplacesOld(e *env) {
	e.rule = "a new code must replace the old one and its tries"
	k := e.key()
	e.set(k, wrong)
	e.set(k, right)
	e.mismatch(k, 2)
	e.verify(k, right)
	e.noVerify(k, wrong, cachex.ErrNotFound)
}

func noCode(e *env) {
	k := e.key()
	for range 10 {
		e.noVerify(k, right, cachex.ErrNotFound)
	}
	if s := e.status(k); s != (cachex.Status{}) {
		e.fatalf("Status of an unknown Key is %+v, want zero", s)
	}
	e.set(k, right)
	if s := e.status(k); s.Left != e.p.MaxAttempts {
		e.fatalf("Verify without a code took tries from the next: %d left", s.Left)
	}
}

func ticket(e *env) {
	k := e.key()
	start := time.Now()
	ticket := e.set(k, right)
	e.expires("Ticket.ExpiresAt", ticket.ExpiresAt, start)
	s := e.status(k)
	e.expires("Status.ExpiresAt", s.ExpiresAt, start)
	if s.Gen != ticket.Gen {
		e.fatalf("Status.Gen is %d, want the ticket's %d", s.Gen, ticket.Gen)
	}
}

// expires checks the end of a code that was set between start and now. The
// clock of a server on another machine may differ by a second.
func (e *env) expires(name string, at, start time.Time) {
	e.t.Helper()
	slack := time.Second
	if e.exact() {
		slack = e.h.Grain
	}
	if at.Before(start.Add(e.p.TTL-slack)) || at.After(time.Now().Add(e.p.TTL+slack)) {
		e.fatalf("%s is %v after the start, want %v", name, at.Sub(start), e.p.TTL)
	}
}

func status(e *env) {
	k := e.key()
	t := e.set(k, right)
	s := e.status(k)
	if !s.Live || s.Gen != t.Gen || s.Left != 2 || s.LockedFor != 0 {
		e.fatalf("Status after Set is %+v, want gen %d, 2 left, no lock", s, t.Gen)
	}
	e.near("ResendAfter", s.ResendAfter, e.p.ResendAfter)
	e.mismatch(k, 1)
	if s = e.status(k); s.Left != 1 {
		e.fatalf("Status.Left after a wrong try is %d, want 1", s.Left)
	}
	e.mismatch(k, 0)
	s = e.status(k)
	if !s.Live || s.Left != 0 {
		e.fatalf("Status of a locked Key is %+v, want a live code with 0 left", s)
	}
	e.near("LockedFor", s.LockedFor, time.Hour)
}

func genRises(e *env) {
	k := e.key()
	last := uint64(0)
	for i := range 50 {
		gen := e.set(k, right).Gen
		if gen <= last {
			e.fatalf("gen %d after %d", gen, last)
		}
		last = gen
		switch i % 3 {
		case 1:
			e.verify(k, right)
		case 2:
			e.revoke(k, gen, true)
		}
	}
}

func manyKeys(e *env) {
	const n = 300
	count := n
	if e.h.Capacity > 0 {
		count = min(n, e.h.Capacity)
	}
	keys := make([]cachex.Key, count)
	for i := range keys {
		keys[i] = e.key()
		e.set(keys[i], fmt.Sprintf("%06d", i))
	}
	for i, k := range keys {
		e.noVerify(k, fmt.Sprintf("%06d", i+1), cachex.ErrMismatch)
	}
	for i, k := range keys {
		e.verify(k, fmt.Sprintf("%06d", i))
	}
}
