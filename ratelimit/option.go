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
}

// defaultTimeout bounds a call where the caller's own context allows longer: a
// limiter that hangs is worse than one that is away.
const defaultTimeout = 500 * time.Millisecond

func newConfig(opts []Option) config {
	cfg := config{prefix: "ratelimit", fail: FailClosed(), timeout: defaultTimeout}
	for _, opt := range opts {
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
	errs = append(errs, c.fail.validate())
	return errors.Join(errs...)
}

// redisOnly notes an option that means nothing to a local limiter.
func (c *config) redisOnly(name string) { c.set = append(c.set, name) }

// WithFailPolicy sets what happens when Redis doesn't answer. The default is
// [FailClosed]. It is for [NewRedis].
func WithFailPolicy(p FailPolicy) Option {
	return func(c *config) { c.redisOnly("WithFailPolicy"); c.fail = p }
}

// WithTimeout bounds every call, also one that hangs. The default is 500 ms. It
// is for [NewRedis].
func WithTimeout(d time.Duration) Option {
	return func(c *config) { c.redisOnly("WithTimeout"); c.timeout = d }
}

// WithFolding lets concurrent calls for one key share a round trip, up to
// maxBatch hits. The default, 0, is off. It is for [NewRedis].
func WithFolding(maxBatch int) Option {
	return func(c *config) { c.redisOnly("WithFolding"); c.fold = maxBatch }
}

// WithDenyCache remembers refusals of up to so many keys until their
// RetryAfter. The default, 0, is off. It is for [NewRedis].
func WithDenyCache(entries int) Option {
	return func(c *config) { c.redisOnly("WithDenyCache"); c.deny = entries }
}

// WithPrefix sets the start of every key in Redis. The default is "ratelimit".
// It is for [NewRedis].
func WithPrefix(s string) Option {
	return func(c *config) { c.redisOnly("WithPrefix"); c.prefix = s }
}
