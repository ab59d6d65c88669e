package kafkax

import (
	"context"
	"errors"
	"time"

	"github.com/segmentio/kafka-go"
)

// ProcessOption changes how [Reader.Process] works.
type ProcessOption func(*processConfig)

type processConfig struct {
	every    int
	interval time.Duration
	timeout  time.Duration
	failed   func(ctx context.Context, msg kafka.Message, err error) error
	errs     []error
}

const (
	defaultCommitTimeout = 10 * time.Second
	commitAgain          = time.Second // after a commit that failed, if no message comes
)

func newProcessConfig(opts []ProcessOption) (processConfig, error) {
	c := processConfig{every: 1, timeout: defaultCommitTimeout}
	for i, opt := range opts {
		if opt == nil {
			c.fail("option %d is nil", i)
			continue
		}
		opt(&c)
	}
	return c, errors.Join(c.errs...)
}

func (c *processConfig) fail(format string, args ...any) {
	c.errs = append(c.errs, invalid("Process: "+format, args...))
}

// WithCommitEvery commits when n messages are done, or one of them has waited for
// interval, whichever comes first; a message in hand is finished before. The default
// is a commit after each message, which is a round trip each; with more of them, as
// many come again after a crash. n is at least 1 and interval above zero.
func WithCommitEvery(n int, interval time.Duration) ProcessOption {
	return func(c *processConfig) {
		if n < 1 || interval <= 0 {
			c.fail("WithCommitEvery(%d, %v): want at least 1 message, and more than no time", n, interval)
			return
		}
		c.every, c.interval = n, interval
	}
}

// WithCommitTimeout bounds each commit, 10 s by default, and so how long Process
// goes on after its context has ended: the commit of what was done is not cut off.
// It must be above zero.
func WithCommitTimeout(d time.Duration) ProcessOption {
	return func(c *processConfig) {
		if d <= 0 {
			c.fail("WithCommitTimeout(%v): want more than no time", d)
			return
		}
		c.timeout = d
	}
}

// WithFailed sets what to do with a message whose [Handler] returned err, such as
// to write it to another topic. If f returns nil, the message counts as failed all
// the same, but is committed like any other and Process goes on; if it returns an
// error, Process ends with it. The default is to end with err. f is called after
// the retries that the Handler makes itself, and not for one that the end of
// Process's own context interrupted.
func WithFailed(f func(ctx context.Context, msg kafka.Message, err error) error) ProcessOption {
	return func(c *processConfig) {
		if f == nil {
			c.fail("WithFailed: the function is nil")
			return
		}
		c.failed = f
	}
}
