package kafkastore

import (
	"context"
	"fmt"
	"maps"
	"time"
)

// scan reads partitions from the given offsets to where each ends when it is
// reached, and moves those on to there.
func (s *Store) scan(ctx context.Context, from map[place]int64, f func(at place, m *message)) error {
	left := maps.Clone(from)
	return insist(ctx, func() error { return s.scanLeft(ctx, from, left, f) })
}

func (s *Store) scanLeft(ctx context.Context, from, left map[place]int64, f func(at place, m *message)) error {
	for len(left) > 0 {
		leaders, err := s.leaders(ctx, []string{s.names.dead})
		if err != nil {
			return fmt.Errorf("kafkastore: metadata: %w", err)
		}
		for _, positions := range byLeader(leaders, left) {
			chunks, err := s.fetch(ctx, positions, fetchBytes, 0)
			if err != nil {
				return err
			}
			for i := range chunks {
				if err := scanned(&chunks[i], from, left, f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// scanned takes in what one fetch found.
func scanned(c *chunk, from, left map[place]int64, f func(at place, m *message)) error {
	if c.err != nil {
		return fmt.Errorf("kafkastore: fetch from %q: %w", c.topic, c.err)
	}
	for i := range c.messages {
		f(c.place, &c.messages[i])
		left[c.place] = c.messages[i].offset + 1
	}
	from[c.place] = left[c.place]
	// Without a message, what there was up to the end has been compacted away.
	if left[c.place] >= c.high || len(c.messages) == 0 && !c.starved {
		delete(left, c.place)
	}
	return nil
}

// A graveyard knows which dead letters there are, as of the last time it was asked:
// their keys, some hundred bytes each.
type graveyard struct {
	lock   chan struct{} // to be held while it reads
	offset map[place]int64
	keys   map[string]stone
}

// A stone says where a dead letter lies.
type stone struct {
	partition int
	offset    int64
}

func newGraveyard() graveyard {
	return graveyard{lock: make(chan struct{}, 1), keys: make(map[string]stone)}
}

// countDead returns how many dead letters there are. It reads what is new since the
// last call.
func (s *Store) countDead(ctx context.Context) (int, error) {
	g := &s.graves
	select {
	case g.lock <- struct{}{}:
		defer func() { <-g.lock }()
	case <-ctx.Done():
		return 0, context.Cause(ctx)
	}
	if g.offset == nil {
		first, err := s.ends(ctx, s.deadPlaces(), true)
		if err != nil {
			return 0, err
		}
		g.offset = first
	}
	if err := s.forgetDeleted(ctx); err != nil {
		return 0, err
	}
	err := s.scan(ctx, g.offset, func(at place, m *message) {
		if m.value == nil {
			delete(g.keys, string(m.key))
		} else {
			g.keys[string(m.key)] = stone{at.partition, m.offset}
		}
	})
	return len(g.keys), err
}

// forgetDeleted forgets dead letters that somebody has deleted from the topic, or with
// it.
func (s *Store) forgetDeleted(ctx context.Context) error {
	g := &s.graves
	first, err := s.ends(ctx, s.deadPlaces(), true)
	if err != nil {
		return err
	}
	last, err := s.ends(ctx, s.deadPlaces(), false)
	if err != nil {
		return err
	}
	for at, offset := range g.offset {
		if offset < first[at] || offset > last[at] {
			g.offset[at] = first[at]
		}
	}
	maps.DeleteFunc(g.keys, func(_ string, at stone) bool {
		p := place{s.names.dead, at.partition}
		return at.offset < first[p] || at.offset >= last[p]
	})
	return nil
}

// oldest returns the earlier of two times; zero is none.
func oldest(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
