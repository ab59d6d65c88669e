package topn

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
)

// A ConsumeOption changes how [Consume] works.
type ConsumeOption func(*consumeConfig)

type consumeConfig struct {
	batch       int
	interval    time.Duration
	first, most time.Duration // the pauses
	stream      string
	named       bool // WithStream was given
	poison      func(context.Context, kafka.Message, error) error
	poisoned    bool // WithPoison was given
	progress    func(ConsumeStats)
	missing     []error
}

const maxBatch = maxAtOnce // a share has no more

func newConsumeConfig(opts []ConsumeOption) consumeConfig {
	cfg := consumeConfig{
		batch: 1000, interval: 100 * time.Millisecond, first: 50 * time.Millisecond, most: 5 * time.Second,
		progress: func(ConsumeStats) {},
	}
	for i, opt := range opts {
		if opt == nil {
			cfg.missing = append(cfg.missing, fmt.Errorf("%w: Consume: option %d is nil", ErrInput, i))
			continue
		}
		opt(&cfg)
	}
	return cfg
}

// validate returns every fault of the options in one error.
func (c *consumeConfig) validate() error {
	errs := c.missing
	bad := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf("%w: "+format, append([]any{ErrInput}, args...)...))
		}
	}
	bad(c.batch < 1 || c.batch > maxBatch, "WithBatch(%d): want 1 to %d", c.batch, maxBatch)
	bad(c.interval <= 0, "WithInterval(%v): want more than 0", c.interval)
	bad(c.first <= 0 || c.most < c.first, "WithBackoff(%v, %v): want 0 < first <= most", c.first, c.most)
	bad(c.named && c.stream == "", "WithStream(%q): want a name", c.stream)
	bad(c.poisoned && c.poison == nil, "WithPoison(nil): want a function")
	bad(c.progress == nil, "WithProgress(nil): want a function")
	return errors.Join(errs...)
}

// suits refuses options that a board of that mode has no use for.
func (c *consumeConfig) suits(m Mode) error {
	if c.named && m != Counter {
		return fmt.Errorf("%w: WithStream(%.100q): only a Counter board has streams", ErrInput, c.stream)
	}
	return nil
}

// WithBatch sets how many messages at most are applied together, of all partitions:
// 1 to 50,000. The default is 1000. They are held in memory meanwhile.
func WithBatch(n int) ConsumeOption { return func(c *consumeConfig) { c.batch = n } }

// WithInterval sets how long after a batch the next is applied if it isn't full
// before. It bounds how often a board under steady traffic changes, and what it adds
// to the time until all processes see a change. The default is 100 ms; 0 or less is
// an error.
func WithInterval(d time.Duration) ConsumeOption { return func(c *consumeConfig) { c.interval = d } }

// WithBackoff sets the pauses before something that failed is tried again: about
// first at the beginning, twice as long each time, at most most. Each is shortened by
// up to a half at random. The defaults are 50 ms and 5 s; first must be more than 0,
// and most no less.
func WithBackoff(first, most time.Duration) ConsumeOption {
	return func(c *consumeConfig) { c.first, c.most = first, most }
}

// WithStream sets what the streams are named after in place of the topic: that of
// partition 3 is then name + "/3". It is for topics of one name in two clusters, for
// consumers of one topic and board that take different events, and for a topic that
// was deleted and created again, whose offsets begin anew while the marks of the old
// one stand. An empty name is an error, and so is any for an [Absolute] board, which has no streams.
func WithStream(name string) ConsumeOption {
	return func(c *consumeConfig) { c.stream, c.named = name, true }
}

// WithPoison sets what is done with poison, such as sending it to a topic for dead
// letters: f gets the message and why it is poison. It is called before what is
// behind the message in its batch is applied, and again after a crash before the
// message was committed. If f returns an error it is called again after a pause; until
// it returns nil the batch waits, and nothing of it is committed. The default tells the function of [WithOnError].
func WithPoison(f func(ctx context.Context, m kafka.Message, why error) error) ConsumeOption {
	return func(c *consumeConfig) { c.poison, c.poisoned = f, true }
}

// WithProgress sets a function that gets the totals after each batch and at the end.
// It is called from the goroutine of [Consume], which waits for it.
func WithProgress(f func(ConsumeStats)) ConsumeOption {
	return func(c *consumeConfig) { c.progress = f }
}

// ConsumeStats are totals since a [Consume] began. Each message that was fetched is
// in Applied, Replayed, Poison, or in hand.
type ConsumeStats struct {
	Messages int64 // fetched
	// Applied were added to a Counter board by this Consume, or sent to an Absolute
	// one, which may have known something newer.
	Applied int64
	// Replayed were dropped, since the mark says that they were applied before: by
	// whoever read the partition, or by this Consume, whose answer was lost; since
	// they came again while they were in hand; or since they were in hand when their
	// partition began again before them.
	Replayed int64
	Poison   int64 // skipped, and the function of WithPoison took it
	Batches  int64 // writes to the board that succeeded
	Commits  int64 // that succeeded
	Failures int64 // errors that Consume went on after
}
