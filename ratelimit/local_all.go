package ratelimit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"time"
)

// AllowAll admits the hits of all Demands or none, as one step: no other call
// sees a part of it. There is one Result per Demand, in their order; see [Demand]
// for what they say. The tag is part of every key's identity, for all Demands of
// the call: pass one constant, or the tenant, never what differs from request to
// request, or an address that all phones share gets a limit per phone. The same
// key in Allow is another key, and so it is in a later call under other Limits,
// unlike a [Redis] limiter's. Limits are the same in any order.
//
// No Demand, an empty tag or Key, an N below 1, bad Limits, and a Key twice with
// different Limits are [ErrInput], all of them in one error.
func (l *Local) AllowAll(ctx context.Context, tag string, d ...Demand) ([]Result, error) {
	if err := l.checkAll(tag, d); err != nil {
		return nil, err
	}
	if err := contextError(ctx); err != nil {
		return nil, err
	}
	parts := l.parts(tag, d)
	now := l.lockAll(parts)
	defer l.unlockAll(parts)
	results := make([]Result, len(d))
	wait := time.Duration(0)
	for i := range parts {
		p := &parts[i]
		d, _ := p.plan.wait(l.method, p.shard, p.row(), now, p.n)
		wait = max(wait, d)
	}
	for i := range parts {
		if wait > 0 {
			parts[i].refuse(now, wait, results)
		} else {
			parts[i].admit(now, d, results)
		}
	}
	return results, nil
}

// takeEach takes of each Demand the hits that fit, whatever becomes of the
// others, and nothing of Demands that make no sense here.
func (l *Local) takeEach(tag string, d []Demand) []Receipt {
	receipts := make([]Receipt, len(d))
	if l.checkAll(tag, d) != nil {
		return receipts
	}
	parts := l.parts(tag, d)
	now := l.lockAll(parts)
	defer l.unlockAll(parts)
	for i := range parts {
		p := &parts[i]
		for _, j := range p.demands {
			r, has := p.shard.table(p.plan).find(p.id)
			room, _ := p.plan.room(l.method, p.shard, r, now)
			if n := min(room, int64(d[j].N)); n > 0 {
				_, receipts[j].local = p.shard.take(p.plan, p.id, r, has, now, n)
			}
		}
	}
	return receipts
}

func (l *Local) checkAll(tag string, d []Demand) error {
	var err error
	if tag == "" {
		err = joinErrors(err, fmt.Errorf("%w: the tag is empty", ErrInput))
	}
	if len(d) == 0 {
		err = joinErrors(err, fmt.Errorf("%w: there is no Demand", ErrInput))
	}
	for i := range d {
		fault := checkAsk(d[i].Key, d[i].N)
		if d[i].Limits != nil {
			fault = joinErrors(fault, checkLimits(l.algorithm, d[i].Limits))
		}
		if fault == nil && l.contradicts(d[:i], &d[i]) {
			fault = fmt.Errorf("%w: the key of an earlier demand, with other limits", ErrInput)
		}
		if fault != nil {
			err = joinErrors(err, fmt.Errorf("demand %d: %w", i, fault))
		}
	}
	return err
}

// contradicts reports whether one of earlier has d's key and other limits.
func (l *Local) contradicts(earlier []Demand, d *Demand) bool {
	for i := range earlier {
		if e := &earlier[i]; e.Key == d.Key && !slices.EqualFunc(l.limits(e), l.limits(d), sameLimit) {
			return true
		}
	}
	return false
}

// limits returns those of d, arranged.
func (l *Local) limits(d *Demand) []Limit {
	if d.Limits != nil {
		return arranged(d.Limits)
	}
	own := make([]Limit, len(l.plan.rules))
	for i := range own {
		own[i] = l.plan.rules[i].limit
	}
	return own
}

// joinErrors is errors.Join, without a shell around a single error.
func joinErrors(a, b error) error {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return errors.Join(a, b)
}

