package kafkastore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// maxMoves is how many jobs go from the index to Kafka in one go.
const maxMoves = 1000

// keepMoving writes to Kafka what the index has that is due and not there, when it is
// told that there may be something. What comes due by itself a Claim asks for: a
// claim whose lease has ended is good for as long as nobody does.
func (s *Store) keepMoving(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case <-s.moves:
		}
		_, all, err := s.moveDue(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			s.opts.report(err)
			sleep(ctx, writePause) // then what Kafka did not take is due again
		case all:
			continue
		case s.spare() == 0:
			sleep(ctx, s.opts.poll)
		}
		s.moves.send() // there is more, or there may be
	}
}

// ask has the index move what came due, and reads it, if there are fewer than n
// messages here to hand out, and nobody has asked lately.
func (s *Store) ask(ctx context.Context, o *ownership, n int) error {
	if !s.turnToAsk(o, n) {
		return nil
	}
	moved, _, err := s.moveDue(ctx)
	if err != nil || moved == 0 {
		return err
	}
	var places []place
	for at := range o.parts { // the map itself doesn't change
		if at.topic != s.names.changed {
			places = append(places, at)
		}
	}
	return s.readUp(ctx, o, places, attempt)
}

func (s *Store) turnToAsk(o *ownership, n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o.promote(time.Now())
	for i := range o.ready {
		n -= len(o.ready[i])
	}
	if n <= 0 || time.Since(s.asked) < s.opts.poll {
		return false
	}
	s.asked = time.Now()
	return true
}

// moveDue writes a batch of what the index has that is due, and returns how many, and
// whether that was all.
func (s *Store) moveDue(ctx context.Context) (n int, all bool, err error) {
	jobs, all, err := s.takeDue(ctx)
	if err != nil || len(jobs) == 0 {
		return 0, all, err
	}
	// They are claimed: Run ends when they are written, or given back.
	ctx, cancel := s.detached(ctx)
	defer cancel()
	err = s.write(ctx, jobs)
	s.mu.Lock()
	s.count.moved += uint64(len(jobs))
	s.onTheWay -= len(jobs)
	s.mu.Unlock()
	return len(jobs), all, err
}

// takeDue claims a batch of what the index has that is due, no more than there is
// room for, and reports whether that was all.
func (s *Store) takeDue(ctx context.Context) (jobs []smsfailover.Job, all bool, err error) {
	free, err := s.lockMoves(ctx)
	if err != nil {
		return nil, false, err
	}
	defer free()
	n := min(s.spare(), maxMoves)
	if n == 0 {
		return nil, false, nil
	}
	jobs, err = s.index.Claim(ctx, "kafkastore", n, s.opts.hold)
	if err != nil {
		return nil, false, fmt.Errorf("kafkastore: index: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onTheWay += len(jobs)
	return jobs, len(jobs) < n, nil
}

// spare returns how many more messages should go to Kafka. What lies there unread
// nobody can hold on to, and each time that the index's hold of it ends counts as a
// claim: so a backlog stays in the index, where the urgent overtake the others. Each
// process that owns partitions sees to its share of them.
func (s *Store) spare() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.own == nil {
		return 0
	}
	return max(s.own.spare()-s.onTheWay, 0)
}

// lockMoves keeps this process from moving jobs until free is called.
func (s *Store) lockMoves(ctx context.Context) (free func(), err error) { return lock(ctx, s.moving) }

// lock takes a lock that a ctx can end the wait for, and that may be held through
// calls over the network. free is never nil.
func lock(ctx context.Context, l chan struct{}) (free func(), err error) {
	select {
	case l <- struct{}{}:
		return func() { <-l }, nil
	case <-ctx.Done():
		return func() {}, context.Cause(ctx)
	}
}

// yield gives unclaimed copies of keys back to the index, those that this process
// owns, and keeps it from moving more until free is called. Others' owners find out by
// themselves. It leaves the caller half of its time at least: without Kafka there is
// the index.
func (s *Store) yield(ctx context.Context, keys []key) (free func()) {
	s.mu.Lock()
	o := s.own
	s.mu.Unlock()
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	ctx, cancelHalf := context.WithTimeout(ctx, min(timeLeft(ctx)/2, writePause))
	defer cancelHalf()
	free, err := s.lockMoves(ctx)
	if err == nil && o != nil {
		err = s.giveBack(ctx, o, keys)
	}
	if err != nil {
		s.opts.report(err) // then the claim that the caller came with may be lost
	}
	return free
}

func (s *Store) giveBack(ctx context.Context, o *ownership, keys []key) error {
	var places []place
	for _, k := range keys {
		for _, topic := range s.names.ready {
			places = append(places, place{topic, k.partition(s.cfg.Partitions)})
		}
	}
	if err := s.readUp(ctx, o, places, insist); err != nil {
		return err
	}
	return s.withdraw(ctx, o, s.idle(o, keys, func(*entry) bool { return true }))
}

// idle makes those entries of keys busy that are chosen, and returns them.
func (s *Store) idle(o *ownership, keys []key, choose func(e *entry) bool) []*entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	var es []*entry
	for _, k := range keys {
		for e := range o.touch.keys[k] {
			if !e.busy && choose(e) {
				e.leave()
				e.busy = true
				es = append(es, e)
			}
		}
	}
	return es
}

// withdrawTouched gives back what the index has changed, and forgets old changes.
func (s *Store) withdrawTouched(ctx context.Context, o *ownership) {
	s.mu.Lock()
	keys := o.touch.fresh
	o.touch.fresh = nil
	s.mu.Unlock()
	if len(keys) == 0 {
		return
	}
	es := s.idle(o, keys, o.touch.suspects)
	if err := s.withdraw(ctx, o, es); err != nil && ctx.Err() == nil {
		s.opts.report(err)
	}
}

// maxRefresh is how many holds are prolonged in one go: nobody gets them meanwhile.
const maxRefresh = 500

// refreshHolds makes the index hold on to what is here.
func (s *Store) refreshHolds(ctx context.Context, o *ownership) {
	s.mu.Lock()
	o.touch.forget(time.Now().Add(-s.opts.hold))
	all := slices.Collect(maps.Keys(o.live))
	s.mu.Unlock()
	for part := range slices.Chunk(all, maxRefresh) {
		kept, err := s.leaseHeld(ctx, o, s.seize(part), s.opts.hold)
		if err != nil {
			if ctx.Err() == nil {
				s.opts.report(err)
			}
			return
		}
		s.release(o, kept)
	}
}

// seize makes those of es busy that nobody has.
func (s *Store) seize(es []*entry) (free []*entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range es {
		if !e.busy && !e.over {
			e.leave()
			e.busy = true
			free = append(free, e)
		}
	}
	return free
}
