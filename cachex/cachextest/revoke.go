package cachextest

import (
	"time"

	"github.com/ycvk/tinybook/cachex"
)

func revokeScenarios() []scenario {
	strict := with(calm(), func(p *cachex.Policy) {
		p.ResendAfter = time.Hour
		p.Sends = []cachex.Budget{{Max: 1, Window: time.Hour}}
	})
	return []scenario{
		{"RevokeGivesBack", strict, revokeGivesBack},
		{"RevokeOldGen", calm(), revokeOldGen},
		{"RevokeTooLate", calm(), revokeTooLate},
		{"RevokeKeepsGuesses", with(calm(), func(p *cachex.Policy) {
			p.Guesses = cachex.Budget{Max: 2, Window: time.Hour}
		}), revokeKeepsGuesses},
		{"RevokeCountsOneSend", with(calm(), func(p *cachex.Policy) {
			p.Sends = []cachex.Budget{{Max: 3, Window: time.Hour}, {Max: 4, Window: 2 * time.Hour}}
		}), revokeCountsOneSend},
		{"RevokeExpired", with(strict, func(p *cachex.Policy) {
			p.TTL = 100 * time.Millisecond
		}), revokeExpired},
	}
}

// The pause and the send come back as often as the message fails.
func revokeGivesBack(e *env) {
	e.rule = "a Revoke must give back the pause and the send"
	k := e.key()
	for range 10 {
		t := e.set(k, right)
		e.noSet(k, cachex.ErrLocked)
		e.revoke(k, t.Gen, true)
		e.noVerify(k, right, cachex.ErrNotFound)
		if s := e.status(k); s != (cachex.Status{}) {
			e.fatalf("Status after Revoke is %+v, want zero", s)
		}
		e.revoke(k, t.Gen, false)
	}
}

// A message that turns out lost after the next was sent takes nothing back, and
// taking back the next doesn't bring the old one back.
func revokeOldGen(e *env) {
	e.rule = "a Revoke must take back the Set of its gen only"
	k := e.key()
	old := e.set(k, wrong)
	now := e.set(k, right)
	for _, gen := range []uint64{old.Gen, 0, now.Gen + 1, 1} {
		e.revoke(k, gen, false)
	}
	if s := e.status(k); s.Gen != now.Gen || s.Left != 3 {
		e.fatalf("Status is %+v, want the code of gen %d untouched", s, now.Gen)
	}
	e.revoke(k, now.Gen, true)
	e.noVerify(k, wrong, cachex.ErrNotFound)
	e.noVerify(k, right, cachex.ErrNotFound)
	e.revoke(k, old.Gen, false)
}

func revokeTooLate(e *env) {
	k := e.key()
	t := e.set(k, right)
	e.verify(k, right)
	e.revoke(k, t.Gen, false)
	e.revoke(e.key(), t.Gen, false)
}

func revokeKeepsGuesses(e *env) {
	e.rule = "guess budget not kept across a Revoke"
	k := e.key()
	t := e.set(k, right)
	e.mismatch(k, 1)
	e.revoke(k, t.Gen, true)
	e.set(k, right)
	e.mismatch(k, 0)
	e.noSet(k, cachex.ErrLocked)
}

func revokeCountsOneSend(e *env) {
	e.rule = "a Revoke must give back one send, not all"
	k := e.key()
	e.set(k, right)
	e.set(k, right)
	t := e.set(k, right)
	e.noSet(k, cachex.ErrLocked)
	e.revoke(k, t.Gen, true)
	e.set(k, right)
	e.noSet(k, cachex.ErrLocked)
}

// A message can fail so late that its code has expired.
func revokeExpired(e *env) {
	k := e.key()
	t := e.set(k, right)
	e.h.Advance(e.p.TTL)
	e.noVerify(k, right, cachex.ErrNotFound)
	e.revoke(k, t.Gen, true)
	e.set(k, right)
}
