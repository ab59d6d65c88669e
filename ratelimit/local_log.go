package ratelimit

import "sort"

// logMethod keeps the time of every hit that still counts, in a ring of the
// shard's arena. A row's word is when the last hit has left the longest window;
// its small is how many times the ring holds, and its extra word says where.
type logMethod struct{}

func (logMethod) shape(int) shape { return shape{words: rowWords + 2, times: 1} }

const logRing = rowWords + 1 // the arena's ref and the first time's place, 32 bits each

// A ring is the times of a row's hits, in order.
type ring struct {
	buf  []int64 // as long as a power of 2
	head int
	n    int
}

func (g *ring) at(i int) int64     { return g.buf[(g.head+i)&(len(g.buf)-1)] }
func (g *ring) set(i int, t int64) { g.buf[(g.head+i)&(len(g.buf)-1)] = t }

// after returns how many hits came at t or before.
func (g *ring) after(t int64) int {
	if g.n == 0 || g.at(0) > t {
		return 0
	}
	return sort.Search(g.n, func(i int) bool { return g.at(i) > t })
}

func (logMethod) ring(s *shard, r row) ring {
	n := r.low()
	if n == 0 {
		return ring{}
	}
	return ring{buf: s.logs.ring(uint32(r[logRing] >> 32)), head: int(uint32(r[logRing])), n: int(n)}
}

func (m logMethod) room(s *shard, r row, q *rule, now int64) int64 {
	g := m.ring(s, r)
	return q.n - int64(g.n-g.after(now-q.per))
}

// wait returns when the hit leaves the window that is one too many.
func (m logMethod) wait(s *shard, r row, q *rule, now, n int64) int64 {
	g := m.ring(s, r)
	return g.at(g.n-int(q.n-n+1)) + q.per - now
}

func (m logMethod) reset(s *shard, r row, q *rule, now int64) int64 {
	g := m.ring(s, r)
	if g.n == 0 {
		return 0
	}
	return max(0, g.at(g.n-1)+q.per-now)
}

func (m logMethod) take(s *shard, r row, p *localPlan, now, n int64) (slack span) {
	g := m.ring(s, r)
	gone := g.after(now - p.per)
	g.head, g.n = g.head+gone, g.n-gone
	m.fit(s, r, &g, g.n+int(n))
	for range n {
		g.set(g.n, now)
		g.n++
	}
	m.store(s, r, &g)
	r[rowWords] = uint64(now + p.per)
	return span{}
}

// store notes where g is and how long.
func (logMethod) store(s *shard, r row, g *ring) {
	r.setLow(uint32(g.n))
	r[logRing] = r[logRing]>>32<<32 | uint64(g.head&(len(g.buf)-1))
}

// fit moves g to a ring of the right size for n hits, unless it is in one, or in
// a larger one that isn't mostly unused.
func (logMethod) fit(s *shard, r row, g *ring, n int) {
	if n <= len(g.buf) && (n > len(g.buf)/4 || len(g.buf) == ringMin) {
		return
	}
	had, ref := r.low() > 0, uint32(r[logRing]>>32)
	to, buf := s.logs.get(n)
	for i := range g.n {
		buf[i] = g.at(i)
	}
	if had {
		s.logs.put(ref)
	}
	g.buf, g.head = buf, 0
	r[logRing] = uint64(to) << 32
}

func (logMethod) until(rc *localReceipt) int64 { return rc.at + rc.plan.per }

// refund removes the hits: as many of those of that very time as they were. It
// takes time in proportion to the hits that came later.
func (m logMethod) refund(s *shard, r row, now int64, rc *localReceipt) (span, int64) {
	g := m.ring(s, r)
	end := g.after(rc.at)
	n := min(int(rc.n), end-g.after(rc.at-1))
	for i := end; i < g.n; i++ {
		g.set(i-n, g.at(i))
	}
	g.n -= n
	m.shortened(s, r, &g, now, rc.plan.per)
	return span{}, m.until(rc)
}

// shortened stores g after its last hits have been taken from it.
func (m logMethod) shortened(s *shard, r row, g *ring, now, per int64) {
	if g.n > 0 {
		m.store(s, r, g)
		r[rowWords] = uint64(g.at(g.n-1) + per)
		return
	}
	m.drop(s, r)
	r.setLow(0)
	r[rowWords] = uint64(now)
}

// drop gives back the ring of a row that is to be removed.
func (logMethod) drop(s *shard, r row) {
	if r.low() > 0 {
		s.logs.put(uint32(r[logRing] >> 32))
	}
}
