package cachex

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Yiling-J/theine-go"
)

// CodeTheineCache is a [CodeCache] on theine-go, for a program that has chosen
// theine for all it keeps in memory. [CodeLocalCache] does the same in a third
// of the time and of the memory and needs no Close: take it unless you have a
// reason.
//
// Theine's policy evicts what it deems least useful, which for codes is wrong,
// so it is never given the choice: an entry needs one of WithCapacity permits,
// and a Set of a new Key without one is refused with [ErrFull]. Theine notices
// about once a second which entries have expired, so a permit comes back up to
// three seconds after its record's end, or ten on a 32-bit platform, whose
// integers theine's timer wheel overflows. Everything else is as exact as in
// CodeLocalCache, including the times.
//
// NewCodeTheineCache starts theine's goroutines, which Close ends. It is safe
// for concurrent use.
type CodeTheineCache struct {
	rules   ruleset
	names   namer
	codes   *keyring
	clock   monoclock
	permits permits
	full    atomic.Uint64
	evicted atomic.Uint64
	stripes [theineStripes]stripe

	closing sync.RWMutex // held for reading by every call, so that Close waits for them
	closed  bool
	store   *theine.Cache[id, *slot]
}

const (
	theineStripes = 256
	// theineGrace is how much longer than its record an entry lives in theine,
	// so that an expiry can't overtake a call that has just seen the record.
	theineGrace = time.Second
)

// A stripe serialises the calls for the Keys that fall on it.
type stripe struct {
	mu      sync.Mutex
	lastGen uint64
	_       [48]byte // keeps stripes off each other's cache lines
}

// A slot is an entry's value in theine. The stripe's lock guards rec.
type slot struct {
	rec   record
	until int64       // the end for which the entry's life was chosen
	held  atomic.Bool // has a permit; who turns it off gives the permit back or passes it on
}

var _ CodeCache = (*CodeTheineCache)(nil)

// NewCodeTheineCache returns an empty cache, which the caller must Close. It
// ignores WithPrefix and WithNameKey. The error joins all that is wrong with
// opts.
func NewCodeTheineCache(opts ...Option) (*CodeTheineCache, error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	cfg.drawPepper()
	c := &CodeTheineCache{
		rules:   newRuleset(cfg.policies),
		names:   newNamer(),
		codes:   newKeyring(cfg.pepper),
		clock:   newMonoclock(),
		permits: permits{max: int64(cfg.capacity)},
	}
	c.store, err = theine.NewBuilder[id, *slot](int64(cfg.capacity)).RemovalListener(c.removed).Build()
	if err != nil {
		return nil, fmt.Errorf("cachex: theine: %w", err)
	}
	return c, nil
}

// removed gets the permit of an entry back that theine has taken out.
func (c *CodeTheineCache) removed(_ id, s *slot, reason theine.RemoveReason) {
	if reason == theine.EVICTED {
		c.evicted.Add(1)
	}
	c.release(s)
}

func (c *CodeTheineCache) release(s *slot) {
	if s.held.CompareAndSwap(true, false) {
		c.permits.give()
	}
}

// Close ends theine's goroutines and drops every record, after the calls that
// have begun. Later calls return [ErrClosed]; closing again does nothing.
func (c *CodeTheineCache) Close() {
	c.closing.Lock()
	defer c.closing.Unlock()
	if !c.closed {
		c.closed = true
		c.store.Close()
	}
}

// Set implements [CodeCache].
func (c *CodeTheineCache) Set(ctx context.Context, k Key, code string) (t Ticket, err error) {
	sum := mac{}
	if checkKeyCode(k, code) == nil {
		sum = c.codes.sign(k, code)
	}
	err = c.do(ctx, k, code, func(a *access) error {
		gen := c.clock.gen(a.now, a.stripe.lastGen)
		if d := a.rec.set(a.now, a.p, sum, gen); d != nil {
			return d
		}
		if !c.save(a) {
			c.full.Add(1)
			return denied(ErrFull, 0, 0)
		}
		a.stripe.lastGen = gen
		t = Ticket{Gen: gen, ExpiresAt: a.wall.Add(a.p.TTL)}
		return nil
	})
	return t, err
}

// Verify implements [CodeCache].
func (c *CodeTheineCache) Verify(ctx context.Context, k Key, code string) error {
	var tries []mac
	if checkKeyCode(k, code) == nil {
		tries = c.codes.tries(nil, k, code)
	}
	return c.do(ctx, k, code, func(a *access) error {
		d := a.rec.verify(a.now, a.p, tries)
		if !c.save(a) {
			return denied(ErrNotFound, 0, 0) // the record ended under our hands
		}
		if d != nil {
			return d
		}
		return nil
	})
}

// Revoke implements [CodeCache].
func (c *CodeTheineCache) Revoke(ctx context.Context, k Key, gen uint64) (ok bool, err error) {
	err = c.do(ctx, k, noCode, func(a *access) error {
		ok = a.rec.revoke(a.now, a.p, gen)
		if ok {
			c.save(a) // false: the record has ended meanwhile, which takes back as well
		}
		return nil
	})
	return ok, err
}

// Status implements [CodeCache].
func (c *CodeTheineCache) Status(ctx context.Context, k Key) (s Status, err error) {
	err = c.do(ctx, k, noCode, func(a *access) error {
		s = a.rec.status(a.now, a.p, a.wall)
		return nil
	})
	return s, err
}

// TheineStats is a snapshot of a [CodeTheineCache].
type TheineStats struct {
	Records  int    // permits in use: records, and ended ones that theine still has to notice
	Capacity int    // the permits that there are
	Full     uint64 // Sets refused with ErrFull so far
	Evicted  uint64 // records that theine evicted; 0, or theine has changed
}

// Stats returns a snapshot.
func (c *CodeTheineCache) Stats() TheineStats {
	return TheineStats{
		Records:  int(c.permits.used.Load()),
		Capacity: int(c.permits.max),
		Full:     c.full.Load(),
		Evicted:  c.evicted.Load(),
	}
}
