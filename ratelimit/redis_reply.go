package ratelimit

import (
	"fmt"
	"math"
	"time"
)

// Where things are in the answer of a script about hits.
const (
	replyHead = 3 // healed, clamped, admitted
	replyCell = 6 // free, retry, reset, a stamp in two halves, gen
)

// A verdict is the answer of a script about hits.
type verdict struct {
	healed, clamped, got int64
	cells                []verdictCell
}

// A verdictCell is what one limit says, in hits and µs. retry is 0 where it had
// room and -1 where it never has.
type verdictCell struct {
	free, retry, reset, stamp, gen int64
}

// parseVerdict refuses what no script of ours answers, so that a Result never
// admits more than was asked.
func parseVerdict(numbers []int64, cells int, n int64) (verdict, error) {
	if len(numbers) != replyHead+cells*replyCell {
		return verdict{}, fmt.Errorf("unexpected reply of %d numbers", len(numbers))
	}
	v := verdict{healed: numbers[0], clamped: numbers[1], got: numbers[2], cells: make([]verdictCell, cells)}
	if v.got < 0 || v.got > n || v.healed < 0 || v.clamped < 0 {
		return verdict{}, fmt.Errorf("unexpected reply: %d of %d admitted", v.got, n)
	}
	for i := range v.cells {
		c := numbers[replyHead+i*replyCell:]
		v.cells[i] = verdictCell{free: c[0], retry: c[1], reset: c[2], stamp: c[3]*1_000_000 + c[4], gen: c[5]}
		if c[1] < -1 || c[2] < 0 {
			return verdict{}, fmt.Errorf("unexpected reply: to wait %d µs and %d µs", c[1], c[2])
		}
	}
	return v, nil
}

// result is what the cells say together: the longest wait, the least room.
func (v verdict) result(cells []cell) Result {
	r := Result{Remaining: math.MaxInt}
	var retry, reset int64
	for i, c := range v.cells {
		free := int(max(0, c.free))
		wait := c.retry
		if wait < 0 {
			wait = math.MaxInt64
		}
		if wait > retry || retry == 0 && free < r.Remaining {
			r.Limit = cells[i].Limit
		}
		retry, reset, r.Remaining = max(retry, wait), max(reset, c.reset), min(r.Remaining, free)
	}
	r.RetryAfter, r.ResetAfter = microseconds(retry), microseconds(reset)
	return r
}

// microseconds returns n µs, or Never if that's more than a Duration holds.
func microseconds(n int64) time.Duration {
	if n > math.MaxInt64/int64(time.Microsecond) {
		return Never
	}
	return time.Duration(n) * time.Microsecond
}
