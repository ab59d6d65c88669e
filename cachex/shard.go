package cachex

import (
	"math"
	"sync"
	"sync/atomic"
	"time"
)

const (
	sweepPerSet = 2  // expired records that an ordinary Set looks for: more than it adds
	sweepPerRun = 64 // and that a Set into a full cache takes from one shard under its lock
)

// A shard is a part of a CodeLocalCache under one lock.
type shard struct {
	mu      sync.Mutex
	table   table        // mu guards it
	lastGen uint64       // mu guards it
	due     atomic.Int64 // table.due(), to be read without mu
	_       [64]byte     // keeps shards off each other's cache lines
}

func (s *shard) init(sends int) {
	s.table = newTable(sends)
	s.due.Store(math.MaxInt64)
}

// load returns the record of k as it is at now: zero when its end has come. ok
// tells whether k has a row.
func (s *shard) load(k id, p *Policy, now int64) (rec record, ref uint32, ok bool) {
	if ref, ok = s.table.find(k); !ok {
		return record{}, 0, false
	}
	if rec = s.table.row(ref).load(s.table.sends); rec.ends(p) <= now {
		rec = record{}
	}
	return rec, ref, true
}

// save stores rec in its row, or removes the row when its end has come.
func (s *shard) save(c *CodeLocalCache, rec *record, ref uint32, p *Policy, now int64) {
	end := rec.ends(p)
	if end <= now {
		s.remove(c, ref)
		return
	}
	r := s.table.row(ref)
	r.store(rec, s.table.sends)
	if end < r.due() {
		s.table.reschedule(ref, end)
		s.due.Store(s.table.due())
	}
}

func (s *shard) remove(c *CodeLocalCache, ref uint32) {
	s.table.remove(ref)
	s.due.Store(s.table.due())
	c.permits.give()
}

// sweep looks at up to limit rows that are due, removes those whose end has
// come and returns how many.
func (s *shard) sweep(c *CodeLocalCache, now int64, limit int) (removed int) {
	for ; limit > 0 && s.due.Load() <= now; limit-- {
		ref := s.table.heap[0]
		r := s.table.row(ref)
		rec := r.load(s.table.sends)
		if end := rec.ends(&c.rules.all[r.policy()]); end > now {
			s.table.reschedule(ref, end)
			s.due.Store(s.table.due())
			continue
		}
		s.remove(c, ref)
		removed++
	}
	return removed
}

// set is Set on k; full tells that it needs a permit that isn't there.
func (s *shard) set(c *CodeLocalCache, k id, policy uint32, code mac) (t Ticket, d *DeniedError, full bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := &c.rules.all[policy]
	wall, now := c.clock.now()
	s.sweep(c, now, sweepPerSet)
	rec, ref, ok := s.load(k, p, now)
	gen := c.clock.gen(now, s.lastGen)
	if d = rec.set(now, p, code, gen); d != nil {
		return Ticket{}, d, false
	}
	if !ok {
		if !c.permits.take() {
			return Ticket{}, nil, true
		}
		ref = s.table.insert(k, policy, rec.ends(p))
		s.due.Store(s.table.due())
	}
	s.lastGen = gen
	s.save(c, &rec, ref, p, now)
	return Ticket{Gen: gen, ExpiresAt: wall.Add(p.TTL)}, nil, false
}

func (s *shard) verify(c *CodeLocalCache, k id, p *Policy, tries []mac) *DeniedError {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, now := c.clock.now()
	rec, ref, ok := s.load(k, p, now)
	d := rec.verify(now, p, tries)
	if ok {
		s.save(c, &rec, ref, p, now)
	}
	return d
}

func (s *shard) revoke(c *CodeLocalCache, k id, p *Policy, gen uint64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, now := c.clock.now()
	rec, ref, ok := s.load(k, p, now)
	if !ok || !rec.revoke(now, p, gen) {
		return false
	}
	s.save(c, &rec, ref, p, now)
	return true
}

func (s *shard) status(c *CodeLocalCache, k id, p *Policy) Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	wall, now := c.clock.now()
	rec, _, _ := s.load(k, p, now)
	return rec.status(now, p, wall)
}

// A monoclock counts nanoseconds from its base, above 0, whatever the wall
// clock does.
type monoclock struct {
	base    time.Time
	genBase int64 // base in microseconds since 1970
}

func newMonoclock() monoclock {
	base := time.Now()
	return monoclock{base, base.UnixMicro()}
}

func (c *monoclock) now() (wall time.Time, now int64) {
	wall = time.Now()
	return wall, int64(wall.Sub(c.base)) + 1
}

// gen returns a gen that is above last, and above those of an earlier process.
func (c *monoclock) gen(now int64, last uint64) uint64 {
	return max(last+1, uint64(c.genBase+now/1000))
}

// permits count the records of a cache against its capacity.
type permits struct {
	max  int64
	used atomic.Int64
}

func (p *permits) take() bool {
	for {
		used := p.used.Load()
		if used >= p.max {
			return false
		}
		if p.used.CompareAndSwap(used, used+1) {
			return true
		}
	}
}

func (p *permits) give() { p.used.Add(-1) }
