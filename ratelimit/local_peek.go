package ratelimit

import (
	"context"
	"time"
)

// PeekAll tells what [Local.AllowAll] would answer, and takes nothing: of each
// Result, Allowed is the Demand's N if all would be admitted.
func (l *Local) PeekAll(ctx context.Context, tag string, d ...Demand) ([]Result, error) {
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
		parts[i].refuse(now, wait, results)
	}
	return peeked(results, d), nil
}
