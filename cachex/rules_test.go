package cachex

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"
)

var (
	rightMAC = mac{1}
	wrongMAC = mac{2}
)

func testPolicy() *Policy {
	return &Policy{
		TTL: 100, ResendAfter: 10, MaxAttempts: 3,
		Guesses: Budget{Max: 5, Window: 200},
		Sends:   []Budget{{Max: 2, Window: 50}, {Max: 3, Window: 300}},
	}
}

// A step of a rule table: what happens at a time, and the answer.
type ruleStep struct {
	at     int64
	do     string // "set", "right", "wrong" or "revoke"
	reason error
	left   int
	after  time.Duration
}

func (s ruleStep) run(t *testing.T, r *record, p *Policy) {
	t.Helper()
	if r.ends(p) <= s.at {
		*r = record{}
	}
	var d *DeniedError
	switch s.do {
	case "set":
		d = r.set(s.at, p, rightMAC, uint64(s.at))
	case "right":
		d = r.verify(s.at, p, []mac{{}, rightMAC})
	case "wrong":
		d = r.verify(s.at, p, []mac{wrongMAC, {}})
	case "revoke":
		if !r.revoke(s.at, p, r.gen) {
			d = denied(ErrNotFound, 0, 0)
		}
	}
	if d == nil {
		d = new(DeniedError)
	}
	if want := (DeniedError{s.reason, s.left, s.after}); *d != want {
		t.Fatalf("%s at %d: %+v, want %+v", s.do, s.at, *d, want)
	}
}

func TestRules(t *testing.T) {
	for _, tc := range []struct {
		name  string
		steps []ruleStep
	}{
		{"used once", []ruleStep{
			{1, "set", nil, 0, 0},
			{2, "right", nil, 0, 0},
			{3, "right", ErrNotFound, 0, 0},
		}},
		{"alive until its TTL", []ruleStep{
			{1, "set", nil, 0, 0},
			{100, "wrong", ErrMismatch, 2, 0},
			{101, "right", ErrNotFound, 0, 0},
		}},
		{"tries", []ruleStep{
			{1, "set", nil, 0, 0},
			{2, "wrong", ErrMismatch, 2, 0},
			{2, "wrong", ErrMismatch, 1, 0},
			{2, "wrong", ErrMismatch, 0, 0},
			{4, "right", ErrTooMany, 0, 7},
			{20, "right", ErrTooMany, 0, 0},
		}},
		{"pause", []ruleStep{
			{1, "set", nil, 0, 0},
			{10, "set", ErrTooSoon, 0, 1},
			{11, "set", nil, 0, 0},
		}},
		{"the longest budget", []ruleStep{
			{1, "set", nil, 0, 0},
			{11, "set", nil, 0, 0},
			{21, "set", ErrLocked, 0, 30},
			{50, "set", ErrLocked, 0, 1},
			{51, "set", nil, 0, 0},
			{52, "set", ErrLocked, 0, 249},
			{301, "set", nil, 0, 0},
		}},
		{"the guess budget over three codes", []ruleStep{
			{1, "set", nil, 0, 0},
			{2, "wrong", ErrMismatch, 2, 0},
			{2, "wrong", ErrMismatch, 1, 0},
			{2, "wrong", ErrMismatch, 0, 0},
			{61, "set", nil, 0, 0},
			{62, "wrong", ErrMismatch, 1, 0},
			{63, "wrong", ErrMismatch, 0, 0},
			{64, "right", ErrLocked, 0, 138},
			{64, "set", ErrLocked, 0, 138},
			{202, "right", ErrNotFound, 0, 0},
			{202, "set", nil, 0, 0},
			{203, "right", nil, 0, 0},
		}},
		{"a window that is over starts again", []ruleStep{
			{1, "set", nil, 0, 0},
			{2, "wrong", ErrMismatch, 2, 0},
			{201, "set", nil, 0, 0},
			{202, "wrong", ErrMismatch, 2, 0},
			{203, "wrong", ErrMismatch, 1, 0},
		}},
		{"taken back", []ruleStep{
			{1, "set", nil, 0, 0},
			{2, "revoke", nil, 0, 0},
			{2, "set", nil, 0, 0},
			{2, "revoke", nil, 0, 0},
			{2, "revoke", ErrNotFound, 0, 0},
			{2, "set", nil, 0, 0},
			{12, "set", nil, 0, 0},
			{22, "set", ErrLocked, 0, 30},
		}},
		{"a window that is over gives nothing back", []ruleStep{
			{1, "set", nil, 0, 0},
			{41, "set", nil, 0, 0},
			{60, "revoke", nil, 0, 0},
			{60, "set", nil, 0, 0},
			{70, "set", nil, 0, 0},
			{80, "set", ErrLocked, 0, 221},
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var r record
			p := testPolicy()
			for _, s := range tc.steps {
				s.run(t, &r, p)
			}
		})
	}
}

// A record that says when it ends must be right: from then on it answers as a
// new one would, and a moment before it doesn't.
func TestEnds(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	p := testPolicy()
	for range 2000 {
		rec, now := record{}, int64(1)
		for range 1 + r.IntN(8) {
			switch r.IntN(4) {
			case 0:
				_ = rec.verify(now, p, []mac{wrongMAC})
			case 1:
				rec.revoke(now, p, rec.gen)
			default:
				_ = rec.set(now, p, rightMAC, uint64(now))
			}
			if now += r.Int64N(30); rec.ends(p) <= now {
				rec = record{}
			}
		}
		end := rec.ends(p)
		if rec == (record{}) {
			continue
		}
		if !sameAsNew(rec, p, end) {
			t.Fatalf("%+v still matters at its end %d", rec, end)
		}
		if sameAsNew(rec, p, end-1) {
			t.Fatalf("%+v doesn't matter before its end %d", rec, end)
		}
	}
}

// sameAsNew reports whether nothing can tell rec from a new record at now.
func sameAsNew(rec record, p *Policy, now int64) bool {
	if rec.status(now, p, time.Time{}) != (Status{}) || rec.wrongs.rest(now, p.Guesses) > 0 {
		return false
	}
	for i, b := range p.Sends {
		if rec.sends[i].rest(now, b) > 0 {
			return false
		}
	}
	return rec.set(now, p, rightMAC, 1) == nil
}

func TestDeniedError(t *testing.T) {
	for _, tc := range []struct {
		err  *DeniedError
		want string
	}{
		{&DeniedError{Reason: ErrMismatch, Left: 2}, "cachex: wrong code, 2 tries left"},
		{&DeniedError{Reason: ErrMismatch, Left: 1}, "cachex: wrong code, 1 try left"},
		{&DeniedError{Reason: ErrMismatch}, "cachex: wrong code, 0 tries left"},
		{&DeniedError{Reason: ErrTooSoon, RetryAfter: time.Second}, "cachex: sent too recently, retry after 1s"},
		{&DeniedError{Reason: ErrFull}, "cachex: cache is full"},
		{&DeniedError{}, "cachex: denied"},
	} {
		if got := tc.err.Error(); got != tc.want {
			t.Errorf("Error() = %q, want %q", got, tc.want)
		}
		if tc.err.Reason != nil && !errors.Is(tc.err, tc.err.Reason) {
			t.Errorf("%v isn't its reason", tc.err)
		}
	}
}
