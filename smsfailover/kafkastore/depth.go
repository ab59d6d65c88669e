package kafkastore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// Depth implements [smsfailover.Store]. What this process owns is counted as it is.
// Of what others own, it counts the records that aren't finished, as of their last
// commit: in a ready topic as Ready, in a tier as Delayed, and as Leased if they
// were handed out. To ask for those takes one request a partition; a process without
// [Store.Run] owns none. Oldest is that of what this process owns, and of the first
// messages of each partition that others own.
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
		for _, enqueued := range p.flying {
			d.Oldest = oldest(d.Oldest, enqueued)
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

// depthElsewhere counts what others own, and what has not been read yet.
func (s *Store) depthElsewhere(ctx context.Context, owned map[place]bool, d *smsfailover.Depth) error {
	places := s.placesBut(owned)
	if len(places) == 0 {
		return nil
	}
	miles, err := s.committed(ctx, s.names.consumed())
	if err != nil {
		return err
	}
	ends, err := s.ends(ctx, places, false)
	if err != nil {
		return err
	}
	heads := make(map[place]int64)
	for _, at := range places {
		m, known := miles[at]
		if !known {
			m.offset = 0
		}
		if s.countPartition(at, m, ends[at], d) {
			heads[at] = max(m.offset, 0)
		}
	}
	if s.index != nil {
		return nil // that knows what is oldest
	}
	return insist(ctx, func() error { return s.readHeads(ctx, miles, heads, d) })
}

// placesBut returns all partitions that messages are in but those.
func (s *Store) placesBut(owned map[place]bool) (places []place) {
	for _, t := range s.names.consumed() {
		for p := range s.cfg.Partitions {
			if at := (place{t, p}); !owned[at] && t != s.names.changed {
				places = append(places, at)
			}
		}
	}
	return places
}

// countPartition counts one partition by its committed offset and its end, and
// reports whether there is something in it.
func (s *Store) countPartition(at place, m mile, end int64, d *smsfailover.Depth) bool {
	n := int(end - max(m.offset, 0))
	leased := 0
	for _, k := range marksOf(m) {
		switch k {
		case untouched:
		case finished:
			n--
		default:
			n--
			leased++
		}
	}
	d.Leased += leased
	s.countAs(at.topic, max(n, 0), d)
	return n+leased > 0
}

// marksOf returns the marks of a commit, or none if a later version wrote them.
func marksOf(m mile) []mark {
	marks, err := decodeMarks(m.marks)
	if err != nil {
		return nil
	}
	return marks
}

// readHeads looks at the first records of partitions for what is oldest.
func (s *Store) readHeads(ctx context.Context, miles map[place]mile, heads map[place]int64, d *smsfailover.Depth) error {
	leaders, err := s.leaders(ctx, s.names.consumed())
	if err != nil {
		return fmt.Errorf("kafkastore: metadata: %w", err)
	}
	for _, group := range byLeader(leaders, heads) {
		if err := s.readHeadsFrom(ctx, miles, group, d); err != nil {
			return err
		}
	}
	return nil
}

// readHeadsFrom does so for partitions that one broker leads.
func (s *Store) readHeadsFrom(ctx context.Context, miles map[place]mile, group map[place]int64, d *smsfailover.Depth) error {
	for len(group) > 0 {
		chunks, err := s.fetch(ctx, group, headBytes, 0)
		if err != nil {
			return err
		}
		next := make(map[place]int64)
		for i := range chunks {
			c := &chunks[i]
			s.oldestOf(c, miles[c.place], d)
			if c.starved && c.err == nil && group[c.place] < c.high {
				next[c.place] = group[c.place]
			}
		}
		group = next
	}
	return nil
}

func (s *Store) oldestOf(c *chunk, m mile, d *smsfailover.Depth) {
	marks := marksOf(m)
	for i := range c.messages {
		behind := c.messages[i].offset - m.offset
		if behind >= 0 && behind < int64(len(marks)) && marks[behind] == finished {
			continue
		}
		rec, err := decodeRecord(&s.clock, c.messages[i].value)
		if err == nil { // else it counts for nothing; its owner reports it
			d.Oldest = oldest(d.Oldest, rec.job.Enqueued)
		}
	}
}
