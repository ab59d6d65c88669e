package ratelimit

import "math/bits"

// A span is a time of ns and frac/den nanoseconds, where den is the rule's: a
// third of a second has no end in nanoseconds, and what is rounded away at each
// hit would be missing, or be given away, after many.
type span struct {
	ns   int64
	frac uint64
}

func (a span) plus(b span, den uint64) span {
	s := span{a.ns + b.ns, a.frac + b.frac}
	if s.frac >= den {
		s.ns++
		s.frac -= den
	}
	return s
}

func (a span) minus(b span, den uint64) span {
	s := span{a.ns - b.ns, a.frac - b.frac}
	if a.frac < b.frac {
		s.ns--
		s.frac += den
	}
	return s
}

func (a span) less(b span) bool { return a.ns < b.ns || a.ns == b.ns && a.frac < b.frac }

// up returns a rounded up to nanoseconds.
func (a span) up() int64 {
	if a.frac > 0 {
		return a.ns + 1
	}
	return a.ns
}

// cost returns what n hits cost.
func (q *rule) cost(n int64) span {
	if n == 1 && q.step != (span{}) {
		return q.step
	}
	ns, frac := mulDiv(uint64(n), q.num, q.den)
	return span{int64(ns), frac}
}

// hits returns how many hits a pays for.
func (q *rule) hits(a span) int64 {
	hi, lo := bits.Mul64(uint64(a.ns), q.den)
	lo, carry := bits.Add64(lo, a.frac, 0)
	if hi += carry; hi == 0 {
		return int64(lo / q.num)
	}
	n, _ := bits.Div64(hi, lo, q.num)
	return int64(n)
}

// gcraMethod is the generic cell rate algorithm (ITU-T I.371, annex A): a key is
// the time at which all its hits are paid for, and a hit is admitted when that
// would be no further away than a burst's worth. The time is the rule's word,
// its fraction the small.
type gcraMethod struct{ wordsOnly }

func (gcraMethod) shape(limits int) shape { return newShape(limits, limits) }

// debt returns how far from now the hits are paid for.
func (gcraMethod) debt(r row, q *rule, now int64) span {
	if tat := int64(*r.word(q.place)); tat >= now {
		return span{tat - now, uint64(r.small(q.of, q.place))}
	}
	return span{}
}

func (m gcraMethod) set(r row, q *rule, tat span) {
	*r.word(q.place) = uint64(tat.ns)
	r.setSmall(q.of, q.place, uint32(tat.frac))
}

func (m gcraMethod) room(_ *shard, r row, q *rule, now int64) int64 {
	if q.n == 0 {
		return 0
	}
	return q.hits(q.tau.minus(m.debt(r, q, now), q.den))
}

func (m gcraMethod) wait(_ *shard, r row, q *rule, now, n int64) int64 {
	return m.debt(r, q, now).plus(q.cost(n), q.den).minus(q.tau, q.den).up()
}

func (m gcraMethod) reset(_ *shard, r row, q *rule, now int64) int64 {
	return m.debt(r, q, now).up()
}

func (m gcraMethod) take(_ *shard, r row, p *localPlan, now, n int64) (slack span) {
	for i := range p.rules {
		q := &p.rules[i]
		debt := m.debt(r, q, now)
		if i == 0 || debt.ns < slack.ns {
			slack = debt
		}
		m.set(r, q, debt.plus(q.cost(n), q.den).plus(span{ns: now}, q.den))
	}
	if len(p.rules) > 1 { // the rules have no common fraction
		slack.frac = 0
	}
	return slack
}

func (gcraMethod) until(rc *localReceipt) int64 {
	var cost int64
	for i := range rc.plan.rules {
		cost = max(cost, rc.plan.rules[i].cost(rc.n).up())
	}
	return rc.at + rc.slack.up() + cost
}

// refund moves the time back by what of the hits isn't paid yet: hits are paid
// one after the other, and rc's began to be paid rc.slack after rc.at. To move
// it further would give back once more what time has given back.
func (m gcraMethod) refund(_ *shard, r row, now int64, rc *localReceipt) (gain span, until int64) {
	for i := range rc.plan.rules {
		q := &rc.plan.rules[i]
		back := rc.unpaid(q, now)
		debt := m.debt(r, q, now)
		if debt.less(back) {
			back = debt
		}
		m.set(r, q, debt.minus(back, q.den).plus(span{ns: now}, q.den))
		if gain.less(back) {
			gain = back
		}
		until = max(until, now+q.tau.up())
	}
	if len(rc.plan.rules) > 1 { // no common fraction: rounded up, to be safe
		gain = span{ns: gain.up()}
	}
	return gain, until
}

// unpaid returns what of the cost of rc's hits isn't paid at now.
func (rc *localReceipt) unpaid(q *rule, now int64) span {
	cost := q.cost(rc.n)
	left := rc.slack.plus(cost, q.den).minus(span{ns: now - rc.at}, q.den)
	switch {
	case left.ns < 0:
		return span{}
	case cost.less(left):
		return cost
	}
	return left
}
