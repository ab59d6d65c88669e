package ratelimit

import (
	"cmp"
	"math/bits"
	"slices"
	"time"
)

// A localPlan is the limits of a key, ready to be used.
type localPlan struct {
	owner *Local
	rules []rule
	per   int64 // the longest of all
}

// A rule is one limit of a plan, in nanoseconds.
type rule struct {
	limit   Limit
	place   int   // among its plan's rules,
	of      int   // of which there are so many
	n       int64 // hits per per
	per     int64
	most    int64 // hits at once
	longest int64 // per of all rules

	// GCRA: a hit costs num/den nanoseconds, in lowest terms; see span.
	num, den  uint64
	step, tau span // the cost of one hit, and of as many as may come at once
}

// arranged returns limits in the order that tells whether two lists are the same:
// the longest first. It copies them unless they are in it.
func arranged(limits []Limit) []Limit {
	order := func(x, y Limit) int {
		return cmp.Or(cmp.Compare(y.Per, x.Per), cmp.Compare(x.N, y.N), cmp.Compare(x.burst(), y.burst()))
	}
	if slices.IsSortedFunc(limits, order) {
		return limits
	}
	return slices.SortedFunc(slices.Values(limits), order)
}

// burst returns how many hits may come at once.
func (l Limit) burst() int { return cmp.Or(l.Burst, l.N) }

// newPlan returns the plan of limits, which are arranged.
func newPlan(owner *Local, limits []Limit) *localPlan {
	p := &localPlan{owner: owner, rules: make([]rule, len(limits))}
	for i, l := range limits {
		p.rules[i] = newRule(l, i, len(limits))
		p.per = max(p.per, int64(l.Per))
	}
	for i := range p.rules {
		p.rules[i].longest = p.per
	}
	return p
}

func newRule(l Limit, place, of int) rule {
	q := rule{limit: l, place: place, of: of, n: int64(l.N), per: int64(l.Per), most: int64(l.N)}
	if l.N == 0 {
		return q
	}
	q.most = int64(l.burst())
	div := gcd(uint64(l.Per), uint64(l.N))
	q.num, q.den = uint64(l.Per)/div, uint64(l.N)/div
	q.step, q.tau = q.cost(1), q.cost(q.most)
	return q
}

func gcd(a, b uint64) uint64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// is reports whether p is the plan of limits, which are arranged.
func (p *localPlan) is(limits []Limit) bool {
	return slices.EqualFunc(p.rules, limits, func(q rule, l Limit) bool { return sameLimit(q.limit, l) })
}

func sameLimit(x, y Limit) bool {
	return x.N == y.N && x.Per == y.Per && x.burst() == y.burst()
}

// room returns how many hits all rules have room for, and the rule that has the
// least.
func (p *localPlan) room(m method, s *shard, r row, now int64) (room int64, least *rule) {
	for i := range p.rules {
		q := &p.rules[i]
		if n := max(0, m.room(s, r, q, now)); least == nil || n < room {
			room, least = n, q
		}
	}
	return room, least
}

// wait returns how long until all rules have room for n hits, 0 for at once, and
// the rule that takes the longest.
func (p *localPlan) wait(m method, s *shard, r row, now, n int64) (wait time.Duration, longest *rule) {
	for i := range p.rules {
		q, d := &p.rules[i], time.Duration(0)
		switch {
		case n > q.most:
			d = Never
		case m.room(s, r, q, now) < n:
			d = time.Duration(m.wait(s, r, q, now, n))
		}
		if longest == nil || d > wait {
			wait, longest = d, q
		}
	}
	return wait, longest
}

// reset returns how long until r is as good as new.
func (p *localPlan) reset(m method, s *shard, r row, now int64) time.Duration {
	var d int64
	for i := range p.rules {
		d = max(d, m.reset(s, r, &p.rules[i], now))
	}
	return time.Duration(d)
}

// A method is an algorithm on rows. A row of zeros is a key without hits. Times
// are the Local's, in nanoseconds.
type method interface {
	// shape returns the layout of a row under so many limits.
	shape(limits int) shape
	// room returns how many hits fit now.
	room(s *shard, r row, q *rule, now int64) int64
	// wait returns how long until n hits fit, which they don't now, but will.
	wait(s *shard, r row, q *rule, now, n int64) int64
	// reset returns how long until the row is as good as new.
	reset(s *shard, r row, q *rule, now int64) int64
	// take adds n hits, which fit, and returns how long until they begin to be
	// paid for, which GCRA needs to refund them.
	take(s *shard, r row, p *localPlan, now, n int64) (slack span)
	// until returns when there is nothing left of rc to refund.
	until(rc *localReceipt) int64
	// refund takes back what is left of rc. It returns by how much that made
	// later hits begin to be paid for earlier, which GCRA needs for theirs, and
	// until when the refund must be remembered.
	refund(s *shard, r row, now int64, rc *localReceipt) (gain span, until int64)
	// drop lets go of what the shard holds for a row that is to be removed.
	drop(s *shard, r row)
}

// wordsOnly is a method whose rows hold all there is.
type wordsOnly struct{}

func (wordsOnly) drop(*shard, row) {}

func methodOf(a Algorithm) method {
	switch a {
	case SlidingCounter:
		return counterMethod{}
	case GCRA:
		return gcraMethod{}
	case FixedWindow:
		return fixedMethod{}
	}
	return logMethod{}
}

// mulDiv returns a*b/c rounded down, and the remainder. The quotient fits.
func mulDiv(a, b, c uint64) (quo, rem uint64) {
	hi, lo := bits.Mul64(a, b)
	if hi == 0 {
		return lo / c, lo % c
	}
	return bits.Div64(hi, lo, c)
}
