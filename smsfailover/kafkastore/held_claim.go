package kafkastore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// claimHeld hands out copies that the index still holds. From then on the claim is
// the index's, under the same token, and the copy has served.
func (s *Store) claimHeld(ctx context.Context, o *ownership, n int, lease time.Duration) ([]smsfailover.Job, error) {
	for {
		es := s.pick(o, n)
		if len(es) == 0 {
			return nil, nil
		}
		good, err := s.check(ctx, o, es)
		if err != nil {
			return nil, err
		}
		until := time.Now().Add(lease)
		if good, err = s.leaseHeld(ctx, o, good, lease); err != nil {
			return nil, err
		}
		// Without a good one there may be others behind: each round finishes some.
		if len(good) > 0 {
			return s.handOver(ctx, o, good, until)
		}
	}
}

// check returns those of es that are as the index has them, for all that is known,
// and gives back the others.
func (s *Store) check(ctx context.Context, o *ownership, es []*entry) ([]*entry, error) {
	if err := s.readUp(ctx, o, s.placesOf(es, s.names.changed), insist); err != nil {
		s.release(o, es)
		return nil, err
	}
	s.mu.Lock()
	var good, suspects, over []*entry
	for _, e := range es {
		switch {
		case e.at.win.get(e.offset) != untouched:
			over = append(over, e) // a commit of its claim failed, or not
		case o.touch.suspects(e):
			suspects = append(suspects, e)
		default:
			good = append(good, e)
		}
	}
	s.mu.Unlock()
	err := errors.Join(s.withdraw(ctx, o, suspects), s.reclaim(ctx, o, over))
	if err != nil {
		s.release(o, good)
		return nil, err
	}
	return good, nil
}

// leaseHeld turns the index's holds of es into claims, and drops those that it
// doesn't know any more.
func (s *Store) leaseHeld(ctx context.Context, o *ownership, es []*entry, lease time.Duration) ([]*entry, error) {
	if len(es) == 0 {
		return nil, nil
	}
	lost, err := s.index.Extend(ctx, lease, heldOf(es)...)
	if err != nil {
		s.release(o, es)
		return nil, ofIndex(err)
	}
	gone := make(map[smsfailover.Ref]bool, len(lost))
	for _, r := range lost {
		gone[r] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	good := es[:0]
	for _, e := range es {
		if !gone[e.held()] {
			good = append(good, e)
			continue
		}
		s.count.stale++
		o.replaced(e, true, time.Now())
	}
	return good, nil
}

// handOver marks entries as handed out, saves that, and returns their jobs. Whoever
// takes the partition over passes over what is marked. If it can't be saved nobody
// gets them before the index says so.
func (s *Store) handOver(ctx context.Context, o *ownership, es []*entry, until time.Time) ([]smsfailover.Job, error) {
	s.mu.Lock()
	for _, e := range es {
		o.mark(e, 1)
	}
	s.mu.Unlock()
	err := s.commit(ctx, o)
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	jobs := make([]smsfailover.Job, 0, len(es))
	for _, e := range es {
		if err == nil {
			j := e.job()
			j.Token, j.LeaseUntil = e.rec.hold, until
			jobs = append(jobs, j)
		}
		o.replaced(e, err == nil, now)
	}
	s.room.send()
	s.wake.send()
	if moved(err) {
		return nil, nil // they are others' to hand out
	}
	return jobs, err
}

func heldOf(es []*entry) []smsfailover.Ref {
	refs := make([]smsfailover.Ref, len(es))
	for i, e := range es {
		refs[i] = e.held()
	}
	return refs
}

// release leaves busy entries as they were.
func (s *Store) release(o *ownership, es []*entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, e := range es {
		o.replaced(e, false, now)
	}
}

// withdraw gives busy entries back to the index: from there comes what has taken
// their place, or they themselves, as they are now.
func (s *Store) withdraw(ctx context.Context, o *ownership, es []*entry) error {
	if len(es) == 0 {
		return nil
	}
	err := unlessLost(s.index.Release(ctx, 0, heldOf(es)...))
	s.givenUp(o, es, err == nil)
	return err
}

// reclaim gives back busy entries whose claim may have been saved without anybody
// having it. To the index that is a lease that ends: the claim counts.
func (s *Store) reclaim(ctx context.Context, o *ownership, es []*entry) error {
	if len(es) == 0 {
		return nil
	}
	_, err := s.index.Extend(ctx, 0, heldOf(es)...)
	s.givenUp(o, es, err == nil)
	return ofIndex(err)
}

func (s *Store) givenUp(o *ownership, es []*entry, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, e := range es {
		if ok {
			o.touch.returned(e)
		}
		o.replaced(e, ok, now)
	}
	s.room.send()
	s.moves.send()
}

// placesOf returns the partitions of topic that have the numbers of es.
func (s *Store) placesOf(es []*entry, topic string) []place {
	seen := make(map[int]bool)
	var places []place
	for _, e := range es {
		if n := e.at.partition; !seen[n] {
			seen[n] = true
			places = append(places, place{topic, n})
		}
	}
	return places
}

// readUp reads places to where they end now, or as far as there is room. Whether it
// tries again what fails is up to try: insist or attempt.
func (s *Store) readUp(ctx context.Context, o *ownership, places []place, try func(context.Context, func() error) error) error {
	places = slices.DeleteFunc(places, func(at place) bool { return o.parts[at] == nil })
	for left := s.positions(o, places); len(left) > 0; {
		err := try(ctx, func() (err error) {
			left, err = s.readUpOnce(ctx, o, left)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// readUpOnce reads once from each of positions, and returns where there is more.
func (s *Store) readUpOnce(ctx context.Context, o *ownership, positions map[place]int64) (map[place]int64, error) {
	leaders, err := s.leaders(ctx, s.names.consumed())
	if err != nil {
		return positions, fmt.Errorf("kafkastore: metadata: %w", err)
	}
	var chunks []chunk
	for _, group := range byLeader(leaders, positions) {
		more, err := s.fetch(ctx, group, fetchBytes, 0)
		if err != nil {
			return positions, err
		}
		chunks = append(chunks, more...)
	}
	if err := s.take(ctx, o, chunks); err != nil {
		return positions, err
	}
	return s.unread(o, chunks), nil
}

// unread returns where to read on in those partitions that a fetch didn't read to
// their end.
func (s *Store) unread(o *ownership, chunks []chunk) map[place]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[place]int64)
	for i := range chunks {
		c := &chunks[i]
		p := o.parts[c.place]
		if (len(c.messages) > 0 || c.starved) && p.win.next() < c.high && !p.full(o.limit) {
			out[c.place] = p.win.next()
		}
	}
	return out
}
