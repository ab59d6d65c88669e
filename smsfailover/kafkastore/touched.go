package kafkastore

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// A touched knows the copies of each key, and which keys the index has changed: it
// has a newer message for the number, or another NotAfter, while a copy of what it
// was lies in a ready topic. Such a copy must go back. Whoever changes the index
// writes that to the topic of changes, and whoever is about to hand out copies
// reads that topic to its end before.
//
// A change is a hint: to give back a copy for no reason costs a detour, and the
// index says what is so.
type touched struct {
	keys    map[key]map[*entry]struct{}
	changes map[key]*change
	fresh   []key // changed since withdrawTouched last looked
}

type change struct {
	at   time.Time       // copies of what was stored later, by some margin, are newer
	id   string          // the job that was stored then, if one was
	seen map[string]bool // jobs that were given back for this change
}

func newTouched() touched {
	return touched{keys: make(map[key]map[*entry]struct{}), changes: make(map[key]*change)}
}

const (
	changeVersion = 1
	// changeMargin is by how much the times of two processes and the index may
	// differ, and then some: to suspect too many costs little.
	changeMargin = time.Second
)

// encodeChange returns the record that says that the index has changed k at at, by
// a job of that id or by a duplicate.
func encodeChange(c *clock, k key, at time.Time, id string) []byte {
	b := append([]byte{changeVersion}, k[:]...)
	b = binary.AppendVarint(b, c.toBroker(at))
	return appendString(b, id)
}

func decodeChange(c *clock, b []byte) (k key, ch *change, err error) {
	d := decoder{rest: b}
	version := d.byte()
	copy(k[:], d.take(len(k)))
	ch = &change{at: d.time(c), id: d.string(), seen: make(map[string]bool)}
	if d.bad || len(d.rest) > 0 || version != changeVersion {
		return k, nil, fmt.Errorf("%w: a change of %d bytes", ErrRecord, len(b))
	}
	return k, ch, nil
}

// read takes in a change.
func (t *touched) read(c *clock, b []byte) error {
	k, ch, err := decodeChange(c, b)
	if err != nil {
		return err
	}
	if old := t.changes[k]; old != nil && old.at.After(ch.at) {
		return nil
	}
	t.changes[k] = ch
	t.fresh = append(t.fresh, k)
	return nil
}

func (t *touched) add(e *entry) {
	if t.keys[e.key] == nil {
		t.keys[e.key] = make(map[*entry]struct{})
	}
	t.keys[e.key][e] = struct{}{}
	if t.suspects(e) {
		t.fresh = append(t.fresh, e.key)
	}
}

func (t *touched) gone(e *entry) {
	delete(t.keys[e.key], e)
	if len(t.keys[e.key]) == 0 {
		delete(t.keys, e.key)
	}
}

// suspects reports whether e may not be what the index has.
func (t *touched) suspects(e *entry) bool {
	ch := t.changes[e.key]
	id := e.rec.job.ID
	return ch != nil && ch.id != id && !ch.seen[id] && !e.rec.job.Enqueued.After(ch.at.Add(changeMargin))
}

// returned takes in that e went back to the index: what comes of that is newer than
// the change.
func (t *touched) returned(e *entry) {
	if ch := t.changes[e.key]; ch != nil {
		ch.seen[e.rec.job.ID] = true
	}
}

// forget drops changes from before then. Copies that are older have been looked at,
// or lost their hold.
func (t *touched) forget(before time.Time) {
	for k, ch := range t.changes {
		if ch.at.Before(before) {
			delete(t.changes, k)
		}
	}
}

// changeOf returns the record of a change that j made in the index.
func (s *Store) changeOf(j *smsfailover.Job, o smsfailover.Outcome, at time.Time) (place, outgoing) {
	k := keyOf(j.TplID, j.To)
	id := j.ID
	if o == smsfailover.Duplicate {
		id = ""
	}
	return s.changedAt(j), outgoing{key: k.text(), value: encodeChange(&s.clock, k, at, id)}
}

// changedAt returns where changes are told of that concern j.
func (s *Store) changedAt(j *smsfailover.Job) place {
	return place{s.names.changed, keyOf(j.TplID, j.To).partition(s.cfg.Partitions)}
}
