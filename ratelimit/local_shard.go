package ratelimit

import "sync"

// A shard is a part of a Local under one lock. What every call writes is on one
// cache line, since the next call may be another processor's.
type shard struct {
	mu     sync.Mutex
	last   int64  // the latest time that a call saw: none sees an earlier one
	seq    uint64 // of the latest admission
	calls  uint32
	tables []table // of keys with one limit, two, and so on; SlidingLog has one for all
	past   past
	method method
	logs   arena
	_      [24]byte // to whole cache lines
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

// add returns a row for k, which has none.
func (s *shard) add(p *localPlan, k id, now int64) row {
	t := s.table(p)
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

// Every sweepEvery calls look at as many slots in a row: a slot a call would be
// as much, but each on a cache line of its own. Growing removes what is as good
// as none, so this is for what a flood has left.
const sweepEvery = 32

// sweep removes some rows that are as good as none, every now and then. Rows may
// move.
func (s *shard) sweep(now int64) {
	if s.calls++; s.calls%sweepEvery != 0 {
		return
	}
	for i := range s.tables {
		s.sweepTable(&s.tables[i], now)
	}
	if s.logs.wasteful() {
		s.repack(&s.tables[0])
	}
	if s.past != nil {
		s.past.sweep(now)
	}
}

func (s *shard) sweepTable(t *table, now int64) {
	removed := false
	for range min(sweepEvery, t.slots) {
		if s.swept(t, t.next, now) {
			removed = true // and another row may be there
		} else if t.next++; t.next >= t.slots {
			t.next = 0
		}
	}
	if removed && t.sparse() {
		t.resize(t.n * 2)
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

// repack moves the rings of t's rows, which are all there are, to an arena that
// has no others.
func (s *shard) repack(t *table) {
	var fresh arena
	for slot := range t.slots {
		r := t.at(slot)
		if r[0] == 0 || r.low() == 0 {
			continue
		}
		old := s.logs.ring(uint32(r[logPlace] >> 32))
		ref, buf := fresh.get(len(old))
		copy(buf, old)
		r[logPlace] = uint64(ref)<<32 | r[logPlace]<<32>>32
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

// look completes the answer to a call that had n hits to place, of which so many
// are refused. r is as the call leaves it, with so much room under q, which has
// the least.
func (s *shard) look(p *localPlan, r row, now, room, refused int64, q *rule, res *Result) {
	if refused > 0 {
		res.RetryAfter, q = p.wait(s.method, s, r, now, refused)
	}
	res.Remaining = int(room)
	res.ResetAfter = p.reset(s.method, s, r, now)
	res.Limit, res.Source = q.limit, InProcess
}

// take admits n hits, which fit, and returns their row and their receipt. r is
// k's row if it has one.
func (s *shard) take(p *localPlan, k id, r row, has bool, now, n int64) (row, localReceipt) {
	if !has {
		r = s.add(p, k, now)
	}
	s.seq++
	slack := s.method.take(s, r, p, now, n)
	return r, localReceipt{plan: p, id: k, n: n, at: now, slack: slack, seq: s.seq}
}
