package ratelimit

import "context"

// PeekAll tells what [Redis.AllowAll] would answer, and takes nothing: of each
// Result, Allowed is the demand's N if all would be admitted. It changes nothing
// but what it heals.
func (l *Redis) PeekAll(ctx context.Context, tag string, d ...Demand) ([]Result, error) {
	p, err := l.plan(tag, d)
	if err == nil {
		err = contextError(ctx)
	}
	if err != nil {
		return nil, err
	}
	keys, args := p.call()
	args[1] = 2 // at least two of the one unit: none
	numbers, err := l.run(ctx, "peek all", l.scripts.all, keys, args)
	if err == nil {
		var v verdict
		if v, err = l.read("peek all", numbers, p.cells, 1); err == nil {
			return peeked(p.results(v, nil), d), nil
		}
	}
	var local allower // never what would take hits
	if p, ok := l.fail.local.(peeker); ok {
		local = peeks{p}
	}
	return l.decideAll(ctx, local, tag, d, err)
}

// peeked makes the results of a call that took nothing those of a peek.
func peeked(results []Result, d []Demand) []Result {
	for i := range results {
		if results[i].RetryAfter == 0 {
			results[i].Allowed = d[i].N
		}
	}
	return results
}

type peeker interface {
	PeekAll(ctx context.Context, tag string, d ...Demand) ([]Result, error)
}

// peeks lets PeekAll stand in for AllowAll.
type peeks struct{ peeker }

func (p peeks) AllowAll(ctx context.Context, tag string, d ...Demand) ([]Result, error) {
	return p.PeekAll(ctx, tag, d...)
}
