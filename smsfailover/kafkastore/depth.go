package kafkastore

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// Depth implements [smsfailover.Store]. What this process owns is counted as it is.
// Of what others own, it counts the records that aren't finished, as of their last
// commit: in a ready topic as Ready, in a tier as Delayed, and as Leased if they
// were handed out. To ask for those takes one request a partition; a process without
// [Store.Run] owns none. Oldest is of what this process owns.
//
// With an index the index counts, and Kafka only tells Ready from Leased.
func (s *Store) Depth(ctx context.Context) (smsfailover.Depth, error) {
	if err := alive(ctx); err != nil {
		return smsfailover.Depth{}, err
	}
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	d, owned := s.depthHere()
	if err := s.depthElsewhere(ctx, owned, &d); err != nil {
		return smsfailover.Depth{}, err
	}
	if s.index != nil {
		return s.depthHeld(ctx, d)
	}
	var err error
	d.Dead, err = s.countDead(ctx)
	return d, err
}

// depthHere counts what this process owns and has read of.
func (s *Store) depthHere() (d smsfailover.Depth, owned map[place]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	owned = make(map[place]bool)
	o := s.own
	if o == nil {
		return d, owned
	}
	now := time.Now()
	o.promote(now)
	for at, p := range o.parts {
		if p.goal < 0 {
			continue // not a word of it has been read
		}
		owned[at] = true
		if unread := int(p.high - p.win.next()); unread > 0 {
			s.countAs(at.topic, unread, &d)
		}
	}
	for e := range o.live {
		switch {
		case e.claimed(now):
			d.Leased++
		case e.token == "" && e.rec.job.Due.After(now):
			d.Delayed++
		default:
			d.Ready++
		}
		d.Oldest = oldest(d.Oldest, e.rec.job.Enqueued)
	}
	return d, owned
}

// countAs counts n records that nothing is known of but their topic.
func (s *Store) countAs(topic string, n int, d *smsfailover.Depth) {
	switch {
	case slices.Contains(s.names.tiers, topic):
		d.Delayed += n
	case topic != s.names.changed:
		d.Ready += n
	}
}

// depthElsewhere counts what others own.
func (s *Store) depthElsewhere(ctx context.Context, owned map[place]bool, d *smsfailover.Depth) error {
	var places []place
	topics := make(map[string]bool)
	for _, t := range s.names.consumed() {
		for p := range s.cfg.Partitions {
			if at := (place{t, p}); !owned[at] && t != s.names.changed {
				places = append(places, at)
				topics[t] = true
			}
		}
	}
	if len(places) == 0 {
		return nil
	}
	miles, err := s.committed(ctx, slices.Collect(maps.Keys(topics)))
	if err != nil {
		return err
	}
	ends, err := s.ends(ctx, places, false)
	if err != nil {
		return err
	}
	for _, at := range places {
		m, known := miles[at]
		if !known {
			m.offset = 0
		}
		s.countPartition(at, m, ends[at], d)
	}
	return nil
}

// countPartition counts one partition by its committed offset and its end.
func (s *Store) countPartition(at place, m mile, end int64, d *smsfailover.Depth) {
	n := int(end - max(m.offset, 0))
	marks, err := decodeMarks(m.marks)
	if err != nil {
		marks = nil // of a later version: all count as untouched
	}
	for _, k := range marks {
		switch k {
		case untouched:
		case finished:
			n--
		default:
			n--
			d.Leased++
		}
	}
	s.countAs(at.topic, max(n, 0), d)
}
