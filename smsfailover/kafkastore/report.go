package kafkastore

import (
	"context"
	"errors"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// Extend implements [smsfailover.Store]. Without an index it asks nobody, but for
// claims that Enqueue was given.
func (s *Store) Extend(ctx context.Context, lease time.Duration, refs ...smsfailover.Ref) (lost []smsfailover.Ref, err error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if s.index != nil {
		lost, err := s.index.Extend(ctx, lease, refs...)
		return lost, ofIndex(err)
	}
	s.mu.Lock()
	now := time.Now()
	var unknown []smsfailover.Ref
	for _, r := range refs {
		e := s.current(r)
		if e == nil {
			unknown = append(unknown, r)
			continue
		}
		e.leaseUntil = now.Add(lease)
		s.own.schedule(e, now)
	}
	s.mu.Unlock()
	s.wake.send()
	if len(unknown) == 0 {
		return nil, nil
	}
	return s.extendGiven(ctx, lease, unknown)
}

// current returns the entry that is claimed under r, or nil. One that a call is
// about to replace has no current claim.
func (s *Store) current(r smsfailover.Ref) *entry {
	if s.own == nil || r.Token == "" {
		return nil
	}
	e := s.own.tokens[r.Token]
	if e == nil || e.busy || e.rec.job.ID != r.ID {
		return nil
	}
	return e
}

// Done implements [smsfailover.Store]. When it returns nil the messages don't come
// again, whoever dies: that is in the group's offsets, or with an index, in that.
func (s *Store) Done(ctx context.Context, refs ...smsfailover.Ref) error {
	if err := alive(ctx); err != nil {
		return err
	}
	if s.index != nil {
		defer s.soon(s.touchedLately())
		return ofIndex(s.index.Done(ctx, refs...))
	}
	s.mu.Lock()
	o := s.own
	now := time.Now()
	var unknown, known []smsfailover.Ref
	for _, r := range refs {
		if e := s.current(r); e != nil {
			known = append(known, r)
			delete(s.given, r.Token)
			s.own.settle(e)
		} else {
			unknown = append(unknown, r)
		}
	}
	lost, moves := s.givenMoves(unknown, func(g *given) *move { return s.settle(g, now) })
	s.mu.Unlock()
	s.room.send()
	err := s.rewrite(ctx, o, moves)
	if len(known) > 0 {
		switch saved := s.commit(ctx, o); {
		case moved(saved):
			lost = append(lost, known...)
		case saved != nil:
			// They are finished all the same, and the next commit will say so: they
			// come again only if this process dies before.
			err = errors.Join(err, saved)
		}
	}
	return withLost(err, lost)
}

// withLost returns err, a LostError of lost, or both.
func withLost(err error, lost []smsfailover.Ref) error {
	if len(lost) == 0 {
		return err
	}
	return errors.Join(err, &smsfailover.LostError{Refs: lost})
}

// Retry implements [smsfailover.Store]. When it returns nil the message is in the
// topic where it waits.
func (s *Store) Retry(ctx context.Context, r smsfailover.Ref, after time.Duration, cause string) error {
	if err := alive(ctx); err != nil {
		return err
	}
	after = max(after, 0)
	if s.index != nil {
		defer s.soon(after == 0 || s.touchedLately())
		return ofIndex(s.index.Retry(ctx, r, after, cause))
	}
	return s.putBack(ctx, []smsfailover.Ref{r}, after, func(j *smsfailover.Job, now time.Time) {
		j.Attempt++
		j.Prev = after
		j.LastErr = cause
		j.Due = now.Add(after)
	})
}

// Release implements [smsfailover.Store].
func (s *Store) Release(ctx context.Context, after time.Duration, refs ...smsfailover.Ref) error {
	if err := alive(ctx); err != nil {
		return err
	}
	after = max(after, 0)
	if s.index != nil {
		defer s.soon(after == 0 || s.touchedLately())
		return ofIndex(s.index.Release(ctx, after, refs...))
	}
	return s.putBack(ctx, refs, after, func(j *smsfailover.Job, now time.Time) {
		j.Claims = max(j.Claims-1, 0)
		j.Due = now.Add(after)
	})
}

// Bury implements [smsfailover.Store]. A process that dies between the record of
// the dead letter and the commit leaves the message dead and alive.
func (s *Store) Bury(ctx context.Context, r smsfailover.Ref, cause string) error {
	if err := alive(ctx); err != nil {
		return err
	}
	if s.index != nil {
		defer s.soon(s.touchedLately())
		return ofIndex(s.index.Bury(ctx, r, cause))
	}
	return s.changeTo(ctx, []smsfailover.Ref{r}, func(next *record, now time.Time) string {
		next.job.LastErr = cause
		next.job.Due = now
		return s.names.dead
	})
}

func (s *Store) putBack(ctx context.Context, refs []smsfailover.Ref, after time.Duration, change func(j *smsfailover.Job, now time.Time)) error {
	return s.changeTo(ctx, refs, func(next *record, now time.Time) string {
		change(&next.job, now)
		return s.topicFor(next.job.Priority, after)
	})
}

// changeTo replaces the claims that refs name by what change makes of them, in the
// topic that it returns.
func (s *Store) changeTo(ctx context.Context, refs []smsfailover.Ref, change func(next *record, now time.Time) (topic string)) error {
	s.mu.Lock()
	o, now := s.own, time.Now()
	var unknown []smsfailover.Ref
	var moves []*move
	for _, r := range refs {
		e := s.current(r)
		if e == nil {
			unknown = append(unknown, r)
			continue
		}
		delete(s.given, r.Token)
		next := *e.rec
		next.job.Claims = e.claims()
		topic := change(&next, now)
		e.leave()
		e.busy = true
		moves = append(moves, s.moveTo(e, topic, &next, now))
	}
	lost, more := s.givenMoves(unknown, func(g *given) *move {
		next := *g.rec
		topic := change(&next, now)
		renew(&next, now)
		return &move{given: g, next: &next, topic: topic, number: g.number}
	})
	s.mu.Unlock()
	return withLost(s.rewrite(ctx, o, append(moves, more...)), lost)
}
