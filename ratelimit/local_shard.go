package ratelimit

import "sync"

// A shard is a part of a Local under one lock.
type shard struct {
	mu     sync.Mutex
	last   int64   // the latest time that a call saw: none sees an earlier one
	seq    uint64  // of the latest admission
	tables []table // of keys with one limit, two, and so on; SlidingLog has one for all
	logs   arena
	past   past
	method method
	_      [32]byte // keeps shards off each other's cache lines
}

// tick returns the time of a call.
func (s *shard) tick(now int64) int64 {
	s.last = max(s.last, now)
	return s.last
}

// table returns the table of the keys of p.
func (s *shard) table(p *localPlan) *table {
	i := len(p.rules) - 1
	if s.method == (logMethod{}) {
		i = 0
	}
	for len(s.tables) <= i {
		s.tables = append(s.tables, table{shape: s.method.shape(len(s.tables) + 1)})
	}
	return &s.tables[i]
}

// row returns the row of k, which is new if it has none.
func (s *shard) row(p *localPlan, k id, now int64) row {
	t := s.table(p)
	if r, ok := t.find(k); ok {
		return r
	}
	if t.full() {
		s.grow(t, now)
	}
	return t.insert(k)
}

// grow makes room in t: by removing what is as good as none, and if that isn't
// much, with a larger array.
func (s *shard) grow(t *table, now int64) {
	for slot := 0; slot < t.slots; {
		if !s.swept(t, slot, now) {
			slot++
		}
	}
	if t.n > t.slots/2 || t.slots < minSlots {
		t.resize(t.slots + t.slots/2)
	}
}

// sweepPerCall is how many slots a call looks at in each table. Growing removes
// what is as good as none, so this is for what was left by a flood.
const sweepPerCall = 2

// sweep removes some rows that are as good as none. Rows may move.
func (s *shard) sweep(now int64) {
	for i := range s.tables {
		t := &s.tables[i]
		removed := false
		for range min(sweepPerCall, t.slots) {
			if s.swept(t, t.next, now) {
				removed = true // and another row may be there
			} else if t.next++; t.next >= t.slots {
				t.next = 0
			}
		}
		if removed {
			s.shrink(t)
		}
	}
	if s.past != nil {
		s.past.sweep(now)
	}
}

// swept reports whether slot held a row that was as good as none, and removes
// it. Another row may be there then.
func (s *shard) swept(t *table, slot int, now int64) bool {
	r := t.at(slot)
	if r[0] == 0 || r.end(t.times) >= now {
		return false
	}
	s.method.drop(s, r)
	t.remove(slot)
	return true
}

// shrink gives memory back when most of it is unused.
func (s *shard) shrink(t *table) {
	if t.sparse() {
		t.resize(t.n * 2)
	}
	if s.logs.wasteful() {
		s.repack(t)
	}
}

// repack moves the rings of t's rows, which are all there are, to an arena that
// has no others.
func (s *shard) repack(t *table) {
	var fresh arena
	for slot := range t.slots {
		r := t.at(slot)
		if r[0] == 0 || r.low() == 0 {
			continue
		}
		old := s.logs.ring(uint32(r[logRing] >> 32))
		ref, buf := fresh.get(len(old))
		copy(buf, old)
		r[logRing] = uint64(ref)<<32 | r[logRing]<<32>>32
	}
	s.logs = fresh
}

// remove forgets k, and voids the receipts of its hits.
func (s *shard) remove(p *localPlan, k id) {
	t := s.table(p)
	if t.n == 0 {
		return
	}
	slot, ok := t.slot(k)
	if !ok {
		return
	}
	r := t.at(slot)
	s.past.forget(k, s.seq, r.end(t.times)+1)
	s.method.drop(s, r)
	t.remove(slot)
}

// look answers a call for n hits that takes none, fits of which could be taken.
func (s *shard) look(p *localPlan, r row, now, n, fits int64, res *Result) {
	room, q := p.room(s.method, s, r, now)
	if n > fits {
		res.RetryAfter, q = p.wait(s.method, s, r, now, n-fits)
	}
	res.Remaining = int(room)
	res.ResetAfter = p.reset(s.method, s, r, now)
	res.Limit, res.Source = q.limit, InProcess
}

// take admits n hits, which fit, and returns their row and their receipt.
func (s *shard) take(p *localPlan, k id, now, n int64) (row, localReceipt) {
	r := s.row(p, k, now)
	s.seq++
	slack := s.method.take(s, r, p, now, n)
	return r, localReceipt{plan: p, id: k, n: n, at: now, slack: slack, seq: s.seq}
}