// A part is what an AllowAll asks of one row.
type part struct {
	plan    *localPlan
	id      id
	shard   *shard
	n       int64 // of all its demands
	demands []int
}

// parts returns what is asked of which row, each row once, in the order in which
// shards are locked.
func (l *Local) parts(tag string, d []Demand) []part {
	parts := make([]part, len(d))
	for i := range d {
		parts[i] = l.part(tag, &d[i])
		parts[i].demands = []int{i}
	}
	slices.SortFunc(parts, func(a, b part) int {
		return cmp.Or(cmp.Compare(a.id.a%numShards, b.id.a%numShards), cmp.Compare(a.id.a, b.id.a),
			cmp.Compare(a.id.b, b.id.b), cmp.Compare(a.demands[0], b.demands[0]))
	})
	merged := parts[:1]
	for _, p := range parts[1:] {
		last := &merged[len(merged)-1]
		if p.id != last.id {
			merged = append(merged, p)
			continue
		}
		last.n = min(last.n, math.MaxInt64-p.n) + p.n
		last.demands = append(last.demands, p.demands...)
	}
	return merged
}

// A tagged is what makes a key of AllowAll.
type tagged struct {
	tag, key string
	limits   uint64 // 0: the limiter's own
}

func (l *Local) part(tag string, d *Demand) part {
	p, t := l.plan, tagged{tag: tag, key: d.Key}
	if limits := arranged(d.Limits); limits != nil && !p.is(limits) {
		p = newPlan(l, limits)
		t.limits = l.fingerprint(limits)
	}
	k := newID(maphash.Comparable(l.seeds[0], t), maphash.Comparable(l.seeds[1], t))
	return part{plan: p, id: k, shard: l.shard(k), n: int64(d.N)}
}

func (l *Local) fingerprint(limits []Limit) uint64 {
	var h maphash.Hash
	h.SetSeed(l.seeds[0])
	for _, limit := range limits {
		limit.Burst = limit.burst()
		maphash.WriteComparable(&h, limit)
	}
	return max(h.Sum64(), 1)
}

// lockAll locks the shards of parts, which are in order, and returns the time.
func (l *Local) lockAll(parts []part) (now int64) {
	for i := range parts {
		if i == 0 || parts[i].shard != parts[i-1].shard {
			parts[i].shard.mu.Lock()
		}
	}
	now = l.clock.now()
	for i := range parts {
		now = parts[i].shard.tick(now)
	}
	for i := range parts {
		parts[i].shard.tick(now)
		parts[i].shard.sweep(now)
	}
	return now
}

func (l *Local) unlockAll(parts []part) {
	for i := range parts {
		if i == 0 || parts[i].shard != parts[i-1].shard {
			parts[i].shard.mu.Unlock()
		}
	}
}

func (p *part) row() row {
	r, _ := p.shard.table(p.plan).find(p.id)
	return r
}

// admit takes what the demands of p ask for.
func (p *part) admit(now int64, d []Demand, results []Result) {
	r, has := p.shard.table(p.plan).find(p.id)
	for _, i := range p.demands {
		res := &results[i]
		r, res.Receipt.local = p.shard.take(p.plan, p.id, r, has, now, int64(d[i].N))
		has = true
		res.Allowed = d[i].N
	}
	room, least := p.plan.room(p.shard.method, p.shard, r, now)
	for _, i := range p.demands {
		p.shard.look(p.plan, r, now, room, 0, least, &results[i])
	}
}

// refuse answers that everything fits after wait. The Limit is that which
// refused p, if one did.
func (p *part) refuse(now int64, wait time.Duration, results []Result) {
	r := p.row()
	room, q := p.plan.room(p.shard.method, p.shard, r, now)
	if p.n > room {
		_, q = p.plan.wait(p.shard.method, p.shard, r, now, p.n)
	}
	for _, i := range p.demands {
		p.shard.look(p.plan, r, now, room, 0, q, &results[i])
		results[i].RetryAfter = wait
	}
}
