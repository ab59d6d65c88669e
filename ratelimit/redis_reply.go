package ratelimit

import (
	"fmt"
	"math"
	"time"
)

// Where things are in the answer of a script about hits.
const (
	replyHead = 2 // notes, admitted
	replyCell = 5 // free, retry, reset, stamp, gen

	notesUnit = 65536 // of a clamped time; a healed value is 1
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
// admits more than was asked. It names an answer's type only: what is in it is
// not ours to print.
func parseVerdict(answer any, cells int, n int64) (verdict, error) {
	list, ok := answer.([]any)
	if !ok || len(list) != replyHead+cells*replyCell {
		return verdict{}, fmt.Errorf("unexpected reply of type %T with %d parts", answer, len(list))
	}
	for _, v := range list {
		if _, ok := v.(int64); !ok {
			return verdict{}, fmt.Errorf("unexpected reply with a %T in it", v)
		}
	}
	number := func(i int) int64 { return list[i].(int64) }
	notes, got := number(0), number(1)
	if got < 0 || got > n || notes < 0 {
		return verdict{}, fmt.Errorf("unexpected reply: %d of %d admitted", got, n)
	}
	v := verdict{healed: notes % notesUnit, clamped: notes / notesUnit, got: got, cells: make([]verdictCell, cells)}
	for i := range v.cells {
		at := replyHead + i*replyCell
		c := verdictCell{free: number(at), retry: number(at + 1), reset: number(at + 2), stamp: number(at + 3), gen: number(at + 4)}
		if c.retry < -1 || c.reset < 0 {
			return verdict{}, fmt.Errorf("unexpected reply: to wait %d µs and %d µs", c.retry, c.reset)
		}
		v.cells[i] = c
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
