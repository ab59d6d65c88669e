package kafkax

import (
	"time"

	"github.com/segmentio/kafka-go"
)

// lagConfig is what the options of a lag collector set.
type lagConfig struct {
	interval time.Duration
	timeout  time.Duration // 0: as WithTimeout says
	history  time.Duration
	exact    int
	start    int64
}

const (
	defaultLagInterval = 10 * time.Second
	defaultLagTimeout  = 5 * time.Second
	defaultLagHistory  = 30 * time.Minute

	// Values are dropped when so many polls in a row could not renew them: one that
	// is late or fails must not make a hole.
	lagStaleAfter = 3
)

func defaultLagConfig() lagConfig {
	return lagConfig{
		interval: defaultLagInterval,
		history:  defaultLagHistory,
		start:    kafka.FirstOffset,
	}
}

// pollTimeout bounds a poll.
func (c *lagConfig) pollTimeout() time.Duration {
	if c.timeout > 0 {
		return c.timeout
	}
	return min(defaultLagTimeout, c.interval)
}

// stale is the age at which a value is dropped.
func (c *lagConfig) stale() time.Duration { return lagStaleAfter * c.interval }

// countsUncommitted reports whether a partition counts without a commit.
func (c *lagConfig) countsUncommitted() bool { return c.start == kafka.FirstOffset }

// WithInterval sets the time from one poll of a [LagCollector] to the next, 10 s by
// default; it must be positive. What a partition last showed is dropped after three
// intervals without news of it, and its status is judged over [StatusWindow] polls:
// the interval should be so long that a group in good health commits within half
// of that. The lag in seconds is wrong by less than the interval.
func WithInterval(d time.Duration) Option {
	return func(c *config) {
		if d <= 0 {
			c.fail("WithInterval(%v): want more than 0", d)
			return
		}
		c.lag.interval = d
	}
}

// WithTimeout bounds a poll of a [LagCollector]: 5 s by default, or the interval if
// that is shorter. It must be positive and at most the interval.
func WithTimeout(d time.Duration) Option {
	return func(c *config) {
		if d <= 0 {
			c.fail("WithTimeout(%v): want more than 0", d)
			return
		}
		c.lag.timeout = d
	}
}

// WithHistory sets how far a [LagCollector] remembers where logs ended, to tell how
// old an unread message is: 30 minutes by default. It must be at least the
// interval. A group that was further behind when its lag was first seen has its age
// as [AgeAtLeast]; one that got there under the collector's eyes doesn't. A
// partition takes at most 16 bytes per interval in it, and 32 while nothing is
// written to it.
func WithHistory(d time.Duration) Option {
	return func(c *config) {
		if d <= 0 {
			c.fail("WithHistory(%v): want more than 0", d)
			return
		}
		c.lag.history = d
	}
}

// WithExactAge lets a [LagCollector] read the oldest unread message of up to n
// partitions per poll, those that seem furthest behind, and take their age from its
// timestamp; 0, the default, is none. Each costs one Fetch, for which a broker sends
// a whole batch, unless the position is where it was when its message was read. It
// needs the right to read the topics. The timestamp is what the producer wrote
// where the topic's message.timestamp.type is CreateTime: its clock counts. Where
// the message can't be read, the age comes from the history.
func WithExactAge(n int) Option {
	return func(c *config) {
		if n < 0 {
			c.fail("WithExactAge(%d): want 0 for none, or more", n)
			return
		}
		c.lag.exact = n
	}
}

// WithStart says what a partition counts as that its group has no commit for:
// kafka.FirstOffset, the default and that of kafka.ReaderConfig, as unread from the
// log's start on; kafka.LastOffset as not to be told, so that it has no series
// before the first commit. Use what the group's readers use.
func WithStart(offset int64) Option {
	return func(c *config) {
		if offset != kafka.FirstOffset && offset != kafka.LastOffset {
			c.fail("WithStart(%d): want kafka.FirstOffset (%d) or kafka.LastOffset (%d)", offset, kafka.FirstOffset, kafka.LastOffset)
			return
		}
		c.lag.start = offset
	}
}

// checkLag notes options that contradict each other.
func (c *config) checkLag() {
	if l := &c.lag; l.timeout > l.interval {
		c.fail("WithTimeout(%v): want at most the interval, %v", l.timeout, l.interval)
	}
	if l := &c.lag; l.history < l.interval {
		c.fail("WithHistory(%v): want at least the interval, %v", l.history, l.interval)
	}
}
