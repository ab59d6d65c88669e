package kafkastore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

const (
	// longPoll is how long a broker waits for something to send.
	longPoll = 250 * time.Millisecond
	// shortPoll is that while a window is full: when it gets room, it has to wait
	// for the end of a poll that goes on without it.
	shortPoll = 20 * time.Millisecond
	// regroup is how often leaders are looked up anew.
	regroup = 5 * time.Second
)

// keepReading reads until the generation ends.
func (s *Store) keepReading(ctx context.Context, o *ownership) {
	for pause := firstPause; ctx.Err() == nil; {
		began := time.Now()
		err := s.readRound(ctx, o)
		if err == nil || ctx.Err() != nil {
			continue
		}
		s.opts.report(err)
		if time.Since(began) > longPoll {
			pause = firstPause
		}
		sleep(ctx, pause)
		pause = min(2*pause, longPause)
	}
}

// readRound reads each leader's partitions in a goroutine of its own, until it is
// time to look up the leaders again, or one of them fails.
func (s *Store) readRound(ctx context.Context, o *ownership) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	leaders, err := s.leaders(ctx, s.names.consumed())
	if err != nil {
		return fmt.Errorf("kafkastore: metadata: %w", err)
	}
	groups := make(map[int][]place)
	for at := range o.parts { // the map itself doesn't change
		if id, ok := leaders[at]; ok {
			groups[id] = append(groups[id], at)
		}
	}
	var (
		wg    sync.WaitGroup
		once  sync.Once
		first error
	)
	until := time.Now().Add(regroup)
	for _, places := range groups {
		wg.Go(func() {
			if err := s.readFrom(ctx, o, places, until); err != nil {
				once.Do(func() { first = err })
				cancel()
			}
		})
	}
	if len(groups) == 0 {
		sleep(ctx, longPause)
	}
	wg.Wait()
	return first
}

// readFrom reads places, which one broker leads, until then, or ctx is done.
func (s *Store) readFrom(ctx context.Context, o *ownership, places []place, until time.Time) error {
	for ctx.Err() == nil && time.Now().Before(until) {
		positions := s.positions(o, places)
		if len(positions) == 0 {
			s.waitForRoom(ctx)
			continue
		}
		wait := longPoll
		if len(positions) < len(places) {
			wait = shortPoll
		}
		chunks, err := s.fetch(ctx, positions, fetchBytes, wait)
		if err == nil {
			err = s.take(ctx, o, chunks)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// positions returns where to read on in those of places whose windows have room.
func (s *Store) positions(o *ownership, places []place) map[place]int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[place]int64)
	for _, at := range places {
		if p := o.parts[at]; !p.full(o.limit) {
			out[at] = p.win.next()
		}
	}
	return out
}

// waitForRoom returns when a window may have room.
func (s *Store) waitForRoom(ctx context.Context) {
	t := time.NewTimer(longPoll) // another leader's goroutine may have taken the signal
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-s.room:
	case <-t.C:
	}
}

// take takes in what was read, all at once.
func (s *Store) take(ctx context.Context, o *ownership, chunks []chunk) error {
	errs, gone := s.arrive(o, chunks)
	for _, err := range errs {
		s.opts.report(err)
	}
	for _, at := range gone {
		if err := s.jump(ctx, o, at); err != nil {
			return err
		}
	}
	for i := range chunks {
		if c := &chunks[i]; c.err != nil && !errors.Is(c.err, kafka.OffsetOutOfRange) {
			return fmt.Errorf("kafkastore: fetch from %q: %w", c.topic, c.err)
		}
	}
	return nil
}

// jump moves on a partition whose next record is gone: brokers deleted it because
// it was too old. What was read before is finished first.
func (s *Store) jump(ctx context.Context, o *ownership, at place) error {
	first, err := s.ends(ctx, []place{at}, true)
	if err != nil {
		return err
	}
	s.mu.Lock()
	p := o.parts[at]
	from, to := p.win.next(), first[at]
	idle := len(p.win.marks) == 0
	if idle {
		p.win = newWindow(to, nil)
		p.goal = -1
		clear(p.flying)
		o.changed(p)
	}
	s.mu.Unlock()
	if !idle {
		sleep(ctx, longPoll)
		return nil
	}
	s.opts.report(fmt.Errorf("%w: offsets %d to %d of partition %d of %q", ErrDeleted, from, to, at.partition, at.topic))
	return nil
}
