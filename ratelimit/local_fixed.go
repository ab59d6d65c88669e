package ratelimit

// fixedMethod counts the hits of each aligned window. The end of the window of
// the last hit is the rule's word, its count the small.
type fixedMethod struct{ wordsOnly }

func (fixedMethod) shape(limits int) shape { return newShape(limits, limits) }

// edge returns the end of the window that now is in.
func (q *rule) edge(now int64) int64 { return (now/q.per + 1) * q.per }

func (fixedMethod) count(r row, q *rule, now int64) int64 {
	if int64(*r.word(q.place)) != q.edge(now) {
		return 0
	}
	return int64(r.small(q.of, q.place))
}

func (m fixedMethod) set(r row, q *rule, now, count int64) {
	*r.word(q.place) = uint64(q.edge(now))
	r.setSmall(q.of, q.place, uint32(count))
}

func (m fixedMethod) room(_ *shard, r row, q *rule, now int64) int64 {
	return q.n - m.count(r, q, now)
}

func (fixedMethod) wait(_ *shard, _ row, q *rule, now, _ int64) int64 {
	return q.edge(now) - now
}

func (m fixedMethod) reset(_ *shard, r row, q *rule, now int64) int64 {
	if m.count(r, q, now) == 0 {
		return 0
	}
	return q.edge(now) - now
}

func (m fixedMethod) take(_ *shard, r row, p *localPlan, now, n int64) (slack span) {
	for i := range p.rules {
		q := &p.rules[i]
		m.set(r, q, now, m.count(r, q, now)+n)
	}
	return span{}
}

func (fixedMethod) until(rc *localReceipt) (end int64) {
	for i := range rc.plan.rules {
		end = max(end, rc.plan.rules[i].edge(rc.at))
	}
	return end
}

func (m fixedMethod) refund(_ *shard, r row, now int64, rc *localReceipt) (span, int64) {
	for i := range rc.plan.rules {
		if q := &rc.plan.rules[i]; q.edge(rc.at) == q.edge(now) {
			m.set(r, q, now, max(0, m.count(r, q, now)-rc.n))
		}
	}
	return span{}, m.until(rc)
}
