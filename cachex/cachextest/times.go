package cachextest

import (
	"time"

	"github.com/ycvk/tinybook/cachex"
)

func timeScenarios() []scenario {
	short := with(calm(), func(p *cachex.Policy) { p.TTL = 400 * time.Millisecond })
	pause := with(calm(), func(p *cachex.Policy) { p.ResendAfter = 1200 * time.Millisecond })
	return []scenario{
		{"CodeExpired", short, codeExpired},
		{"Pause", pause, pauseBetweenSets},
		{"PauseAfterUse", pause, pauseAfterUse},
		{"PauseOutlivesCode", with(pause, func(p *cachex.Policy) {
			p.TTL = 100 * time.Millisecond
		}), pauseOutlivesCode},
		{"PauseOutlivesShortestLife", cachex.Policy{
			TTL: time.Millisecond, ResendAfter: 3 * time.Second, MaxAttempts: 3,
		}, pauseOutlivesShortestLife},
		{"TooManySaysWhenToResend", pause, tooManySaysWhen},
		{"WrongTryKeepsExpiry", short, wrongTryKeepsExpiry},
		{"Forgotten", with(short, func(p *cachex.Policy) {
			p.Guesses = cachex.Budget{Max: 3, Window: 500 * time.Millisecond}
			p.Sends = []cachex.Budget{{Max: 1, Window: 500 * time.Millisecond}}
		}), forgotten},
		{"Capacity", short, capacity},
	}
}

func codeExpired(e *env) {
	k := e.key()
	e.set(k, right)
	e.shortly(e.p.TTL, func() { e.mismatch(k, 2) })
	e.noVerify(k, right, cachex.ErrNotFound)
	if s := e.status(k); s != (cachex.Status{}) {
		e.fatalf("Status of an expired code is %+v, want zero", s)
	}
	e.quickly(e.p.TTL, func(e *env) {
		k := e.key()
		e.set(k, right)
		e.verify(k, right)
	})
}

// waitOut is refused for ErrTooSoon, a moment before the end as well, and then
// not.
func (e *env) waitOut(k cachex.Key) {
	e.t.Helper()
	d := e.noSet(k, cachex.ErrTooSoon)
	e.near("RetryAfter", d.RetryAfter, e.p.ResendAfter)
	e.shortly(d.RetryAfter, func() {
		e.near("last RetryAfter", e.noSet(k, cachex.ErrTooSoon).RetryAfter, e.h.Grain)
	})
	e.settled()
	e.set(k, right)
}

func pauseBetweenSets(e *env) {
	e.quickly(e.p.ResendAfter, func(e *env) {
		k := e.key()
		e.set(k, wrong)
		e.waitOut(k)
	})
}

func pauseAfterUse(e *env) {
	e.rule = "the pause must outlive the use of the code"
	e.quickly(e.p.ResendAfter, func(e *env) {
		k := e.key()
		e.set(k, right)
		e.verify(k, right)
		e.waitOut(k)
	})
}

// The first Set isn't refused however long the pause, the code dies in time and
// the pause goes on.
func pauseOutlivesCode(e *env) {
	e.rule = "the pause must outlive the code"
	e.quickly(e.p.ResendAfter, func(e *env) {
		k := e.key()
		e.set(k, right)
		e.h.Advance(e.p.TTL)
		e.noVerify(k, right, cachex.ErrNotFound)
		d := e.noSet(k, cachex.ErrTooSoon)
		e.wait(d.RetryAfter, e.p.ResendAfter-e.p.TTL)
		e.set(k, right)
	})
}

// A cache that drops the record some grace after the code's life loses the pause.
func pauseOutlivesShortestLife(e *env) {
	e.rule = "the pause must outlive the code"
	e.quickly(e.p.ResendAfter, func(e *env) {
		k := e.key()
		e.set(k, right)
		e.h.Advance(e.p.ResendAfter * 3 / 4) // more than a second, the grace that Redis' coarse expiry asks for
		d := e.noSet(k, cachex.ErrTooSoon)
		e.wait(d.RetryAfter, e.p.ResendAfter/4)
		e.set(k, right)
	})
}

func tooManySaysWhen(e *env) {
	e.quickly(e.p.ResendAfter, func(e *env) {
		k := e.key()
		e.set(k, right)
		for left := 2; left >= 0; left-- {
			e.mismatch(k, left)
		}
		e.wait(e.noVerify(k, right, cachex.ErrTooMany).RetryAfter, e.p.ResendAfter)
		e.set(k, right)
		e.verify(k, right)
	})
}

func wrongTryKeepsExpiry(e *env) {
	e.rule = "a wrong try must not prolong the code"
	e.quickly(e.p.TTL, func(e *env) {
		k := e.key()
		e.set(k, right)
		e.h.Advance(e.p.TTL / 2)
		e.mismatch(k, 2)
		e.h.Advance(e.p.TTL - e.p.TTL/2)
		e.settled()
		e.noVerify(k, right, cachex.ErrNotFound)
	})
}

// After the last of its times has passed, a Key is as new.
func forgotten(e *env) {
	k := e.key()
	e.set(k, right)
	_ = e.c.Verify(e.t.Context(), k, wrong)
	e.h.Advance(e.p.Guesses.Window)
	if s := e.status(k); s != (cachex.Status{}) {
		e.fatalf("Status is %+v, want zero", s)
	}
	e.quickly(e.p.Guesses.Window, func(e *env) {
		k := e.key()
		e.set(k, right)
		e.noSet(k, cachex.ErrLocked)
		e.mismatch(k, 2)
		e.verify(k, right)
	})
	e.set(k, right)
}

// A full cache takes exactly as many records as it promises, forgets none of
// them, and has room again once they have ended.
func capacity(e *env) {
	if e.h.Capacity == 0 {
		for range 500 {
			e.set(e.key(), right)
		}
		return
	}
	e.quickly(e.p.TTL, func(e *env) {
		var kept []cachex.Key
		for range 4 * e.h.Capacity {
			k := e.key()
			if _, err := e.c.Set(e.t.Context(), k, right); err == nil {
				kept = append(kept, k)
				continue
			}
			e.noSet(k, cachex.ErrFull)
		}
		if len(kept) != e.h.Capacity {
			e.fatalf("%d records accepted, want %d", len(kept), e.h.Capacity)
		}
		e.set(kept[0], right)
		for _, k := range kept {
			e.mismatch(k, 2)
		}
	})
	e.h.Advance(e.p.TTL + e.h.Lag)
	e.quickly(e.p.TTL, func(e *env) {
		k := e.key()
		e.set(k, right)
		e.verify(k, right)
	})
}
