package kafkastore

import (
	"math"
	"time"
)

// An ownership is what this process owns in one generation of the group, and
// knows of it. All is guarded by Store.mu.
type ownership struct {
	generation int
	member     string
	limit      int           // of each window
	smallest   time.Duration // tier; 0: nothing hops
	parts      map[place]*partition

	ready  [3]queue            // by band
	later  queue               // delayed, leased, and those that are to hop
	hops   []*entry            // whose time to do so has come
	live   map[*entry]struct{} // all
	tokens map[string]*entry
	copies map[string]*entry // by lineage; not with an index
	recent recent            // lineages that are finished
	cold   map[int][]*entry  // by the number of a partition that isn't warm
	colds  map[int]int       // how many topics of that number aren't
	touch  touched           // what the index has changed

	version uint64        // counts changes
	saved   uint64        // that version is committed
	saving  chan struct{} // closed when the commit under way has ended; nil: none is
	flushed time.Time     // when the last one began
	leased  int           // entries with a token
	arrived uint64        // entries
	ended   bool
}

func newOwnership(generation int32, member string, limit int) *ownership {
	return &ownership{
		generation: int(generation),
		member:     member,
		limit:      limit,
		parts:      make(map[place]*partition),
		live:       make(map[*entry]struct{}),
		tokens:     make(map[string]*entry),
		copies:     make(map[string]*entry),
		cold:       make(map[int][]*entry),
		colds:      make(map[int]int),
		touch:      newTouched(),
	}
}

// mark changes what is known of e's offset.
func (o *ownership) mark(e *entry, m mark) {
	e.at.win.set(e.offset, m)
	o.changed(e.at)
}

func (o *ownership) changed(p *partition) {
	o.version++
	p.changed = o.version
}

// finish ends e, and all copies of its message up to it.
func (o *ownership) finish(e *entry) {
	if e.over {
		return
	}
	if e.rec.hold == "" {
		o.recent.add(e.rec.lineage, e.rec.seq)
	}
	o.drop(e)
}

// settle ends e, and all copies of its message, also those that a report wrote that
// seemed to fail.
func (o *ownership) settle(e *entry) {
	if e.rec.hold == "" {
		o.recent.add(e.rec.lineage, math.MaxUint64)
	}
	o.drop(e)
}

// drop ends e, of which there is another copy that counts: its offset may be
// committed.
func (o *ownership) drop(e *entry) {
	if e.over {
		return
	}
	e.over = true
	e.leave()
	o.unclaim(e)
	delete(o.live, e)
	o.mark(e, finished)
	if e.rec.hold != "" {
		o.touch.gone(e)
	} else if o.copies[e.rec.lineage] == e {
		delete(o.copies, e.rec.lineage)
	}
}

// claim gives e to a worker.
func (o *ownership) claim(e *entry, token string, until time.Time) {
	o.unclaim(e)
	e.token, e.leaseUntil = token, until
	o.tokens[token] = e
	o.leased++
}

func (o *ownership) unclaim(e *entry) {
	if e.token == "" {
		return
	}
	if o.tokens[e.token] == e {
		delete(o.tokens, e.token)
	}
	e.token, e.leaseUntil, e.remote = "", time.Time{}, false
	o.leased--
}

// schedule puts e where its time says.
func (o *ownership) schedule(e *entry, now time.Time) {
	e.wake, e.hops = e.rec.job.Due, false
	if e.token != "" {
		e.wake = e.leaseUntil
	} else if hop := later(e.rec.written.Add(e.at.delay), now); o.smallest > 0 && e.wake.Sub(hop) >= o.smallest {
		e.wake, e.hops = hop, true
	}
	switch {
	case e.wake.After(now):
		o.later.put(e)
	case e.hops:
		e.leave()
		e.busy = true
		o.hops = append(o.hops, e)
	default:
		o.ready[band(e.rec.job.Priority)].put(e)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// promote moves on what has come due.
func (o *ownership) promote(now time.Time) {
	for len(o.later) > 0 && !o.later[0].wake.After(now) {
		o.schedule(o.later[0], now)
	}
}

// warmUp lets go of what had to wait for all copies to be read.
func (o *ownership) warmUp(p *partition, now time.Time) {
	if p.warm || !p.caughtUp(o.limit) {
		return
	}
	p.warm = true
	if o.colds[p.partition]--; o.colds[p.partition] > 0 {
		return
	}
	for _, e := range o.cold[p.partition] {
		if !e.over && !e.busy {
			o.schedule(e, now)
		}
	}
	delete(o.cold, p.partition)
}

// recent remembers the last lineages that were finished, and up to which seq: a
// record that was written twice, because the broker's answer was lost, is known
// again.
type recent struct{ young, old map[string]uint64 }

const recentSize = 8192

func (r *recent) add(lineage string, seq uint64) {
	if r.young == nil || len(r.young) >= recentSize {
		r.young, r.old = make(map[string]uint64), r.young
	}
	r.young[lineage] = max(seq, r.young[lineage])
}

// has reports whether the copy was finished, or one that is newer.
func (r *recent) has(lineage string, seq uint64) bool {
	a, ok := r.young[lineage]
	if ok && a >= seq {
		return true
	}
	b, ok := r.old[lineage]
	return ok && b >= seq
}
