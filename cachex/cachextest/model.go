package cachextest

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/ycvk/tinybook/cachex"
)

func modelScenarios() []scenario {
	busy := cachex.Policy{
		TTL: 70 * time.Second, ResendAfter: 10 * time.Second, MaxAttempts: 3,
		Guesses: cachex.Budget{Max: 5, Window: 2 * time.Minute},
		Sends:   []cachex.Budget{{Max: 3, Window: 50 * time.Second}, {Max: 8, Window: 5 * time.Minute}},
	}
	return []scenario{
		{"Model", busy, randomOps},
		{"ModelNoBudgets", cachex.Policy{TTL: time.Minute, MaxAttempts: 2}, randomOps},
		{"ModelLongPause", with(busy, func(p *cachex.Policy) {
			p.TTL, p.ResendAfter = 5*time.Second, 80*time.Second
		}), randomOps},
		{"ModelDefault", cachex.DefaultPolicy(), randomOps},
	}
}

// A person is the naive model of one Key: lists of what happened.
type person struct {
	code   string // "" when used or taken back
	gen    uint64
	sentAt time.Time // zero: never, or taken back
	tries  int
	wrongs []time.Time   // of the window that the first opened
	sends  [][]time.Time // of each budget's window
}

// fresh drops the windows that have ended.
func (p *person) fresh(pol *cachex.Policy, now time.Time) {
	over := func(w []time.Time, b cachex.Budget) bool {
		return len(w) > 0 && !now.Before(w[0].Add(b.Window))
	}
	if over(p.wrongs, pol.Guesses) {
		p.wrongs = nil
	}
	if p.sends == nil {
		p.sends = make([][]time.Time, len(pol.Sends))
	}
	for i, b := range pol.Sends {
		if over(p.sends[i], b) {
			p.sends[i] = nil
		}
	}
	pauseOver := p.sentAt.IsZero() || p.pause(pol, now) == 0
	if p.lockedFor(pol, now) == 0 && !p.live(pol, now) && pauseOver && p.idle() {
		*p = person{sends: make([][]time.Time, len(pol.Sends))}
	}
}

// idle reports whether no window counts anything.
func (p *person) idle() bool {
	n := len(p.wrongs)
	for _, w := range p.sends {
		n += len(w)
	}
	return n == 0
}

func (p *person) live(pol *cachex.Policy, now time.Time) bool {
	return p.code != "" && now.Before(p.sentAt.Add(pol.TTL))
}

func (p *person) pause(pol *cachex.Policy, now time.Time) time.Duration {
	if p.sentAt.IsZero() {
		return 0
	}
	return max(0, p.sentAt.Add(pol.ResendAfter).Sub(now))
}

func (p *person) guessLock(pol *cachex.Policy, now time.Time) time.Duration {
	if b := pol.Guesses; b.Max > 0 && len(p.wrongs) >= b.Max {
		return p.wrongs[0].Add(b.Window).Sub(now)
	}
	return 0
}

func (p *person) lockedFor(pol *cachex.Policy, now time.Time) time.Duration {
	d := p.guessLock(pol, now)
	for i, b := range pol.Sends {
		if w := p.sends[i]; len(w) >= b.Max {
			d = max(d, w[0].Add(b.Window).Sub(now))
		}
	}
	return d
}

func (p *person) left(pol *cachex.Policy) int {
	left := pol.MaxAttempts - p.tries
	if pol.Guesses.Max > 0 {
		left = min(left, pol.Guesses.Max-len(p.wrongs))
	}
	return left
}

func deny(reason error, left int, after time.Duration) *cachex.DeniedError {
	return &cachex.DeniedError{Reason: reason, Left: left, RetryAfter: after}
}

func (p *person) set(pol *cachex.Policy, now time.Time, code string) *cachex.DeniedError {
	if d := p.lockedFor(pol, now); d > 0 {
		return deny(cachex.ErrLocked, 0, max(d, p.pause(pol, now)))
	}
	if d := p.pause(pol, now); d > 0 {
		return deny(cachex.ErrTooSoon, 0, d)
	}
	p.code, p.sentAt, p.tries = code, now, 0
	for i := range p.sends {
		p.sends[i] = append(p.sends[i], now)
	}
	return nil
}

func (p *person) verify(pol *cachex.Policy, now time.Time, code string) *cachex.DeniedError {
	switch {
	case p.guessLock(pol, now) > 0:
		return deny(cachex.ErrLocked, 0, p.guessLock(pol, now))
	case !p.live(pol, now):
		return deny(cachex.ErrNotFound, 0, 0)
	case p.tries == pol.MaxAttempts:
		return deny(cachex.ErrTooMany, 0, p.pause(pol, now))
	case code == p.code:
		p.code, p.gen, p.wrongs = "", 0, nil
		return nil
	}
	p.tries++
	if pol.Guesses.Max > 0 {
		p.wrongs = append(p.wrongs, now)
	}
	return deny(cachex.ErrMismatch, p.left(pol), 0)
}

func (p *person) revoke(gen uint64) bool {
	if p.code == "" || gen != p.gen {
		return false
	}
	for i, w := range p.sends {
		if len(w) > 0 {
			p.sends[i] = w[:len(w)-1]
		}
	}
	p.code, p.gen, p.sentAt = "", 0, time.Time{}
	return true
}

