package kafkax

import "time"

// A stopwatch reads the clock at half the price of time.Now, which reads two: it
// takes the monotonic one, and the other once in a while. It is for one goroutine
// at a time.
type stopwatch struct {
	base time.Time
	at   time.Duration // when wall was read
	wall int64         // Unix time in nanoseconds
}

// wallEvery is how long a step of the wall clock may go unseen.
const wallEvery = time.Second

func newStopwatch() stopwatch {
	now := time.Now()
	return stopwatch{base: now, wall: now.UnixNano()}
}

// elapsed returns the time since the stopwatch was made. It is safe for concurrent
// use.
func (s *stopwatch) elapsed() time.Duration { return time.Since(s.base) }

// unix returns the Unix time, in nanoseconds, of a moment that has just been.
func (s *stopwatch) unix(at time.Duration) int64 {
	if at-s.at > wallEvery {
		now := time.Now()
		s.at, s.wall = now.Sub(s.base), now.UnixNano()
	}
	return s.wall + int64(at-s.at)
}
