package ratelimit

// counterMethod is the sliding window counter that Cloudflare described: the
// hits of the aligned window before count in proportion to how much of it a
// window that ends now still covers, as if they had come evenly. The time when
// both windows have passed is the rule's word, the older and the newer count are
// its smalls.
type counterMethod struct{ wordsOnly }

func (counterMethod) shape(limits int) shape { return newShape(limits, 2*limits) }

// gone returns when a hit at now has no more weight.
func (counterMethod) gone(q *rule, now int64) int64 { return q.edge(now) + q.per }

// counts returns the hits of the window before now's and of now's own.
func (m counterMethod) counts(r row, q *rule, now int64) (prev, cur int64) {
	k, gone := q.of, m.gone(q, now)
	switch int64(*r.word(q.place)) {
	case gone:
		return int64(r.small(k, 2*q.place)), int64(r.small(k, 2*q.place+1))
	case gone - q.per:
		return int64(r.small(k, 2*q.place+1)), 0
	}
	return 0, 0
}

func (m counterMethod) set(r row, q *rule, now, prev, cur int64) {
	k := q.of
	*r.word(q.place) = uint64(m.gone(q, now))
	r.setSmall(k, 2*q.place, uint32(prev))
	r.setSmall(k, 2*q.place+1, uint32(cur))
}

func (m counterMethod) room(_ *shard, r row, q *rule, now int64) int64 {
	prev, cur := m.counts(r, q, now)
	weight, rest := mulDiv(uint64(prev), uint64(q.edge(now)-now), uint64(q.per))
	if rest > 0 {
		weight++
	}
	return q.n - int64(weight) - cur
}

// wait returns when the older count has lost so much weight that n hits fit: in
// this window, or in the next, where the newer count is the older one.
func (m counterMethod) wait(_ *shard, r row, q *rule, now, n int64) int64 {
	prev, cur := m.counts(r, q, now)
	left := q.edge(now) - now
	if free := q.n - cur - n; free >= 0 {
		return left - q.weightless(free, prev)
	}
	return left + q.per - q.weightless(q.n-n, cur)
}

// weightless returns how long before the end of a window the hits of the one
// before, prev of them, weigh no more than free.
func (q *rule) weightless(free, prev int64) int64 {
	if free >= prev {
		return q.per
	}
	left, _ := mulDiv(uint64(free), uint64(q.per), uint64(prev))
	return int64(left)
}

func (m counterMethod) reset(_ *shard, r row, q *rule, now int64) int64 {
	switch prev, cur := m.counts(r, q, now); {
	case cur > 0:
		return m.gone(q, now) - now
	case prev > 0:
		return q.edge(now) - now
	}
	return 0
}

func (m counterMethod) take(_ *shard, r row, p *localPlan, now, n int64) (slack span) {
	for i := range p.rules {
		q := &p.rules[i]
		prev, cur := m.counts(r, q, now)
		m.set(r, q, now, prev, cur+n)
	}
	return span{}
}

func (m counterMethod) until(rc *localReceipt) (end int64) {
	for i := range rc.plan.rules {
		end = max(end, m.gone(&rc.plan.rules[i], rc.at))
	}
	return end
}

func (m counterMethod) refund(_ *shard, r row, now int64, rc *localReceipt) (span, int64) {
	for i := range rc.plan.rules {
		q := &rc.plan.rules[i]
		prev, cur := m.counts(r, q, now)
		switch m.gone(q, rc.at) {
		case m.gone(q, now):
			m.set(r, q, now, prev, max(0, cur-rc.n))
		case m.gone(q, now) - q.per:
			m.set(r, q, now, max(0, prev-rc.n), cur)
		}
	}
	return span{}, m.until(rc)
}
