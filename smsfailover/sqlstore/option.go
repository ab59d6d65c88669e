package sqlstore

import (
	"errors"
	"fmt"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// Option sets up a [Store].
type Option func(*config)

type config struct {
	prefix    string
	retention time.Duration
	patience  time.Duration
	errs      []error
}

const (
	defaultPrefix = "sms_"
	maxPrefix     = 40 // with what follows it, no more than the 63 bytes of a name in PostgreSQL
)

// WithPrefix sets what the names of the tables and indexes start with, "sms_" by
// default: letters of ASCII, digits and underscores, the first no digit, 40 at
// most. Stores with different prefixes have nothing in common, in one database
// too. In PostgreSQL capitals become small, as in any name without quotes.
func WithPrefix(prefix string) Option {
	return func(c *config) {
		if !isName(prefix) {
			c.errs = append(c.errs, fault("WithPrefix(%q): want 1 to %d letters, digits and underscores, the first no digit", prefix, maxPrefix))
			return
		}
		c.prefix = prefix
	}
}

func isName(s string) bool {
	for i := range len(s) {
		b := s[i]
		letter := 'a' <= b|0x20 && b|0x20 <= 'z' || b == '_'
		if !letter && (b < '0' || b > '9' || i == 0) {
			return false
		}
	}
	return s != "" && len(s) <= maxPrefix
}

// WithIdemRetention sets how long the store remembers an IdemKey: no less than
// [smsfailover.IdemRetention], which is the default, and ten years at most.
func WithIdemRetention(d time.Duration) Option {
	return func(c *config) {
		if d < smsfailover.IdemRetention || d > maxRetention {
			c.errs = append(c.errs, fault("WithIdemRetention(%v): want %v to %v", d, smsfailover.IdemRetention, maxRetention))
			return
		}
		c.retention = d
	}
}

const maxRetention = 10 * 366 * 24 * time.Hour

// WithPatience sets how long a call tries again when it met others in its way: a
// deadlock, a lock that took too long, a SQLite file that is being written, a row
// that somebody else inserted first. The default is 10 seconds; 0 is not at all.
// The call's ctx may end it sooner.
func WithPatience(d time.Duration) Option {
	return func(c *config) {
		if d < 0 {
			c.errs = append(c.errs, fault("WithPatience(%v): want 0 or more", d))
			return
		}
		c.patience = d
	}
}

// fault returns an error that says what is wrong with an argument.
func fault(format string, args ...any) error {
	return fmt.Errorf("sqlstore: %w: "+format, append([]any{smsfailover.ErrInput}, args...)...)
}

func newConfig(opts []Option) (config, error) {
	c := config{
		prefix:    defaultPrefix,
		retention: smsfailover.IdemRetention,
		patience:  10 * time.Second,
	}
	for i, opt := range opts {
		if opt == nil {
			c.errs = append(c.errs, fault("option %d is nil", i))
			continue
		}
		opt(&c)
	}
	return c, errors.Join(c.errs...)
}
