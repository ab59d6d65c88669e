package kafkastore

import (
	"context"
	"time"
)

const (
	// flushEvery is how long what is finished may wait to be committed where
	// nothing depends on it.
	flushEvery = 100 * time.Millisecond
	// idle is how long nothing at all is looked at.
	idle = time.Minute
)

// tend does in the background what a generation needs: it moves what has waited in
// its tier, and commits.
func (s *Store) tend(ctx context.Context, o *ownership) {
	refreshed := time.Now()
	for ctx.Err() == nil {
		s.hop(ctx, o)
		if s.index != nil {
			s.withdrawTouched(ctx, o)
			if time.Since(refreshed) > s.opts.hold/3 {
				refreshed = time.Now()
				s.refreshHolds(ctx, o)
			}
		}
		s.flush(ctx, o)
		t := time.NewTimer(s.untilWork(o))
		select {
		case <-ctx.Done():
		case <-s.wake:
		case <-t.C:
		}
		t.Stop()
	}
}

// flush commits what is finished, if it has waited long enough.
func (s *Store) flush(ctx context.Context, o *ownership) {
	s.mu.Lock()
	due := o.saved < o.version && time.Since(o.flushed) >= flushEvery
	s.mu.Unlock()
	if !due {
		return
	}
	if err := s.commit(ctx, o); err != nil && ctx.Err() == nil && !moved(err) {
		s.opts.report(err)
	}
}

// untilWork returns how long there is nothing to do.
func (s *Store) untilWork(o *ownership) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	o.promote(now)
	wait := idle
	if s.index != nil {
		wait = s.opts.hold / 3
	}
	switch {
	case len(o.hops) > 0:
		return 0
	case len(o.later) > 0:
		wait = min(wait, o.later[0].wake.Sub(now))
	}
	if o.saved < o.version {
		wait = min(wait, max(flushEvery-now.Sub(o.flushed), time.Millisecond))
	}
	return wait
}

// maxHops is how many records hop in one go.
const maxHops = 500

// hop writes what has waited in its tier to the next, or the same again, and
// finishes it there.
func (s *Store) hop(ctx context.Context, o *ownership) {
	s.mu.Lock()
	now := time.Now()
	o.promote(now)
	n := min(len(o.hops), maxHops)
	turn := o.hops[:n:n]
	o.hops = o.hops[n:]
	moves := make([]*move, 0, n)
	for _, e := range turn {
		if e.rec.job.Due.Sub(now) < o.smallest { // it isn't worth it any more
			o.replaced(e, false, now)
			continue
		}
		next := *e.rec
		next.job.Claims = e.claims()
		moves = append(moves, s.moveTo(e, s.topicFor(next.job.Priority, next.job.Due.Sub(now)), &next, now))
	}
	s.mu.Unlock()
	if len(moves) == 0 {
		return
	}
	err := s.rewrite(ctx, o, moves)
	if err == nil {
		s.mu.Lock()
		s.count.hops += uint64(len(moves))
		s.mu.Unlock()
	} else if ctx.Err() == nil {
		s.opts.report(err)
		sleep(ctx, longPause)
	}
}
