package kafkastore

import (
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// arrive takes in what was fetched. What comes twice, since two fetches overlapped,
// is passed over. It returns what is wrong with records, and the partitions whose
// next one is gone.
func (s *Store) arrive(o *ownership, chunks []chunk) (errs []error, gone []place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for i := range chunks {
		c := &chunks[i]
		switch {
		case errors.Is(c.err, kafka.OffsetOutOfRange):
			gone = append(gone, c.place)
		case c.err == nil:
			errs = append(errs, s.arriveAt(o, o.parts[c.place], c, now)...)
		}
	}
	s.wake.send()
	return errs, gone
}

func (s *Store) arriveAt(o *ownership, p *partition, c *chunk, now time.Time) (errs []error) {
	p.high = max(p.high, c.high)
	if p.goal < 0 {
		p.goal = c.high
	}
	for i := range c.messages {
		m := &c.messages[i]
		if m.offset < p.win.next() {
			continue
		}
		known, ok := p.win.add(m.offset, o.limit)
		if !ok {
			break
		}
		delete(p.flying, m.offset)
		if known == finished {
			o.changed(p)
			continue
		}
		if err := s.admit(o, p, m, now); err != nil {
			s.count.unreadable++
			errs = append(errs, fmt.Errorf("kafkastore: offset %d of partition %d of %q: %w", m.offset, p.partition, p.topic, err))
		}
	}
	o.warmUp(p, now)
	return errs
}

// admit makes an entry of a message that was added to its window.
func (s *Store) admit(o *ownership, p *partition, m *message, now time.Time) error {
	switch {
	case m.value == nil || p.topic == s.names.changed:
		p.win.set(m.offset, finished)
		o.changed(p)
		if m.value == nil {
			s.moves.send() // without a word on what: there is something new in the index
			return nil
		}
		return o.touch.read(&s.clock, m.value)
	case isNewer(m.value):
		// It stays unfinished: a process that can read it will get it.
		return fmt.Errorf("%w: version %d, of a later release", ErrRecord, m.value[0])
	}
	rec, err := decodeRecord(&s.clock, m.value)
	if err != nil {
		p.win.set(m.offset, finished)
		o.changed(p)
		return err
	}
	o.arrived++
	e := &entry{at: p, offset: m.offset, rec: rec, key: keyOf(rec.job.TplID, rec.job.To), order: o.arrived}
	switch {
	case rec.hold == "":
		o.welcome(e, now)
	case p.win.get(m.offset) != untouched: // a worker has it, under the index's lease
		o.drop(e)
	default:
		o.live[e] = struct{}{}
		o.touch.add(e)
		o.schedule(e, now)
	}
	return nil
}

// welcome keeps the newest copy of each message, and no other.
func (o *ownership) welcome(e *entry, now time.Time) {
	old := o.copies[e.rec.lineage]
	switch {
	case o.recent.has(e.rec.lineage, e.rec.seq):
		o.drop(e)
	case old == nil:
		o.accept(e, now)
	case old.rec.seq >= e.rec.seq:
		o.drop(e) // written twice, or overtaken
	case old.busy:
		// The call that wrote e is about to finish old, or to fail.
		old.twin = o.newer(old.twin, e)
	case old.token != "" && !old.remote:
		o.ignore(old, e)
	default:
		o.finish(old)
		o.accept(e, now)
	}
}

// newer returns the newer of two copies, and drops the other.
func (o *ownership) newer(a, b *entry) *entry {
	if a == nil {
		return b
	}
	if a.rec.seq >= b.rec.seq {
		a, b = b, a
	}
	o.drop(a)
	return b
}

// ignore drops e, a newer copy than old: the echo of a report that seemed to fail,
// or that came after others had taken over. The worker that has old decides, and
// what it decides has to be newer still.
func (o *ownership) ignore(old, e *entry) {
	old.rec.seq = max(old.rec.seq, e.rec.seq)
	o.drop(e)
}

func (o *ownership) accept(e *entry, now time.Time) {
	if e.rec.over {
		o.settle(e)
		return
	}
	o.live[e] = struct{}{}
	o.copies[e.rec.lineage] = e
	if e.rec.job.Token != "" {
		o.claim(e, e.rec.job.Token, e.rec.job.LeaseUntil)
		e.remote = true
	}
	if o.colds[e.at.partition] > 0 {
		o.cold[e.at.partition] = append(o.cold[e.at.partition], e)
		return
	}
	o.schedule(e, now)
}

// replaced ends a call that made e busy. If it wrote a newer copy e is finished,
// else all is as before.
func (o *ownership) replaced(e *entry, ok bool, now time.Time) {
	e.busy = false
	twin := e.twin
	e.twin = nil
	if !ok {
		if twin != nil {
			o.ignore(e, twin)
		}
		if !e.over {
			o.schedule(e, now)
		}
		return
	}
	o.finish(e)
	if twin != nil {
		o.accept(twin, now)
	}
}