func (p *person) status(pol *cachex.Policy, now time.Time) cachex.Status {
	s := cachex.Status{ResendAfter: p.pause(pol, now), LockedFor: p.lockedFor(pol, now)}
	if p.live(pol, now) {
		s.Live, s.Gen, s.ExpiresAt, s.Left = true, p.gen, p.sentAt.Add(pol.TTL), p.left(pol)
	}
	return s
}

// randomOps compares a long random run with the model. On a clock that runs on
// its own no time passes but what the calls take, and times aren't compared.
func randomOps(e *env) {
	e.quickly(shortest(e.p), randomRun)
}

// shortest returns the first of a policy's times to pass.
func shortest(p cachex.Policy) time.Duration {
	d := p.TTL
	if p.ResendAfter > 0 {
		d = min(d, p.ResendAfter)
	}
	for _, b := range append([]cachex.Budget{p.Guesses}, p.Sends...) {
		if b.Max > 0 {
			d = min(d, b.Window)
		}
	}
	return d
}

func randomRun(e *env) {
	seed := rand.Uint64()
	e.t.Logf("seed %d", seed)
	m := &modelRun{
		env: e, r: rand.New(rand.NewPCG(seed, 0)),
		people: make(map[cachex.Key]*person), last: make(map[cachex.Key]uint64),
	}
	for range 6 {
		k := e.key()
		m.keys = append(m.keys, k)
		m.people[k] = new(person)
	}
	steps := 1500
	if !e.exact() {
		steps = 300
	}
	for m.step = range steps {
		m.one()
	}
}

type modelRun struct {
	*env
	r      *rand.Rand
	keys   []cachex.Key
	people map[cachex.Key]*person
	last   map[cachex.Key]uint64 // gens, even of codes that are gone
	gens   []uint64              // all of them
	step   int
}

func (m *modelRun) one() {
	k := m.keys[m.r.IntN(len(m.keys))]
	p, now := m.people[k], time.Now()
	p.fresh(&m.p, now)
	code := []string{right, wrong}[m.r.IntN(2)]
	switch op := m.r.IntN(20); {
	case op < 6:
		t, err := m.c.Set(m.t.Context(), k, code)
		m.answer("Set", err, p.set(&m.p, now, code))
		if err == nil {
			p.gen, m.last[k] = t.Gen, t.Gen
			m.gens = append(m.gens, t.Gen)
		}
	case op < 13:
		m.answer("Verify", m.c.Verify(m.t.Context(), k, code), p.verify(&m.p, now, code))
	case op < 15:
		m.revokeOne(k, p)
	case op < 18:
		m.sameStatus(m.status(k), p.status(&m.p, now))
	case m.exact():
		m.h.Advance(m.pause())
	}
}

func (m *modelRun) revokeOne(k cachex.Key, p *person) {
	gen := m.last[k]
	if len(m.gens) > 0 && m.r.IntN(4) == 0 {
		gen = m.gens[m.r.IntN(len(m.gens))]
	}
	got, err := m.c.Revoke(m.t.Context(), k, gen)
	if want := gen != 0 && p.revoke(gen); err != nil || got != want {
		m.fatalf("step %d: Revoke(%d): %v, %v; want %v", m.step, gen, got, err, want)
	}
}

// pause returns a whole number of milliseconds, often one of the policy's
// times.
func (m *modelRun) pause() time.Duration {
	times := []time.Duration{m.p.TTL, m.p.ResendAfter, m.p.Guesses.Window, time.Second, 5 * time.Second}
	for _, b := range m.p.Sends {
		times = append(times, b.Window)
	}
	d := times[m.r.IntN(len(times))]
	switch m.r.IntN(3) {
	case 0:
		d = time.Duration(m.r.Int64N(d.Milliseconds()+1)) * time.Millisecond
	case 1:
		d = max(0, d-time.Millisecond)
	}
	return d
}

func (m *modelRun) answer(call string, err error, want *cachex.DeniedError) {
	m.t.Helper()
	if want == nil {
		if err != nil {
			m.fatalf("step %d: %s: %v, want success", m.step, call, err)
		}
		return
	}
	got, ok := errors.AsType[*cachex.DeniedError](err)
	if !ok || !errors.Is(got, want.Reason) || got.Left != want.Left {
		m.fatalf("step %d: %s: %v, want %v", m.step, call, err, want)
	}
	m.sameTime(call+": RetryAfter", got.RetryAfter, want.RetryAfter)
}

func (m *modelRun) sameStatus(got, want cachex.Status) {
	m.t.Helper()
	if got.Live != want.Live || got.Gen != want.Gen || got.Left != want.Left {
		m.fatalf("step %d: Status is %+v, want %+v", m.step, got, want)
	}
	m.sameTime("Status.ResendAfter", got.ResendAfter, want.ResendAfter)
	m.sameTime("Status.LockedFor", got.LockedFor, want.LockedFor)
	if m.exact() && got.ExpiresAt.Sub(want.ExpiresAt).Abs() >= m.h.Grain {
		m.fatalf("step %d: Status.ExpiresAt is %v, want %v", m.step, got.ExpiresAt, want.ExpiresAt)
	}
}

func (m *modelRun) sameTime(name string, got, want time.Duration) {
	m.t.Helper()
	if m.exact() && (got < want || got >= want+m.h.Grain) {
		m.fatalf("step %d: %s is %v, want %v", m.step, name, got, want)
	}
}
