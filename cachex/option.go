package cachex

import (
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"math/bits"
	"slices"
	"strings"
)

// Option sets up a cache. Every cache takes every option; one that can't mean
// anything for it says so in its own comment.
type Option func(*config)

type config struct {
	policies  map[string]Policy
	pepper    [][]byte // current first; nil: see WithPepper
	nameKey   []byte
	capacity  int
	prefix    string
	errs      []error
	hasPepper bool
}

const (
	defaultCapacity = 1 << 20
	maxCapacity     = 1 << (24 + 6*(bits.UintSize>>6)) // 1<<30 records on 64 bits, 1<<24 on 32
	defaultPrefix   = "cachex:"
	minKeyLen       = 16
)

// Without WithPepper the pods of a Redis cache must still agree on a key. This
// one is public: it keeps codes out of a casual look, not out of an attack.
var (
	builtinPepper  = []byte("github.com/ycvk/tinybook/cachex pepper v1")
	builtinNameKey = []byte("github.com/ycvk/tinybook/cachex names v1")
)

// WithPolicy sets the policy for the Keys of one Biz; "" is for every Biz
// without one of its own. The default is [DefaultPolicy]. The policy's Sends
// are copied.
func WithPolicy(biz string, p Policy) Option {
	return func(c *config) {
		if err := p.validate(fmt.Sprintf("cachex: WithPolicy(%q): ", biz)); err != nil {
			c.errs = append(c.errs, err)
			return
		}
		c.policies[biz] = p.normal()
	}
}

// WithPepper sets the secret under which codes are stored (HMAC-SHA-256), of 16
// bytes or more. Codes stored under a previous secret still verify. Without it a
// local cache draws a random secret, and the Redis cache uses a fixed one that is
// public: then a dump of Redis gives away every live code within a million
// guesses. The slices are copied.
//
// Where processes are replaced one by one, rotate in two deploys, since a process
// refuses codes under a secret it doesn't have: first WithPepper(old, new)
// everywhere, which takes both, then WithPepper(new, old), and WithPepper(new)
// when the last code under old has expired. The step from none to WithPepper has
// no such way: codes that are pending then are lost.
func WithPepper(current []byte, previous ...[]byte) Option {
	return func(c *config) {
		all := append([][]byte{current}, previous...)
		for i, key := range all {
			if len(key) < minKeyLen {
				c.errs = append(c.errs, fmt.Errorf("cachex: WithPepper: key %d has %d bytes, want %d or more", i, len(key), minKeyLen))
				return
			}
			all[i] = slices.Clone(key)
		}
		c.pepper, c.hasPepper = all, true
	}
}

// WithNameKey sets the secret, of 16 bytes or more, under which recipients
// become key names, so that a list of keys names no phone. It must be the same
// on every pod and stay the same: another secret loses sight of every pending
// code and budget. The default is fixed and public. Local caches, whose names
// never leave their memory, ignore it. The slice is copied.
func WithNameKey(key []byte) Option {
	return func(c *config) {
		if len(key) < minKeyLen {
			c.errs = append(c.errs, fmt.Errorf("cachex: WithNameKey: key has %d bytes, want %d or more", len(key), minKeyLen))
			return
		}
		c.nameKey = slices.Clone(key)
	}
}

// WithCapacity sets how many records a local cache holds at most; a record is a
// recipient with a live code, a running pause or a budget that counts. The
// default is 1 048 576, the most is 1 073 741 824, or 16 777 216 on a 32-bit
// platform. The Redis cache has no capacity and ignores it.
func WithCapacity(n int) Option {
	return func(c *config) {
		if n < 1 || n > maxCapacity {
			c.errs = append(c.errs, fmt.Errorf("cachex: WithCapacity(%d): want 1 to %d", n, maxCapacity))
			return
		}
		c.capacity = n
	}
}

// WithPrefix sets what the names of Redis keys start with, "cachex:" by
// default. It must not be empty or contain braces, which Redis Cluster gives a
// meaning. Local caches ignore it.
func WithPrefix(s string) Option {
	return func(c *config) {
		if s == "" || strings.ContainsAny(s, "{}") {
			c.errs = append(c.errs, fmt.Errorf("cachex: WithPrefix(%q): want a prefix without braces", s))
			return
		}
		c.prefix = s
	}
}

func newConfig(opts []Option) (config, error) {
	c := config{
		policies: map[string]Policy{"": DefaultPolicy()},
		capacity: defaultCapacity,
		prefix:   defaultPrefix,
	}
	for i, opt := range opts {
		if opt == nil {
			c.errs = append(c.errs, fmt.Errorf("cachex: option %d is nil", i))
			continue
		}
		opt(&c)
	}
	if err := errors.Join(c.errs...); err != nil {
		return config{}, err
	}
	c.policies = maps.Clone(c.policies)
	return c, nil
}

// shareKeys fills in the fixed keys on which all pods agree.
func (c *config) shareKeys() {
	if !c.hasPepper {
		c.pepper = [][]byte{builtinPepper}
	}
	if c.nameKey == nil {
		c.nameKey = builtinNameKey
	}
}

// drawPepper fills in a random secret, for a cache that nobody else reads.
func (c *config) drawPepper() {
	if !c.hasPepper {
		c.pepper = [][]byte{randomKey()}
	}
}

func randomKey() []byte {
	key := make([]byte, 32)
	rand.Read(key) // never fails: crypto/rand ends the process instead
	return key
}
