package cachextest

import (
	"errors"
	"time"

	"github.com/ycvk/tinybook/cachex"
)

func budgetScenarios() []scenario {
	guesses := with(calm(), func(p *cachex.Policy) {
		p.Guesses = cachex.Budget{Max: 7, Window: 1500 * time.Millisecond}
	})
	sends := with(calm(), func(p *cachex.Policy) {
		p.Sends = []cachex.Budget{{Max: 3, Window: 1500 * time.Millisecond}}
	})
	return []scenario{
		{"GuessesSurviveResends", guesses, guessesSurviveResends},
		{"GuessesSurviveExpiry", with(guesses, func(p *cachex.Policy) {
			p.TTL = 100 * time.Millisecond
			p.Guesses.Max = 1
		}), guessesSurviveExpiry},
		{"SuccessClearsGuesses", with(calm(), func(p *cachex.Policy) {
			p.Guesses = cachex.Budget{Max: 3, Window: time.Hour}
			p.Sends = []cachex.Budget{{Max: 4, Window: time.Hour}}
		}), successClearsGuesses},
		{"MoreThanThreeSends", sends, moreThanThreeSends},
		{"AllSendBudgets", with(calm(), func(p *cachex.Policy) {
			p.Sends = []cachex.Budget{
				{Max: 9, Window: time.Hour},
				{Max: 2, Window: 700 * time.Millisecond},
				{Max: 3, Window: 2 * time.Hour},
				{Max: 3, Window: time.Hour},
			}
		}), allSendBudgets},
		{"LockedBeatsTooSoon", with(sends, func(p *cachex.Policy) {
			p.ResendAfter = 2 * time.Second
			p.Sends[0].Max = 1
		}), lockedBeatsTooSoon},
		{"RefusalsCostNothing", with(calm(), func(p *cachex.Policy) {
			p.ResendAfter = time.Second
			p.Sends = []cachex.Budget{{Max: 2, Window: time.Hour}}
		}), refusalsCostNothing},
	}
}

// However often a code is sent again, the guesses over all codes stay within
// the budget of the window, and the right code doesn't help in the lock.
func guessesSurviveResends(e *env) {
	e.rule = "guess budget not kept across codes"
	e.quickly(e.p.Guesses.Window, func(e *env) {
		k := e.key()
		compared := e.guessAll(k)
		if compared != e.p.Guesses.Max {
			e.fatalf("%d guesses compared, want %d", compared, e.p.Guesses.Max)
		}
		if e.noSet(k, cachex.ErrLocked).RetryAfter <= 0 {
			e.fatalf("ErrLocked without RetryAfter")
		}
		e.wait(e.noVerify(k, right, cachex.ErrLocked).RetryAfter, e.p.Guesses.Window)
		e.set(k, right)
		e.mismatch(k, 2)
		e.verify(k, right)
	})
}

// guessAll sends codes and guesses until k is locked, and returns how many
// guesses were compared.
func (e *env) guessAll(k cachex.Key) (compared int) {
	for range 100 {
		if _, err := e.c.Set(e.t.Context(), k, right); errors.Is(err, cachex.ErrLocked) {
			return compared
		}
		for err := error(nil); !errors.Is(err, cachex.ErrTooMany) && !errors.Is(err, cachex.ErrLocked); {
			if err = e.c.Verify(e.t.Context(), k, wrong); errors.Is(err, cachex.ErrMismatch) {
				compared++
				continue
			}
			if err == nil || errors.Is(err, cachex.ErrNotFound) {
				e.fatalf("Verify of a wrong code: %v", err)
			}
		}
	}
	e.fatalf("100 codes and no lock")
	return 0
}

func guessesSurviveExpiry(e *env) {
	e.rule = "guess budget not kept after a code has expired"
	e.quickly(e.p.Guesses.Window, func(e *env) {
		k := e.key()
		e.set(k, right)
		if err := e.c.Verify(e.t.Context(), k, wrong); errors.Is(err, cachex.ErrNotFound) {
			return // the code expired on the way; TTL is short on purpose
		}
		e.h.Advance(2 * e.p.TTL)
		e.noVerify(k, right, cachex.ErrLocked)
		e.noSet(k, cachex.ErrLocked)
	})
}

func successClearsGuesses(e *env) {
	e.rule = "a success must clear the guesses, and no send budget"
	k := e.key()
	for range 3 {
		e.set(k, right)
		e.mismatch(k, 2)
		e.mismatch(k, 1)
		e.verify(k, right)
	}
	e.set(k, right)
	e.mismatch(k, 2)
	e.mismatch(k, 1)
	e.mismatch(k, 0)
	e.noSet(k, cachex.ErrLocked)

	k = e.key()
	for range 4 {
		e.set(k, right)
		e.verify(k, right)
	}
	e.noSet(k, cachex.ErrLocked)
}

func moreThanThreeSends(e *env) {
	e.rule = "send budget not kept"
	e.quickly(e.p.Sends[0].Window, func(e *env) {
		k := e.key()
		for range 3 {
			e.set(k, right)
		}
		e.near("LockedFor", e.status(k).LockedFor, e.p.Sends[0].Window)
		d := e.noSet(k, cachex.ErrLocked)
		e.near("RetryAfter", d.RetryAfter, e.p.Sends[0].Window)
		e.verify(k, right) // the code that was sent still works
		e.noSet(k, cachex.ErrLocked)
		e.wait(e.noSet(k, cachex.ErrLocked).RetryAfter, e.p.Sends[0].Window)
		e.set(k, right)
	})
}

func allSendBudgets(e *env) {
	e.rule = "every send budget must allow a Set"
	e.quickly(e.p.Sends[1].Window, func(e *env) {
		k := e.key()
		e.set(k, right)
		e.set(k, right)
		e.wait(e.noSet(k, cachex.ErrLocked).RetryAfter, e.p.Sends[1].Window)
		e.set(k, right)
		d := e.noSet(k, cachex.ErrLocked)
		if lo, hi := 119*time.Minute, 2*time.Hour; d.RetryAfter < lo || d.RetryAfter > hi {
			e.fatalf("RetryAfter is %v, want the longest of two spent budgets", d.RetryAfter)
		}
	})
}

// A spent budget wins over the pause, and waiting as long as it says is enough
// for both.
func lockedBeatsTooSoon(e *env) {
	e.rule = "ErrLocked must win over ErrTooSoon and say the longer wait"
	e.quickly(e.p.Sends[0].Window, func(e *env) {
		k := e.key()
		e.set(k, right)
		d := e.noSet(k, cachex.ErrLocked)
		e.near("ResendAfter", e.status(k).ResendAfter, e.p.ResendAfter)
		e.wait(d.RetryAfter, e.p.ResendAfter)
		e.set(k, right)
	})
}

func refusalsCostNothing(e *env) {
	e.rule = "a refused Set must change nothing"
	e.quickly(e.p.ResendAfter, func(e *env) {
		k := e.key()
		first := e.set(k, right)
		for range 20 {
			e.noSet(k, cachex.ErrTooSoon)
		}
		if s := e.status(k); s.Gen != first.Gen {
			e.fatalf("a refused Set changed the gen to %d, want %d", s.Gen, first.Gen)
		}
		e.wait(e.noSet(k, cachex.ErrTooSoon).RetryAfter, e.p.ResendAfter)
		e.set(k, right)
		e.noSet(k, cachex.ErrLocked)
	})
}
