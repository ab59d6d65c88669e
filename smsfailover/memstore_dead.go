package smsfailover

import (
	"context"
	"slices"
	"time"
)

// Dead returns copies of dead letters; see [Store].
func (s *MemStore) Dead(ctx context.Context, f Filter) ([]Job, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []Job
	for _, e := range s.chosen(f) {
		out = append(out, e.copy())
	}
	return out, nil
}

// Redrive makes dead letters ready again; see [Store].
func (s *MemStore) Redrive(ctx context.Context, f Filter) (int, error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	n := 0
	for _, e := range s.chosen(f) {
		if s.live[e.pair()] != nil {
			continue
		}
		s.dead.Remove(e.burial)
		e.burial = nil
		e.job.Attempt, e.job.Claims, e.job.Prev = 0, 0, 0
		e.job.Due = now
		s.enliven(e, now)
		n++
	}
	return n, nil
}

// chosen returns the dead letters that f chooses.
func (s *MemStore) chosen(f Filter) []*memJob {
	ids := make(map[string]bool, len(f.IDs))
	for _, id := range f.IDs {
		ids[id] = true
	}
	var out []*memJob
	for el := s.dead.Front(); el != nil && (f.Limit <= 0 || len(out) < f.Limit); el = el.Next() {
		e := el.Value.(*memJob)
		if fits(&e.job, f, ids) {
			out = append(out, e)
		}
	}
	return slices.Clip(out)
}

func fits(j *Job, f Filter, ids map[string]bool) bool {
	return (len(ids) == 0 || ids[j.ID]) &&
		(f.TplID == "" || f.TplID == j.TplID) &&
		(f.Before.IsZero() || j.Due.Before(f.Before))
}
