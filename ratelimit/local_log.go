package ratelimit

// logMethod keeps the time of every hit that still counts, in a ring of the
// shard's arena. A row's word is when the last hit has left the longest window,
// its small is how many times the ring holds. Two more words say where they are,
// and when the first was: most answers need no other time, and don't look into
// the ring.
type logMethod struct{}

func (logMethod) shape(int) shape { return shape{words: rowWords + 3, times: 1} }

const (
	logPlace  = rowWords + 1 // the arena's ref and the first time's place, 32 bits each
	logOldest = rowWords + 2
)

func (logMethod) ring(s *shard, r row) ring {
	return ring{
		arena: &s.logs, ref: uint32(r[logPlace] >> 32), head: int(uint32(r[logPlace])),
		n: int(r.low()), oldest: int64(r[logOldest]),
	}
}

// store writes g into its row. newest is its last time, per the longest window.
func (logMethod) store(r row, g *ring, newest, per int64) {
	r.setLow(uint32(g.n))
	r[rowWords] = uint64(newest + per)
	r[logPlace] = uint64(g.ref)<<32 | uint64(g.head)
	r[logOldest] = uint64(g.oldest)
}

func (m logMethod) room(s *shard, r row, q *rule, now int64) int64 {
	g := m.ring(s, r)
	return q.n - int64(g.n-g.until(now-q.per))
}

// wait returns when the hit leaves the window that is one too many.
func (m logMethod) wait(s *shard, r row, q *rule, now, n int64) int64 {
	g := m.ring(s, r)
	return g.at(g.n-int(q.n-n+1)) + q.per - now
}

func (logMethod) reset(_ *shard, r row, q *rule, now int64) int64 {
	if r.low() == 0 {
		return 0
	}
	return max(0, int64(r[rowWords])-q.longest+q.per-now)
}

func (m logMethod) take(s *shard, r row, p *localPlan, now, n int64) (slack span) {
	g := m.ring(s, r)
	g.cut(g.until(now - p.per))
	g.fit(g.n + int(n))
	for range n {
		g.push(now)
	}
	m.store(r, &g, now, p.per)
	return span{}
}

func (logMethod) until(rc *localReceipt) int64 { return rc.at + rc.plan.per }

// refund removes the hits: as many of those of that very time as they were. It
// takes time in proportion to the hits that came later.
func (m logMethod) refund(s *shard, r row, now int64, rc *localReceipt) (span, int64) {
	g := m.ring(s, r)
	end := g.until(rc.at)
	g.remove(end-min(int(rc.n), end-g.until(rc.at-1)), end)
	if g.n == 0 {
		m.drop(s, r)
		m.store(r, &ring{}, now, 0)
	} else {
		m.store(r, &g, g.at(g.n-1), rc.plan.per)
	}
	return span{}, m.until(rc)
}

// drop gives back the ring of a row that is to be removed.
func (logMethod) drop(s *shard, r row) {
	if r.low() > 0 {
		s.logs.put(uint32(r[logPlace] >> 32))
	}
}
