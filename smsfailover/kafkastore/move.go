package kafkastore

import (
	"context"
	"time"
)

// A move replaces an entry, or a claim that Enqueue was given, by a newer copy.
type move struct {
	e      *entry // nil: a claim that only Enqueue knows of
	given  *given
	next   *record
	topic  string
	number int // of the partition: the same in each topic
	batch  *batch
}

// moveTo prepares to write next in the place of e.
func (s *Store) moveTo(e *entry, topic string, next *record, now time.Time) *move {
	renew(next, now)
	return &move{e: e, next: next, topic: topic, number: e.at.partition}
}

func renew(next *record, now time.Time) {
	next.seq++
	next.written = now
	next.job.Token, next.job.LeaseUntil = "", time.Time{}
}

// rewrite writes the moves and finishes what they replace, each if its copy is
// safely in the log. That old offset isn't committed at once: should the process
// die first, the one that takes over finds both copies, and knows the newer one.
func (s *Store) rewrite(ctx context.Context, o *ownership, moves []*move) error {
	if len(moves) == 0 {
		return nil
	}
	var groups batchesOf
	for _, m := range moves {
		key := keyOf(m.next.job.TplID, m.next.job.To).text()
		if m.topic == s.names.dead {
			key = graveKey(m.next)
		}
		m.batch = groups.add(place{m.topic, m.number}, outgoing{key: key, value: m.next.encode(&s.clock), enqueued: m.next.job.Enqueued})
	}
	err := s.produce(ctx, groups.all, again)
	s.mu.Lock()
	defer s.mu.Unlock()
	if o != nil {
		o.wrote(groups.all)
	}
	now := time.Now()
	for _, m := range moves {
		ok := m.batch.err == nil
		if m.e != nil {
			o.replaced(m.e, ok, now)
			if ok && m.topic == s.names.dead {
				o.recent.add(m.next.lineage, m.next.seq) // it won't be read here
			}
		}
		if m.given != nil {
			s.givenBack(m.given, ok)
		}
	}
	s.room.send()
	s.wake.send()
	return err
}
