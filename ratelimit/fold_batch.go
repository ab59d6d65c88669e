package ratelimit

import (
	"slices"
	"time"
)

// A batch is the callers of one round trip, by their seats: they came in that
// order. Until it has landed, seats, left and landed are guarded by the folder's
// mutex; from then on nothing changes any more.
type batch struct {
	until  time.Time // when the first must have its answer
	seats  int
	left   []int // the seats of those who left, rising
	landed bool
	over   chan struct{} // closed when it has landed

	v       verdict
	refusal Result // for those whom v doesn't admit
	err     error
}

func newBatch(until time.Time) *batch {
	return &batch{until: until, over: make(chan struct{})}
}

// leave reports whether it was in time.
func (b *batch) leave(seat int) bool {
	if !b.landed {
		at, _ := slices.BinarySearch(b.left, seat)
		b.left = slices.Insert(b.left, at, seat)
	}
	return !b.landed
}

// rank returns how many of those who stayed came before seat: the hits that were
// admitted are dealt out first come, first served.
func (b *batch) rank(seat int) int64 {
	before, _ := slices.BinarySearch(b.left, seat)
	return int64(seat - before)
}

func (b *batch) admits(seat int) bool { return b.rank(seat) < b.v.got }
