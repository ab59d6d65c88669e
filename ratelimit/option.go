package ratelimit

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// An Option changes what a constructor makes.
type Option func(*config)

type config struct {
	prefix  string
	fail    FailPolicy
	timeout time.Duration
	fold    int
	deny    int
	set     []string // the options that only a Redis limiter has, as given
	missing error    // says which options are nil
}

// defaultTimeout bounds a call where the caller's own context allows longer: a
// limiter that hangs is worse than one that is away.
const defaultTimeout = 500 * time.Millisecond

func newConfig(opts []Option) config {
	cfg := config{prefix: "ratelimit", fail: FailClosed(), timeout: defaultTimeout}
	for i, opt := range opts {
		if opt == nil {
			cfg.missing = joinErrors(cfg.missing, fmt.Errorf("%w: option %d is nil", ErrInput, i))
			continue
		}
		opt(&cfg)
	}
	return cfg
}

// validate returns every fault of the options in one error.
func (c *config) validate() error {
	var errs []error
	if c.prefix == "" || strings.ContainsAny(c.prefix, "{}") {
		errs = append(errs, fmt.Errorf("%w: WithPrefix(%q): want a name without braces", ErrInput, c.prefix))
	}
	if c.timeout <= 0 {
		errs = append(errs, fmt.Errorf("%w: WithTimeout(%v): want more than 0", ErrInput, c.timeout))
	}
	if c.fold < 0 {
		errs = append(errs, fmt.Errorf("%w: WithFolding(%d): want 0 or more", ErrInput, c.fold))
	}
	if c.deny < 0 {
		errs = append(errs, fmt.Errorf("%w: WithDenyCache(%d): want 0 or more", ErrInput, c.deny))
	}
	errs = append(errs, c.fail.validate(), c.missing)
	return errors.Join(errs...)
}

// redisOnly notes an option that means nothing to a local limiter.
func (c *config) redisOnly(name string) { c.set = append(c.set, name) }

// WithFailPolicy sets what happens when Redis doesn't answer. The default is
// [FailClosed]. It is for [NewRedis].
func WithFailPolicy(p FailPolicy) Option {
	return func(c *config) { c.redisOnly("WithFailPolicy"); c.fail = p }
}

// WithTimeout bounds every call, also one that hangs, connects or waits for a
// connection: after it the fail policy decides. The default is 500 ms; 0 or less
// is an error. Make it a few times what Redis takes on a bad day, for in an
// outage every call may wait so long. Calls that begin at about the same time
// may share a timer, and end up to a sixteenth of d early. It is for [NewRedis].
func WithTimeout(d time.Duration) Option {
	return func(c *config) { c.redisOnly("WithTimeout"); c.timeout = d }
}

// WithFolding lets concurrent calls for one hit of the same key share a round
// trip: those that come while one is in the air go together with the next, up to
// maxBatch of them, first come, first served. It costs nothing in exactness: the
// script admits as many of a batch as fit. A caller who leaves before its batch
// starts isn't counted; the hit of one who leaves later goes to another of the
// batch or is given back. A flight runs in a goroutine that ends with its last
// waiter; its context has the values of the first, and no caller's cancellation.
//
// It is worth it where many goroutines ask about few keys. AllowN of several
// hits, AllowAtMost of several, Peek and AllowAll are never folded. The
// default, 0, is off; less is an error. It is for [NewRedis].
func WithFolding(maxBatch int) Option {
	return func(c *config) { c.redisOnly("WithFolding"); c.fold = maxBatch }
}

// WithDenyCache remembers which keys have no room for a hit, up to so many keys,
// and answers calls for one hit of them with Source [Cached] until RetryAfter has
// passed, never longer. When it is full, keys that are soon admitted again make
// room. A Reset or Refund through the same limiter ends a refusal at once;
// of one through another process, of hits that another process gave back and of
// a limit that was raised, this one learns when RetryAfter has passed. Peek,
// AllowAll and calls for several hits always ask Redis.
//
// An entry takes about 300 bytes and its key. The default, 0, is off; less is an
// error. It is for [NewRedis].
func WithDenyCache(entries int) Option {
	return func(c *config) { c.redisOnly("WithDenyCache"); c.deny = entries }
}

// WithPrefix sets the start of every key in Redis. The default is "ratelimit";
// an empty one and one with braces are errors. It is for [NewRedis].
func WithPrefix(s string) Option {
	return func(c *config) { c.redisOnly("WithPrefix"); c.prefix = s }
}
