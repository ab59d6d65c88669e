package cachextest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/cachex/cachextest"
	"github.com/ycvk/tinybook/internal/teeth"
)

const noCache = "no cache"

// A fault breaks a cache in one way. Its fields are what it replaces; what is
// nil works.
type fault struct {
	name   string
	caught string // a scenario that must fail
	says   string // and what it must say
	policy func(p *cachex.Policy)
	key    func(k cachex.Key) cachex.Key
	code   func(code string) string
	set    func(ctx context.Context, f *faulty, k cachex.Key, code string) (cachex.Ticket, error)
	verify func(ctx context.Context, f *faulty, k cachex.Key, code string) error
	revoke func(ctx context.Context, f *faulty, k cachex.Key, gen uint64) (bool, error)
	err    func(err error, k cachex.Key, code string) error
}

func faults() []fault {
	return []fault{
		{name: noCache, caught: "NoCode", says: "open returned a Harness whose Cache is nil"},
		{name: "dies early", caught: "CodeExpired", policy: func(p *cachex.Policy) { p.TTL-- }},
		{name: "dies late", caught: "CodeExpired", policy: func(p *cachex.Policy) { p.TTL++ }},
		{name: "no send budget", caught: "MoreThanThreeSends", policy: func(p *cachex.Policy) { p.Sends = nil }},
		{name: "one send budget", caught: "AllSendBudgets", policy: func(p *cachex.Policy) { p.Sends = p.Sends[:min(1, len(p.Sends))] }},
		{name: "no guess budget", caught: "GuessesSurviveResends", says: "guess budget not kept across codes", policy: func(p *cachex.Policy) { p.Guesses = cachex.Budget{} }},
		{name: "one try more", caught: "CodeTriedTooOften", policy: func(p *cachex.Policy) { p.MaxAttempts++ }},
		{name: "parts run together", caught: "KeyConfusion", key: func(k cachex.Key) cachex.Key {
			if k.Biz == "" || k.To == "" {
				return k
			}
			return cachex.Key{Biz: "all", To: k.Biz + k.To}
		}},
		{name: "blanks don't count", caught: "KeyConfusion", key: func(k cachex.Key) cachex.Key {
			k.To = strings.TrimSpace(k.To)
			return k
		}},
		{name: "case doesn't count in To", caught: "KeyConfusion", says: "two Keys share", key: func(k cachex.Key) cachex.Key {
			k.To = strings.ToLower(k.To)
			return k
		}},
		{name: "case doesn't count in Biz", caught: "KeyConfusion", key: func(k cachex.Key) cachex.Key {
			k.Biz = strings.ToLower(k.Biz)
			return k
		}},
		{name: "blanks don't count in a code", caught: "AnyBytes", code: keep(strings.TrimSpace)},
		{name: "case doesn't count in a code", caught: "AnyBytes", code: keep(strings.ToLower)},
		{name: "leading zeros don't count", caught: "AnyBytes", code: keep(func(code string) string {
			return strings.TrimLeft(code, "0")
		})},
		{name: "a zero byte ends a code", caught: "AnyBytes", code: keep(func(code string) string {
			head, _, _ := strings.Cut(code, "\x00")
			return head
		})},
		{name: "invalid UTF-8 is replaced", caught: "AnyBytes", code: keep(func(code string) string {
			return strings.ToValidUTF8(code, "\uFFFD")
		})},
		{name: "long codes are cut", caught: "BadInput", code: func(code string) string {
			return code[:min(len(code), cachex.MaxCodeLen)]
		}},
		{name: "zero bytes end a code", caught: "AnyBytes", code: func(code string) string {
			head, _, _ := strings.Cut(code+"\x00", "\x00")
			return head + code[:min(len(code), 1)]
		}},
		{name: "errors name the recipient", caught: "CodeUsedTwice", err: func(err error, k cachex.Key, _ string) error {
			return fmt.Errorf("%s: %w", k.To, err)
		}},
		{name: "errors name the code", caught: "CodeUsedTwice", err: func(err error, _ cachex.Key, code string) error {
			return fmt.Errorf("%w: %s", err, code)
		}},
		{name: "no RetryAfter", caught: "Pause", err: func(err error, _ cachex.Key, _ string) error {
			if d, ok := errors.AsType[*cachex.DeniedError](err); ok {
				d.RetryAfter = 0
			}
			return err
		}},
		{name: "used twice", caught: "CodeUsedTwice", verify: usedTwice},
		{name: "checked before counted", caught: "ManyGoroutinesGuess", verify: checkedBeforeCounted},
		{name: "read then spent", caught: "ManyGoroutinesRightCode", verify: readThenSpent},
		{name: "evicts", caught: "Capacity", set: evicts},
		{name: "revokes any gen", caught: "RevokeOldGen", revoke: revokesAny},
		{name: "forgives on Revoke", caught: "RevokeKeepsGuesses", says: "guess budget not kept across a Revoke", revoke: forgives},
		{name: "a year is cut", caught: "LongestLock", policy: func(p *cachex.Policy) {
			p.Guesses.Window = min(p.Guesses.Window, 1<<31*time.Millisecond)
		}},
		{name: "a long pause is cut", caught: "LongestPause", policy: func(p *cachex.Policy) {
			p.ResendAfter = min(p.ResendAfter, 1<<31*time.Millisecond)
		}},
		{name: "counts of 15 bits", caught: "LargestCounts", policy: func(p *cachex.Policy) {
			p.MaxAttempts &= 1<<15 - 1
		}},
		{name: "ignores ctx", caught: "ContextDone", verify: ignoresContext},
		{name: "one gen", caught: "GenRises", set: oneGen},
	}
}

