package kafkax

import (
	"sort"
	"time"
)

// AgeMode says how the age of the oldest unread message is known.
type AgeMode uint8

// The modes.
const (
	// AgeNone: nothing is unread; the age is 0.
	AgeNone AgeMode = iota
	// AgeExact: from the timestamp of the message itself, see [WithExactAge].
	AgeExact
	// AgeHistory: from the polls before and after the message came; wrong by less
	// than their distance.
	AgeHistory
	// AgeAtLeast: the message is older than the first poll, or than [WithHistory]:
	// the age is the least that it can be.
	AgeAtLeast
)

var ageModeNames = [...]string{"none", "exact", "history", "at_least"}

// String returns the name of m in lower case.
func (m AgeMode) String() string {
	if int(m) >= len(ageModeNames) {
		return "invalid"
	}
	return ageModeNames[m]
}

// A mark is where a log ended at a time. Times are since the collector was made:
// a clock that is set doesn't move them.
type mark struct {
	at  time.Duration
	end int64
}

// An endHistory is how a partition's log grew. Of polls in a row that saw the same
// end it keeps the first and the last, for those between tell nothing.
type endHistory struct {
	marks []mark
}

// add notes that the log ended at end, and forgets what isn't needed to look back
// for keep. A log that became shorter is another log: its history starts anew,
// and add returns true.
func (h *endHistory) add(m mark, keep time.Duration) (reset bool) {
	n := len(h.marks)
	if n > 0 && m.end < h.marks[n-1].end {
		h.marks, n, reset = h.marks[:0], 0, true
	}
	if n > 1 && h.marks[n-1].end == m.end && h.marks[n-2].end == m.end {
		h.marks[n-1].at = m.at
	} else {
		h.marks = append(h.marks, m)
	}
	h.forget(m.at - keep)
	return reset
}

// forget drops the marks before the last one that is not after horizon: that one
// still bounds what came after it.
func (h *endHistory) forget(horizon time.Duration) {
	first := sort.Search(len(h.marks), func(i int) bool { return h.marks[i].at > horizon }) - 1
	if first > 0 {
		h.marks = h.marks[:copy(h.marks, h.marks[first:])]
	}
}

// born returns about when the message with this offset came. The messages between
// two marks are taken to have come evenly, each in the middle of its share. With
// AgeAtLeast it came at that time or before; with AgeNone it hasn't come yet.
func (h *endHistory) born(offset int64) (time.Duration, AgeMode) {
	i := sort.Search(len(h.marks), func(i int) bool { return h.marks[i].end > offset })
	switch i {
	case len(h.marks):
		return 0, AgeNone
	case 0:
		return h.marks[0].at, AgeAtLeast
	}
	before, after := h.marks[i-1], h.marks[i]
	share := (float64(offset-before.end) + 0.5) / float64(after.end-before.end)
	return before.at + time.Duration(share*float64(after.at-before.at)), AgeHistory
}
