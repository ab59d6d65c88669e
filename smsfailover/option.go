package smsfailover

import (
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// Option sets up a [Failover].
type Option func(*config)

type config struct {
	limiter     Limiter
	limitKey    func(Message) string
	monitor     *ErrorRateMonitor
	classify    func(error) Class
	backoff     Backoff
	maxAttempts int
	maxClaims   int

	maxDepth int // 0: any
	maxAge   time.Duration
	overflow Overflow
	sealer   Sealer

	workers, batch int
	lease, poll    time.Duration
	sendTimeout    time.Duration
	callTimeout    time.Duration // of one call of the store or the limiter

	hooks Hooks
	log   *slog.Logger
	errs  []error
}

const (
	defaultBase        = 2 * time.Second
	defaultCap         = 10 * time.Minute
	defaultMaxAttempts = 20
	defaultMaxClaims   = 10
	defaultWorkers     = 8
	defaultBatch       = 32
	defaultLease       = 30 * time.Second
	defaultPoll        = time.Second
	defaultSendTimeout = 10 * time.Second
	defaultCallTimeout = 5 * time.Second

	maxWorkers  = 1 << 10
	maxBatch    = 1 << 12
	minDuration = time.Millisecond
	maxDuration = 24 * time.Hour
	maxTries    = 1 << 20
)

// WithLimiter makes every send, of live messages and of queued ones alike, ask l
// under the key that key returns for the message. The default is no limiter.
//
// A live message that is limited is queued and due when l says. So is one for
// which l fails: it is asked again later, and never passed by.
func WithLimiter(l Limiter, key func(Message) string) Option {
	return func(c *config) {
		if isNil(l) || key == nil {
			c.bad("WithLimiter(%T, %T): want a limiter and a function", l, key)
			return
		}
		c.limiter, c.limitKey = l, key
	}
}

// WithMonitor makes every send ask m, and tells it the result. While m is open,
// live messages are queued and the workers rest; while its health is low they do
// less. The default is none: every message is tried.
func WithMonitor(m *ErrorRateMonitor) Option {
	return func(c *config) {
		if !m.made() {
			c.bad("WithMonitor(%s): want one that NewErrorRateMonitor made", nilOrZero(m == nil))
			return
		}
		c.monitor = m
	}
}

// WithClassifier sets what tells the provider's errors apart. It is called with
// the error as the provider returned it, never with nil. The default is
// [Classify]. An error that wraps context.Canceled and is said to be [Canceled] is
// taken for [Transient]: callers don't cancel a send, so it is the provider's own.
func WithClassifier(f func(error) Class) Option {
	return func(c *config) {
		if f == nil {
			c.bad("WithClassifier(nil): want a function")
			return
		}
		c.classify = f
	}
}

// WithBackoff sets how long a message waits after a failed attempt. If b has a
// method Validate() error it is asked. The default is FullJitter(2s, 10m).
func WithBackoff(b Backoff) Option {
	return func(c *config) {
		if isNil(b) {
			c.bad("WithBackoff(%T): want a backoff", b)
			return
		}
		if v, ok := b.(interface{ Validate() error }); ok {
			c.errs = append(c.errs, v.Validate())
		}
		c.backoff = b
	}
}

// WithMaxAttempts sets how often a message is tried, the first time included,
// before it is buried: 1 to 1 048 576. At 1 nothing is retried, and a live
// message that fails is rejected. The default is 20, which lasts an hour and a
// half with the default backoff. What the limiter, the monitor or a throttling
// provider held back was not tried.
func WithMaxAttempts(n int) Option {
	return func(c *config) { c.maxAttempts = c.number("WithMaxAttempts", n, maxTries) }
}

// WithMaxClaims sets how many workers may die over a message before it is buried:
// 1 to 1 048 576. A worker has died over it when its claim ended without a
// report. Mind that a crash counts against every message the process held, up to
// the batch of [WithWorkers], and that a message which took the place of one in
// flight may start with a count of 1: give it some room. The default is 10.
func WithMaxClaims(n int) Option {
	return func(c *config) { c.maxClaims = c.number("WithMaxClaims", n, maxTries) }
}

// WithWorkers sets what [Failover.Run] does at once: n sends (1 to 1024, 8 by
// default), and claims of up to batch messages (1 to 4096, 32 by default) for
// the time of lease (1 ms to 24 h, 30 s by default). It holds no more messages
// than the larger of n and batch. n also bounds the sends of one
// [Failover.Submit].
//
// A message whose process dies goes on after lease and poll. The leases of living
// workers are prolonged each third of lease.
func WithWorkers(n, batch int, lease time.Duration) Option {
	return func(c *config) {
		c.workers = c.number("WithWorkers: n", n, maxWorkers)
		c.batch = c.number("WithWorkers: batch", batch, maxBatch)
		c.lease = c.span("WithWorkers: lease", lease)
	}
}

// WithPoll sets how long, at most, the workers wait before they look for messages
// again when there were none, and how old what is known of the queue's depth may
// be: 1 ms to 24 h. What this process enqueues wakes its workers at once. The
// default is 1 second.
func WithPoll(d time.Duration) Option {
	return func(c *config) { c.poll = c.span("WithPoll", d) }
}

// WithSendTimeout sets how long one call of the provider may take: 1 ms to 24 h,
// and less than the lease of [WithWorkers]. The default is 10 seconds, or half
// the lease if that is less.
func WithSendTimeout(d time.Duration) Option {
	return func(c *config) { c.sendTimeout = c.span("WithSendTimeout", d) }
}

// WithSealer seals the Args of what is queued. The default stores them as they
// are. Sealed and in base64 they must still fit into [MaxArgs], and to be sealed
// they must be UTF-8: else what has to be queued is [ErrInput].
//
// Where sealing the same args twice gives two results, as it should, the
// store sees no [Duplicate] in a message that is sent again, but one with other
// Args: it is [Superseded], and still one SMS.
func WithSealer(s Sealer) Option {
	return func(c *config) {
		if isNil(s) {
			c.bad("WithSealer(%T): want a sealer", s)
			return
		}
		c.sealer = s
	}
}

// WithLogger makes the [Failover] log what no caller hears of: failures of the
// store under its workers, and panics of the provider with their stack. The
// default is silence. Neither numbers nor args are logged.
func WithLogger(l *slog.Logger) Option {
	return func(c *config) {
		if l == nil {
			c.bad("WithLogger(nil): want a logger")
			return
		}
		c.log = l
	}
}

func nilOrZero(isNil bool) string {
	if isNil {
		return "nil"
	}
	return "the zero ErrorRateMonitor"
}

func newConfig(opts []Option) (config, error) {
	c := config{
		classify:    Classify,
		backoff:     FullJitter(defaultBase, defaultCap),
		maxAttempts: defaultMaxAttempts,
		maxClaims:   defaultMaxClaims,
		workers:     defaultWorkers, batch: defaultBatch,
		lease: defaultLease, poll: defaultPoll,
		log: slog.New(slog.DiscardHandler),
	}
	for i, opt := range opts {
		if opt == nil {
			c.bad("option %d is nil", i)
			continue
		}
		opt(&c)
	}
	if c.sendTimeout >= c.lease && errors.Join(c.errs...) == nil {
		c.bad("WithSendTimeout(%v): want less than the lease, %v", c.sendTimeout, c.lease)
	}
	if c.sendTimeout == 0 {
		c.sendTimeout = min(defaultSendTimeout, c.lease/2)
	}
	c.callTimeout = min(defaultCallTimeout, c.lease)
	return c, errors.Join(c.errs...)
}

func (c *config) bad(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf("%w: "+format, append([]any{ErrInput}, args...)...))
}

func (c *config) number(what string, n, high int) int {
	if n < 1 || n > high {
		c.bad("%s(%d): want 1 to %d", what, n, high)
	}
	return n
}

func (c *config) span(what string, d time.Duration) time.Duration {
	if d < minDuration || d > maxDuration {
		c.bad("%s(%v): want %v to %v", what, d, minDuration, maxDuration)
	}
	return d
}
