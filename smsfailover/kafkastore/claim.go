package kafkastore

import (
	"context"
	"fmt"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// Claim implements [smsfailover.Store]. It hands out what this process has read and
// owns: none, and nil, while the group sorts itself out, and [ErrNotRunning]
// without [Store.Run]. It counts the claims in the group's offsets before it returns
// them, in one round trip or two, so that a message that kills its workers is known
// wherever it goes. It makes no use of owner.
//
// With an index it reads what others have changed there, and asks it: two more round
// trips. The claim is the index's then, and outlives this process.
func (s *Store) Claim(ctx context.Context, owner string, n int, lease time.Duration) ([]smsfailover.Job, error) {
	if err := alive(ctx); err != nil {
		return nil, err
	}
	if n <= 0 || lease <= 0 {
		return nil, fmt.Errorf("%w: Claim of %d jobs for %v, want both above 0", smsfailover.ErrInput, n, lease)
	}
	if !s.running.Load() {
		return nil, ErrNotRunning
	}
	s.mu.Lock()
	o := s.own
	s.mu.Unlock()
	if o == nil {
		return nil, nil
	}
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	if s.index != nil {
		if err := s.ask(ctx, o, n); err != nil {
			s.opts.report(err) // what is here can be handed out all the same
		}
		return s.claimHeld(ctx, o, n, lease)
	}
	return s.handOut(ctx, o, s.pick(o, n), lease)
}

// pick takes up to n entries that are ready out of their queues, and makes them
// busy. Their old claims end: their leases have.
func (s *Store) pick(o *ownership, n int) []*entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	o.promote(time.Now())
	var es []*entry
	for b := len(o.ready) - 1; b >= 0; b-- {
		for len(es) < n && len(o.ready[b]) > 0 {
			e := o.ready[b][0]
			e.leave()
			e.busy = true
			es = append(es, e)
		}
	}
	return es
}

// handOut claims entries that are busy, saves that, and returns their jobs. If it
// can't be saved they are as before, but for the count of claims, which may be too
// high.
func (s *Store) handOut(ctx context.Context, o *ownership, es []*entry, lease time.Duration) ([]smsfailover.Job, error) {
	if len(es) == 0 {
		return nil, nil
	}
	old := s.lease(o, es, time.Now().Add(lease))
	err := s.commit(ctx, o)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil && o.ended {
		err = errMoved
	}
	now := time.Now()
	if err != nil {
		for i, e := range es {
			o.unclaim(e)
			if old[i].token != "" {
				o.claim(e, old[i].token, old[i].until)
			}
			o.replaced(e, false, now)
		}
		if moved(err) {
			return nil, nil // they are others' to hand out
		}
		return nil, err
	}
	jobs := make([]smsfailover.Job, 0, len(es))
	for _, e := range es {
		o.replaced(e, false, now)
		jobs = append(jobs, e.job())
	}
	s.wake.send()
	return jobs, nil
}

type oldClaim struct {
	token string
	until time.Time
}

// lease claims entries and returns their claims before.
func (s *Store) lease(o *ownership, es []*entry, until time.Time) []oldClaim {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := make([]oldClaim, len(es))
	for i, e := range es {
		old[i] = oldClaim{e.token, e.leaseUntil}
		o.claim(e, newToken(), until)
		o.mark(e, min(e.at.win.get(e.offset)+1, mostClaim))
	}
	return old
}
