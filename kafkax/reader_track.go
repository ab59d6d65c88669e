package kafkax

// A track follows the offsets of one partition, as a reader delivers them.
type track struct {
	next   int64 // what comes after the last message
	high   int64 // one more than the highest offset that was delivered
	known  bool  // next says what must come now
	before bool  // something was delivered
}

// saw takes the offset of the next message. It returns how many offsets were
// passed over that this reader has never delivered, and whether it has delivered
// this one, or one after it, before.
func (t *track) saw(offset int64) (skipped int64, again bool) {
	again = t.before && offset < t.high
	if from := max(t.next, t.high); t.known && offset > from {
		skipped = offset - from
	}
	t.next = offset + 1
	t.high = max(t.high, t.next)
	t.known, t.before = true, true
	return skipped, again
}

// expect says that reading goes on at offset, whoever delivered what lies before it.
// Where that is behind, messages may or may not come again: those of the new
// generation can be here before it is known.
func (t *track) expect(offset int64) {
	t.next, t.known = max(t.next, offset), true
	if !t.before {
		t.high = offset
	}
}

// forget says that another reader may have gone on from here: the next message
// may have any offset.
func (t *track) forget() { t.known = false }

// gap reports whether offset is beyond what is due.
func (t *track) gap(offset int64) bool {
	return t.known && offset > max(t.next, t.high)
}
