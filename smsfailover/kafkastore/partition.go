package kafkastore

import "time"

// A partition is one that this process owns in a generation.
type partition struct {
	place
	delay   time.Duration // of its tier; 0: none
	win     window
	changed uint64 // the version of the ownership in which it last changed
	saved   uint64 // and that which is committed
	private bool   // nothing of it is committed: it is read anew by each owner

	high int64 // the end of the log when it was last read
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
