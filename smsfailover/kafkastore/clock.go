package kafkastore

import (
	"context"
	"math"
	"sync"
	"time"
)

// A clock turns times of this process into those of the brokers and back, so that
// processes whose clocks differ agree on when a message is due. Kafka has no call
// for the time; what it has is the time at which it appended a record.
type clock struct {
	mu     sync.RWMutex
	anchor time.Time // a moment of this process
	shown  int64     // what the brokers' clock showed then, in nanoseconds
	known  bool      // else the clocks are taken to agree
}

const (
	// grain is how exact an append time is, and then some: brokers cut it to
	// milliseconds.
	grain = 5 * time.Millisecond
	// remeasure is how long a measurement is good: clocks drift.
	remeasure = 10 * time.Minute
)

func (c *clock) init() {
	c.anchor = time.Now()
	c.shown = c.anchor.UnixNano()
}

// toBroker returns t, in nanoseconds, as the brokers' clock shows it.
func (c *clock) toBroker(t time.Time) int64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return plus(c.shown, int64(t.Sub(c.anchor)))
}

// fromBroker undoes toBroker. What it returns goes by the monotonic clock.
func (c *clock) fromBroker(ns int64) time.Time {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.anchor.Add(time.Duration(plus(ns, -c.shown)))
}

// plus returns a+b, or what comes nearest: a time that means never is more than an
// int64 of nanoseconds away, and must not come out as one that has passed.
func plus(a, b int64) int64 {
	switch sum := a + b; {
	case a > 0 && b > 0 && sum < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && sum >= 0:
		return math.MinInt64
	default:
		return sum
	}
}

func (c *clock) isKnown() bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.known && time.Since(c.anchor) < remeasure
}

// measured takes in that a record that was sent at sent, and whose receipt arrived
// at got, was appended at appended by the brokers' clock. A difference that the
// way there and back explains is none: most clocks agree, and then times stay
// exact.
func (c *clock) measured(sent, got, appended time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	trip := got.Sub(sent)
	ahead := appended.Sub(sent.Add(trip / 2).Round(0)) // by the wall clocks
	if appended.IsZero() || ahead.Abs() <= trip/2+grain {
		ahead = 0
	}
	c.known, c.anchor, c.shown = true, got, got.Add(ahead).UnixNano()
}

// setClock measures the brokers' clock, if that wasn't done lately, with a record
// that means nothing.
func (s *Store) setClock(ctx context.Context) error {
	if s.clock.isKnown() {
		return nil
	}
	b := &batch{topic: s.names.sink, records: []outgoing{{key: []byte("clock")}}}
	sent := time.Now()
	if err := s.produce(ctx, []*batch{b}, once); err != nil {
		return err
	}
	s.clock.measured(sent, time.Now(), b.appended)
	return nil
}
