package kafkastore

import "slices"

// A window is the part of a partition that is being worked on: what was fetched,
// from the first offset that isn't finished. Offsets are finished in any order;
// what is committed is base, and marks for those behind it.
//
//	offset     41    42    43    44    45
//	         ┌─────┬─────┬─────┬─────┬─────┐
//	mark     │  1  │ fin │  0  │ fin │  0  │   41 was handed out once,
//	         └─────┴─────┴─────┴─────┴─────┘   42 and 44 are finished
//	         base                        next()
//
// When 41 is finished, base becomes 43.
type window struct {
	base     int64
	marks    []mark // of base, base+1, ...
	origin   int64  // base at the takeover
	restored []mark // of origin, origin+1, ..., from the metadata of that commit
}

// newWindow returns the window of a partition whose committed offset is base.
func newWindow(base int64, restored []mark) window {
	return window{base: base, origin: base, restored: restored}
}

// next returns the first offset that has not been added.
func (w *window) next() int64 { return w.base + int64(len(w.marks)) }

// add adds offset, which is not before next, and returns what is known of it. It
// reports false if the window would be larger than limit. The offsets in between
// don't exist, and are finished.
func (w *window) add(offset int64, limit int) (known mark, ok bool) {
	if len(w.marks) == 0 {
		w.base = offset
	}
	if offset-w.base >= int64(limit) {
		return untouched, false
	}
	for w.next() < offset {
		w.marks = append(w.marks, finished)
	}
	if i := offset - w.origin; i >= 0 && i < int64(len(w.restored)) {
		known = w.restored[i]
	}
	w.marks = append(w.marks, known)
	w.advance()
	return known, true
}

// known returns all marks: those of what was added, and those of the takeover for
// what has yet to be. One that goes before it has read so far must not forget them.
func (w *window) known() []mark {
	left := min(w.next()-w.origin, int64(len(w.restored)))
	return slices.Concat(w.marks, w.restored[left:])
}

// get returns the mark of an offset that was added and isn't finished.
func (w *window) get(offset int64) mark { return w.marks[offset-w.base] }

// set marks such an offset.
func (w *window) set(offset int64, m mark) {
	w.marks[offset-w.base] = m
	if m == finished {
		w.advance()
	}
}

// advance moves base behind what is finished.
func (w *window) advance() {
	n := 0
	for n < len(w.marks) && w.marks[n] == finished {
		n++
	}
	w.base += int64(n)
	w.marks = w.marks[n:]
	if cap(w.marks) > 4*len(w.marks)+64 {
		w.marks = slices.Clone(w.marks)
	}
}
