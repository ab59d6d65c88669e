package smsfailover

import (
	"fmt"
	"reflect"
	"time"
)

// Overflow says what becomes of a message for which the queue has no room.
type Overflow uint8

// The ways to handle a full queue.
const (
	Reject     Overflow = iota // the new message, with ErrQueueFull
	DropOldest                 // bury what has been due longest, see WithQueue; none is due: Reject
)

func (o Overflow) String() string {
	switch o {
	case Reject:
		return "reject"
	case DropOldest:
		return "drop oldest"
	}
	return fmt.Sprintf("Overflow(%d)", uint8(o))
}

// WithQueue bounds the queue: maxDepth live messages, and those that were
// enqueued maxAge ago are buried when they are claimed; zero is no bound, as it
// is by default.
//
// The depth is counted once per poll (see [WithPoll]), and what this process adds
// is added to that; so the queue can grow over maxDepth by what all other
// processes add within one poll.
//
// [DropOldest] claims, of the highest band of [Message].Priority that has any, the
// messages that are due longest, and buries them: in the order in which they would
// go out, as all that a [Store] gives out is. So it suits a queue of one band;
// where bands tell what matters, take [Reject]. One that is delayed or in flight
// is never dropped.
func WithQueue(maxDepth int, maxAge time.Duration, o Overflow) Option {
	return func(c *config) {
		if maxDepth < 0 {
			c.bad("WithQueue: maxDepth(%d): want 0 or more", maxDepth)
		}
		if maxAge < 0 {
			c.bad("WithQueue: maxAge(%v): want 0 or more", maxAge)
		}
		if o > DropOldest {
			c.bad("WithQueue: %v: want Reject or DropOldest", o)
		}
		c.maxDepth, c.maxAge, c.overflow = maxDepth, maxAge, o
	}
}

// isNil also finds the nil pointer in an interface.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Func, reflect.Slice, reflect.Chan:
		return r.IsNil()
	default:
		return false
	}
}