// keep returns f but for codes of which f leaves nothing.
func keep(f func(string) string) func(string) string {
	return func(code string) string {
		if cut := f(code); cut != "" {
			return cut
		}
		return code
	}
}

// usedTwice takes the code of the last success again.
func usedTwice(ctx context.Context, f *faulty, k cachex.Key, code string) error {
	err := f.CodeCache.Verify(ctx, k, code)
	f.mu.Lock()
	defer f.mu.Unlock()
	if err == nil {
		f.used[k] = code
	} else if f.used[k] == code {
		return nil
	}
	return err
}

// checkedBeforeCounted looks whether tries are left, and compares later.
func checkedBeforeCounted(ctx context.Context, f *faulty, k cachex.Key, code string) error {
	s, err := f.CodeCache.Status(ctx, k)
	if err != nil || !s.Live || s.Left == 0 {
		return f.CodeCache.Verify(ctx, k, code)
	}
	f.meet()
	err = f.CodeCache.Verify(ctx, k, code)
	if errors.Is(err, cachex.ErrTooMany) || errors.Is(err, cachex.ErrLocked) {
		return &cachex.DeniedError{Reason: cachex.ErrMismatch}
	}
	return err
}

// readThenSpent finds the code, and lets go of the lock before it deletes it.
func readThenSpent(ctx context.Context, f *faulty, k cachex.Key, code string) error {
	s, err := f.CodeCache.Status(ctx, k)
	if err != nil || !s.Live || code != "271828" {
		return f.CodeCache.Verify(ctx, k, code)
	}
	f.meet()
	_ = f.CodeCache.Verify(ctx, k, code)
	return nil
}

func evicts(ctx context.Context, f *faulty, k cachex.Key, code string) (cachex.Ticket, error) {
	t, err := f.CodeCache.Set(ctx, k, code)
	if errors.Is(err, cachex.ErrFull) {
		return cachex.Ticket{Gen: 1, ExpiresAt: time.Now()}, nil
	}
	return t, err
}

func revokesAny(ctx context.Context, f *faulty, k cachex.Key, gen uint64) (bool, error) {
	if s, err := f.CodeCache.Status(ctx, k); err == nil && s.Live {
		gen = s.Gen
	}
	return f.CodeCache.Revoke(ctx, k, gen)
}

