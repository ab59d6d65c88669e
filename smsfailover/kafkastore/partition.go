package kafkastore

import (
	"math"
	"time"
)

// A partition is one that this process owns in a generation.
type partition struct {
	place
	delay   time.Duration // of its tier; 0: none
	win     window
	changed uint64 // the version of the ownership in which it last changed
	saved   uint64 // and that which is committed
	private bool   // nothing of it is committed: it is read anew by each owner

	high int64 // the end of the log, for all that is known
	// flying is what this process wrote and has not read: when it was enqueued, by
	// offset.
	flying map[int64]time.Time
	// goal is the end of the log when it was first read: until it is reached, or
	// the window is full, there may be newer copies of what is in other topics.
	// -1: not read yet.
	goal int64
	warm bool
}

func (p *partition) full(limit int) bool { return len(p.win.marks) >= limit }

// caughtUp reports whether all was seen that was there at the takeover, as far as
// the window goes.
func (p *partition) caughtUp(limit int) bool {
	return p.goal >= 0 && (p.win.next() >= p.goal || p.full(limit))
}

// spare returns how many messages more the windows take, each number's partitions
// together, and each half full only: where they go is left to chance.
func (o *ownership) spare() (n int) {
	used := make(map[int]int64)
	for _, p := range o.parts {
		switch {
		case p.private:
		case p.goal < 0: // who knows what is there
			used[p.partition] += math.MaxInt32
		default:
			used[p.partition] += int64(len(p.win.marks)) + max(p.high-p.win.next(), 0)
		}
	}
	room := int64(max(o.limit/2, 1))
	for _, u := range used {
		n += int(max(room-u, 0))
	}
	return n
}

// wrote takes in what this process wrote to partitions that it owns, so that Depth
// doesn't miss what is on its way from one to another.
func (o *ownership) wrote(batches []*batch) {
	for _, b := range batches {
		p := o.parts[place{b.topic, b.partition}]
		if p == nil || b.err != nil {
			continue
		}
		p.high = max(p.high, b.base+int64(len(b.records)))
		for i, r := range b.records {
			if at := b.base + int64(i); at >= p.win.next() {
				p.flying[at] = r.enqueued
			}
		}
	}
}
