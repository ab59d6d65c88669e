package cachextest

import (
	"slices"
	"time"

	"github.com/ycvk/tinybook/cachex"
)

// What a Policy may hold at most.
const (
	longest = 366 * 24 * time.Hour
	most    = 65535
)

func limitScenarios() []scenario {
	return []scenario{
		{"LongestPause", cachex.Policy{TTL: longest, ResendAfter: longest, MaxAttempts: 1}, longestPause},
		{"LongestLock", cachex.Policy{
			TTL: longest, MaxAttempts: 2,
			Guesses: cachex.Budget{Max: 1, Window: longest},
			Sends:   slices.Repeat([]cachex.Budget{{Max: 1, Window: longest}}, 4),
		}, longestLock},
		{"LargestCounts", cachex.Policy{
			TTL: longest, MaxAttempts: most,
			Guesses: cachex.Budget{Max: most, Window: longest},
			Sends:   slices.Repeat([]cachex.Budget{{Max: most, Window: longest}}, 4),
		}, largestCounts},
	}
}

// longestPause holds a cache to a pause and a life of a year.
func longestPause(e *env) {
	k := e.key()
	t := e.set(k, right)
	e.year("RetryAfter of Set", e.noSet(k, cachex.ErrTooSoon).RetryAfter)
	if s := e.status(k); !s.Live || s.Left != 1 || !s.ExpiresAt.Equal(t.ExpiresAt) {
		e.fatalf("Status is %+v, want a live code until %v", s, t.ExpiresAt)
	}
	e.year("Status.ResendAfter", e.status(k).ResendAfter)
	e.mismatch(k, 0)
	e.year("RetryAfter of Verify", e.noVerify(k, right, cachex.ErrTooMany).RetryAfter)
	if !e.exact() || e.h.Lag > 0 {
		return
	}
	e.shortly(longest, func() {
		e.near("RetryAfter", e.noSet(k, cachex.ErrTooSoon).RetryAfter, e.h.Grain)
		e.noVerify(k, right, cachex.ErrTooMany)
	})
	e.noVerify(k, right, cachex.ErrNotFound)
	e.set(k, right)
}

// longestLock holds a cache to budgets of a year.
func longestLock(e *env) {
	k := e.key()
	e.set(k, right)
	e.year("RetryAfter of Set after the last send", e.noSet(k, cachex.ErrLocked).RetryAfter)
	e.mismatch(k, 0)
	e.year("RetryAfter of Verify", e.noVerify(k, right, cachex.ErrLocked).RetryAfter)
	e.year("RetryAfter of Set", e.noSet(k, cachex.ErrLocked).RetryAfter)
	e.year("Status.LockedFor", e.status(k).LockedFor)
	if !e.exact() || e.h.Lag > 0 {
		return
	}
	e.shortly(longest, func() {
		e.near("RetryAfter of Verify", e.noVerify(k, right, cachex.ErrLocked).RetryAfter, e.h.Grain)
		e.near("RetryAfter of Set", e.noSet(k, cachex.ErrLocked).RetryAfter, e.h.Grain)
	})
	e.set(k, right)
	e.verify(k, right)
}

// year checks that d is the longest time that there is, just begun.
func (e *env) year(name string, d time.Duration) {
	e.t.Helper()
	e.near(name, d, longest)
	if d < longest-time.Hour {
		e.fatalf("%s is %v, want %v", name, d, longest)
	}
}

func largestCounts(e *env) {
	k := e.key()
	for i := range 3 {
		e.set(k, right)
		if s := e.status(k); s.Left != most-i || s.LockedFor != 0 {
			e.fatalf("Status is %+v, want %d tries left and no lock", s, most-i)
		}
		e.mismatch(k, most-i-1)
	}
	e.verify(k, right)
}
