package smsfailover

import (
	"context"
	"time"
)

// Extend prolongs leases; see [Store].
func (s *MemStore) Extend(ctx context.Context, lease time.Duration, refs ...Ref) (lost []Ref, err error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, r := range refs {
		if e := s.current(r); e != nil {
			s.extend(e, now, lease)
		} else {
			lost = append(lost, r)
		}
	}
	return lost, nil
}

func (s *MemStore) extend(e *memJob, now time.Time, lease time.Duration) {
	moved := e // whose turn depends on it
	if e.newer != nil {
		moved = e.newer
	}
	s.unschedule(moved)
	e.job.LeaseUntil = now.Add(lease)
	s.schedule(moved, now)
}

// Done finishes jobs; see [Store].
func (s *MemStore) Done(ctx context.Context, refs ...Ref) error {
	return s.report(ctx, refs, func(e *memJob, _ time.Time) { delete(s.jobs, e.job.ID) })
}

// Retry makes a job due again after a failed attempt; see [Store].
func (s *MemStore) Retry(ctx context.Context, r Ref, after time.Duration, cause string) error {
	return s.report(ctx, []Ref{r}, func(e *memJob, now time.Time) {
		e.job.Attempt++
		e.job.Prev = max(after, 0)
		e.job.LastErr = cause
		e.job.Due = now.Add(e.job.Prev)
		s.enliven(e, now)
	})
}

// Release makes jobs due again that were not tried; see [Store].
func (s *MemStore) Release(ctx context.Context, after time.Duration, refs ...Ref) error {
	return s.report(ctx, refs, func(e *memJob, now time.Time) {
		e.job.Claims = max(e.job.Claims-1, 0)
		e.job.Due = now.Add(max(after, 0))
		s.enliven(e, now)
	})
}

// Bury makes a job a dead letter; see [Store].
func (s *MemStore) Bury(ctx context.Context, r Ref, cause string) error {
	return s.report(ctx, []Ref{r}, func(e *memJob, now time.Time) {
		e.job.LastErr = cause
		e.job.Due = now
		e.burial = s.dead.PushBack(e)
	})
}

// report ends the claims that refs name and gives each job, which nothing but
// jobs holds then, to f, or drops it if it was superseded.
func (s *MemStore) report(ctx context.Context, refs []Ref, f func(e *memJob, now time.Time)) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	var lost []Ref
	for _, r := range refs {
		switch e := s.current(r); {
		case e == nil:
			lost = append(lost, r)
		case e.newer != nil:
			s.makeWay(e, now)
		default:
			s.retire(e)
			e.unclaim()
			f(e, now)
		}
	}
	if lost != nil {
		return &LostError{Refs: lost}
	}
	return nil
}

// makeWay drops e, for which a newer job waits.
func (s *MemStore) makeWay(e *memJob, now time.Time) {
	newer := e.newer
	s.unschedule(newer)
	newer.older = nil
	s.schedule(newer, now)
	delete(s.jobs, e.job.ID)
}

// current returns the job that is claimed under r, or nil.
func (s *MemStore) current(r Ref) *memJob {
	e := s.jobs[r.ID]
	if e == nil || r.Token == "" || e.job.Token != r.Token {
		return nil
	}
	return e
}
