package cachex

import (
	"context"
	"time"
)

// An access is a call's view of one Key, under the lock of its stripe.
type access struct {
	name   id
	p      *Policy
	stripe *stripe
	wall   time.Time
	now    int64
	slot   *slot  // nil without an entry
	rec    record // zero when there is none or its end has come
}

// do runs f on k unless the call can't start.
func (c *CodeTheineCache) do(ctx context.Context, k Key, code string, f func(a *access) error) error {
	if err := checkCall(ctx, k, code); err != nil {
		return err
	}
	c.closing.RLock()
	defer c.closing.RUnlock()
	if c.closed {
		return ErrClosed
	}
	a := access{name: c.names.id(k), p: &c.rules.all[c.rules.pick(k.Biz)]}
	a.stripe = &c.stripes[a.name.a%theineStripes]
	a.stripe.mu.Lock()
	defer a.stripe.mu.Unlock()
	a.wall, a.now = c.clock.now()
	if s, ok := c.store.Get(a.name); ok {
		a.slot = s
		if s.rec.ends(a.p) > a.now {
			a.rec = s.rec
		}
	}
	return f(&a)
}

// save stores a.rec and reports whether there was room for it. A record whose
// end moves gets a new entry, because theine's expiry may be at work on the old
// one: a new life given in place can be lost. The new entry takes over the
// permit of the old, and follows it in theine's queue, so that theine never
// counts both.
func (c *CodeTheineCache) save(a *access) bool {
	end := a.rec.ends(a.p)
	switch {
	case end <= a.now:
		c.drop(a)
		return true
	case a.slot != nil && a.slot.held.Load() && end == a.slot.until:
		a.slot.rec = a.rec
		return true
	}
	fresh := &slot{rec: a.rec, until: end}
	if a.slot != nil {
		c.store.Delete(a.name)
		if a.slot.held.CompareAndSwap(true, false) {
			fresh.held.Store(true)
		}
	}
	if !fresh.held.Load() {
		if !c.permits.take() {
			return false
		}
		fresh.held.Store(true)
	}
	return c.store.SetWithTTL(a.name, fresh, 1, time.Duration(end-a.now)+theineGrace)
}

// drop deletes the entry. Its permit is given back here, after theine was told:
// the listener misses an entry that expires at the same time.
func (c *CodeTheineCache) drop(a *access) {
	if a.slot != nil {
		c.store.Delete(a.name)
		c.release(a.slot)
	}
}
