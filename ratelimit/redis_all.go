package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// AllowAll admits all demands or none, in one round trip, and returns a Result
// for each, in their order. A refused one has Allowed 0 and, as all of a refused
// call, the RetryAfter of the one that waits longest: after that all would be
// admitted, if nobody else asks. Remaining and Limit are of the demand itself and
// tell which it was. Every admitted demand has a Receipt of its own.
//
// tag is the hash tag of all keys, which puts them on one node of a Redis
// Cluster, and so it is part of every key's identity: a key counts under its tag
// only, and not together with Allow's. Pass one constant, or the tenant, never
// what differs by request: a phone number as tag gives the client's address a
// count per phone.
//
// The limits of a demand belong to its key: those of one key in one call must be
// the same ([ErrInput]), and its demands then add up. Neither folding nor the deny
// cache is for AllowAll; the fail policy is. With an error there are no Results.
func (l *Redis) AllowAll(ctx context.Context, tag string, d ...Demand) ([]Result, error) {
	p, err := l.plan(tag, d)
	if err == nil {
		err = contextError(ctx)
	}
	if err != nil {
		return nil, err
	}
	keys, args := p.call()
	answer, err := l.run(ctx, "allow all", l.scripts.all, keys, args)
	if err == nil {
		var v verdict
		if v, err = l.read("allow all", answer, p.cells, 1); err == nil {
			return p.results(v, l.heatAll(v.got, tag, d)), nil
		}
	}
	local, _ := l.fail.local.(allower)
	return l.decideAll(ctx, local, tag, d, err)
}

// A redisPlan is an AllowAll on its way: demands of one key make one group.
type redisPlan struct {
	l      *Redis
	tag    string
	groups []redisGroup
	of     []int   // which group a demand is in
	skip   []int64 // how many hits of that group come before the demand's
	hits   []int64
	cells  int
}

type redisGroup struct {
	key   string
	cells []cell
	hits  int64
}

func (l *Redis) plan(tag string, demands []Demand) (*redisPlan, error) {
	p := &redisPlan{l: l, tag: tag}
	index := make(map[string]int, len(demands))
	errs := []error{checkName("tag", tag)}
	if len(demands) == 0 {
		errs = append(errs, fmt.Errorf("%w: no Demands", ErrInput))
	}
	for i, d := range demands {
		if err := p.add(index, d); err != nil {
			errs = append(errs, fmt.Errorf("demand %d: %w", i, err))
		}
	}
	return p, errors.Join(errs...)
}

func (p *redisPlan) add(index map[string]int, d Demand) error {
	cells, err := p.l.cells, error(nil)
	if d.Limits != nil {
		cells, err = newCells(p.l.prefix, p.l.algo, d.Limits)
	}
	if err := errors.Join(checkAsk(d.Key, d.N), checkName("key", d.Key), err); err != nil {
		return err
	}
	i, again := index[d.Key]
	if !again {
		i = len(p.groups)
		index[d.Key] = i
		p.groups = append(p.groups, redisGroup{key: d.Key, cells: cells})
		p.cells += len(cells)
	} else if !sameLimits(p.groups[i].cells, cells) {
		return fmt.Errorf("%w: the key of an earlier demand, with other limits", ErrInput)
	}
	g := &p.groups[i]
	if g.hits > math.MaxInt64/2-int64(d.N) {
		return fmt.Errorf("%w: n adds up to more than fits", ErrInput)
	}
	p.of, p.skip, p.hits = append(p.of, i), append(p.skip, g.hits), append(p.hits, int64(d.N))
	g.hits += int64(d.N)
	return nil
}

func sameLimits(x, y []cell) bool {
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i].limit != y[i].limit || x[i].span != y[i].span {
			return false
		}
	}
	return true
}

// call returns what the script of cells wants: one unit of all or none.
func (p *redisPlan) call() (keys []string, args []any) {
	args = append(make([]any, 0, 2+4*p.cells), 1, 1)
	for _, g := range p.groups {
		first := len(keys)
		own := p.l.algo.lists(g.cells)
		for i := range own {
			keys = append(keys, own[i].name(p.tag, g.key))
		}
		for i := range g.cells {
			c := &g.cells[i]
			args = append(args, first+min(i, len(own)-1)+1, g.hits, c.limit, c.span)
		}
	}
	return keys, args
}

// results deals the answer out to the demands.
func (p *redisPlan) results(v verdict, warm []Receipt) []Result {
	parts, at := make([]verdict, len(p.groups)), 0
	rs := make([]Result, len(p.groups))
	var wait Result
	for i, g := range p.groups {
		parts[i].cells = v.cells[at : at+len(g.cells)]
		rs[i] = parts[i].result(g.cells)
		at += len(g.cells)
		wait.RetryAfter = max(wait.RetryAfter, rs[i].RetryAfter)
	}
	results := make([]Result, len(p.of))
	for i, of := range p.of {
		r, g := rs[of], p.groups[of]
		r.RetryAfter = wait.RetryAfter
		if v.got > 0 {
			r.Allowed = int(p.hits[i])
			h := hits{skip: p.skip[i], count: p.hits[i], of: g.hits}
			r.Receipt = p.l.receipt(p.tag, g.key, g.cells, parts[of], h, warm[i])
		}
		results[i] = r
	}
	return results
}

// heatAll is heat for all demands, if they were admitted.
func (l *Redis) heatAll(got int64, tag string, d []Demand) []Receipt {
	if l.warm == nil || got == 0 {
		return make([]Receipt, len(d))
	}
	return l.warm.takeEach(tag, d)
}

// allower is a limiter that can stand in for AllowAll.
type allower interface {
	AllowAll(ctx context.Context, tag string, d ...Demand) ([]Result, error)
}

// decideAll is decide for all demands. local stands in for Redis, if there is one.
func (l *Redis) decideAll(ctx context.Context, local allower, tag string, d []Demand, err error) ([]Result, error) {
	if ended := contextError(ctx); ended != nil {
		return nil, ended
	}
	l.counts.unavailable.Add(1)
	switch {
	case l.fail.kind == failOpen:
		results := make([]Result, len(d))
		for i := range results {
			results[i] = Result{Allowed: d[i].N, Source: Assumed}
		}
		return results, nil
	case local != nil:
		return allLocally(ctx, local, tag, d)
	}
	return nil, err
}

func allLocally(ctx context.Context, local allower, tag string, d []Demand) ([]Result, error) {
	results, err := local.AllowAll(ctx, tag, d...)
	for i := range results {
		results[i].Source = InProcess
	}
	return results, err
}