// forgives starts the Key anew, as a cache does whose Revoke drops the record.
func forgives(ctx context.Context, f *faulty, k cachex.Key, gen uint64) (bool, error) {
	ok, err := f.CodeCache.Revoke(ctx, k, gen)
	if ok {
		if _, err := f.CodeCache.Set(ctx, k, "forgive"); err == nil {
			_ = f.CodeCache.Verify(ctx, k, "forgive")
		}
	}
	return ok, err
}

func ignoresContext(ctx context.Context, f *faulty, k cachex.Key, code string) error {
	return f.CodeCache.Verify(context.WithoutCancel(ctx), k, code)
}

func oneGen(ctx context.Context, f *faulty, k cachex.Key, code string) (cachex.Ticket, error) {
	t, err := f.CodeCache.Set(ctx, k, code)
	if err == nil {
		t.Gen = 1
	}
	return t, err
}

// A faulty is a cache that works but for its fault.
type faulty struct {
	cachex.CodeCache
	fault fault
	mu    sync.Mutex
	used  map[cachex.Key]string
}

// meet gives the other goroutines time to come to the same point.
func (f *faulty) meet() { time.Sleep(time.Nanosecond) }

func (f *faulty) change(k cachex.Key, code string) (cachex.Key, string) {
	if f.fault.key != nil {
		k = f.fault.key(k)
	}
	if f.fault.code != nil {
		code = f.fault.code(code)
	}
	return k, code
}

func (f *faulty) wrap(err error, k cachex.Key, code string) error {
	if err == nil || f.fault.err == nil {
		return err
	}
	return f.fault.err(err, k, code)
}

func (f *faulty) Set(ctx context.Context, k cachex.Key, code string) (cachex.Ticket, error) {
	set := f.fault.set
	if set == nil {
		set = func(ctx context.Context, f *faulty, k cachex.Key, code string) (cachex.Ticket, error) {
			return f.CodeCache.Set(ctx, k, code)
		}
	}
	k2, code2 := f.change(k, code)
	t, err := set(ctx, f, k2, code2)
	return t, f.wrap(err, k, code)
}

func (f *faulty) Verify(ctx context.Context, k cachex.Key, code string) error {
	verify := f.fault.verify
	if verify == nil {
		verify = func(ctx context.Context, f *faulty, k cachex.Key, code string) error {
			return f.CodeCache.Verify(ctx, k, code)
		}
	}
	k2, code2 := f.change(k, code)
	return f.wrap(verify(ctx, f, k2, code2), k, code)
}

func (f *faulty) Revoke(ctx context.Context, k cachex.Key, gen uint64) (bool, error) {
	k2, _ := f.change(k, "")
	if f.fault.revoke != nil {
		return f.fault.revoke(ctx, f, k2, gen)
	}
	return f.CodeCache.Revoke(ctx, k2, gen)
}

func (f *faulty) Status(ctx context.Context, k cachex.Key) (cachex.Status, error) {
	k2, _ := f.change(k, "")
	return f.CodeCache.Status(ctx, k2)
}

func openFaulty(t *testing.T, f fault, p cachex.Policy) cachextest.Harness {
	if f.name == noCache {
		return cachextest.Harness{}
	}
	if f.policy != nil {
		f.policy(&p)
	}
	c, err := cachex.NewCodeLocalCache(cachex.WithPolicy("", p), cachex.WithCapacity(300))
	require.NoError(t, err)
	return cachextest.Harness{
		Cache:    &faulty{CodeCache: c, fault: f, used: make(map[cachex.Key]string)},
		Grain:    1,
		Capacity: 300,
	}
}

// The suite passes the cache that every fault is built on.
func TestSoundCachePasses(t *testing.T) { runFaulty(t, fault{}) }

func TestSuiteHasTeeth(t *testing.T) {
	var all []teeth.Fault
	for _, f := range faults() {
		all = append(all, teeth.Fault{Name: f.name, Caught: f.caught, Says: f.says, Suite: func(t *testing.T) { runFaulty(t, f) }})
	}
	teeth.Bite(t, all)
}

func runFaulty(t *testing.T, f fault) {
	t.Helper()
	cachextest.RunBubble(t, func(t *testing.T, p cachex.Policy) cachextest.Harness { return openFaulty(t, f, p) })
}
