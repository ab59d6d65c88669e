package ratelimit

import "time"

// A clock counts nanoseconds. It begins at the wall clock's Unix time, so that
// windows are aligned as other processes align theirs, and then follows the
// monotonic clock: a step of the wall clock changes nothing.
type clock struct {
	base  time.Time
	start int64
}

func newClock() clock {
	base := time.Now()
	return clock{base, max(base.UnixNano(), 1)}
}

func (c *clock) now() int64 { return c.start + int64(time.Since(c.base)) }
