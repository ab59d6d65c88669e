package cachex

import (
	"crypto/hmac"
	"time"
)

// A window counts the events of one budget. It is empty at count 0.
type window struct {
	start int64
	count uint16
}

// rest returns how long the window still counts at now, 0 when it doesn't.
func (w *window) rest(now int64, b Budget) int64 {
	if w.count == 0 {
		return 0
	}
	return max(0, w.start+int64(b.Window)-now)
}

// spent returns how long the budget stays spent, 0 when it isn't.
func (w *window) spent(now int64, b Budget) int64 {
	if b.off() || int(w.count) < b.Max {
		return 0
	}
	return w.rest(now, b)
}

func (w *window) add(now int64, b Budget) {
	if w.rest(now, b) == 0 {
		*w = window{start: now}
	}
	w.count++
}

// A record is the state of one Key, and its methods are the rules. They take
// the time as an argument, in nanoseconds on a clock that starts above 0 and
// never steps back, and expect a record that is alive or zero: see ends.
type record struct {
	code   mac
	gen    uint64 // of the code; 0 without one
	sentAt int64  // of the last Set; 0 without one
	wrongs window
	sends  [maxBudgets]window
	left   uint16 // tries that the code still takes
}

// ends returns when nothing of the record matters any more.
func (r *record) ends(p *Policy) int64 {
	end := int64(0)
	if r.gen != 0 {
		end = r.sentAt + int64(p.TTL)
	}
	if r.sentAt != 0 {
		end = max(end, r.sentAt+int64(p.ResendAfter))
	}
	if r.wrongs.count > 0 {
		end = max(end, r.wrongs.start+int64(p.Guesses.Window))
	}
	for i, b := range p.Sends {
		if w := &r.sends[i]; w.count > 0 {
			end = max(end, w.start+int64(b.Window))
		}
	}
	return end
}

// pause returns what is left of the pause after the last Set.
func (r *record) pause(now int64, p *Policy) int64 {
	if r.sentAt == 0 {
		return 0
	}
	return max(0, r.sentAt+int64(p.ResendAfter)-now)
}

// locked returns how long a budget stays spent, 0 when none is.
func (r *record) locked(now int64, p *Policy) int64 {
	rest := r.wrongs.spent(now, p.Guesses)
	for i, b := range p.Sends {
		rest = max(rest, r.sends[i].spent(now, b))
	}
	return rest
}

func (r *record) live(now int64, p *Policy) bool {
	return r.gen != 0 && now < r.sentAt+int64(p.TTL)
}

// set makes code the code, or returns why not.
func (r *record) set(now int64, p *Policy, code mac, gen uint64) *DeniedError {
	pause := r.pause(now, p)
	if rest := r.locked(now, p); rest > 0 {
		return denied(ErrLocked, 0, max(rest, pause))
	}
	if pause > 0 {
		return denied(ErrTooSoon, 0, pause)
	}
	r.code, r.gen, r.sentAt, r.left = code, gen, now, uint16(p.MaxAttempts)
	for i, b := range p.Sends {
		r.sends[i].add(now, b)
	}
	return nil
}

// verify spends the code if it is among tries, or returns why not.
func (r *record) verify(now int64, p *Policy, tries []mac) *DeniedError {
	if rest := r.wrongs.spent(now, p.Guesses); rest > 0 {
		return denied(ErrLocked, 0, rest)
	}
	if !r.live(now, p) {
		return denied(ErrNotFound, 0, 0)
	}
	if r.left == 0 {
		return denied(ErrTooMany, 0, r.pause(now, p))
	}
	r.left--
	if !p.Guesses.off() {
		r.wrongs.add(now, p.Guesses)
	}
	if !among(tries, r.code) {
		return denied(ErrMismatch, r.triesLeft(now, p), 0)
	}
	r.code, r.gen, r.left, r.wrongs = mac{}, 0, 0, window{}
	return nil
}

// triesLeft returns how many wrong tries the live code still takes.
func (r *record) triesLeft(now int64, p *Policy) int {
	left := int(r.left)
	if p.Guesses.off() {
		return left
	}
	if r.wrongs.rest(now, p.Guesses) == 0 {
		return min(left, p.Guesses.Max)
	}
	return min(left, max(0, p.Guesses.Max-int(r.wrongs.count)))
}

// revoke takes back the Set of gen and reports whether it did.
func (r *record) revoke(now int64, p *Policy, gen uint64) bool {
	if gen == 0 || r.gen != gen {
		return false
	}
	for i, b := range p.Sends {
		if w := &r.sends[i]; w.rest(now, b) > 0 {
			w.count--
		}
	}
	r.code, r.gen, r.left, r.sentAt = mac{}, 0, 0, 0
	return true
}

// status tells how things stand; wall is what now is on the wall clock.
func (r *record) status(now int64, p *Policy, wall time.Time) Status {
	s := Status{
		ResendAfter: time.Duration(r.pause(now, p)),
		LockedFor:   time.Duration(r.locked(now, p)),
	}
	if r.live(now, p) {
		s.Live = true
		s.Gen = r.gen
		s.ExpiresAt = wall.Add(time.Duration(r.sentAt + int64(p.TTL) - now))
		s.Left = r.triesLeft(now, p)
	}
	return s
}

// among reports whether m is one of tries, in a time that doesn't tell which.
func among(tries []mac, m mac) bool {
	ok := false
	for i := range tries {
		ok = hmac.Equal(tries[i][:], m[:]) || ok
	}
	return ok
}

func denied(reason error, left int, retryAfter int64) *DeniedError {
	return &DeniedError{Reason: reason, Left: left, RetryAfter: time.Duration(retryAfter)}
}
