package topn

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// An Option changes what [New] or [NewBoards] makes.
type Option func(*config)

type config struct {
	prefix   string
	mode     Mode
	n        int
	retain   int
	retained bool // WithRetain was given
	tick     time.Duration
	jitter   float64
	maxStale time.Duration
	staled   bool // WithMaxStale was given
	floor    float64
	floored  bool // WithFloor was given
	expire   time.Duration
	onError  func(error)
	capacity int  // of Boards
	boards   bool // WithCapacity was given
	missing  []error
}

const (
	maxN         = 100_000 // one reply of a few megabytes
	retainPerN   = 10
	capacityNorm = 1000
)

func newConfig(opts []Option) config {
	cfg := config{
		prefix: "topn", n: 100, tick: time.Second, jitter: 0.2,
		floor: math.Inf(-1), onError: func(error) {}, capacity: capacityNorm,
	}
	for i, opt := range opts {
		if opt == nil {
			cfg.missing = append(cfg.missing, fmt.Errorf("%w: option %d is nil", ErrInput, i))
			continue
		}
		opt(&cfg)
	}
	if !cfg.retained {
		cfg.retain = retainPerN * cfg.n
	}
	if !cfg.staled {
		cfg.maxStale = max(30*time.Second, cfg.tick, 3*min(cfg.tick, math.MaxInt64/3))
	}
	return cfg
}

// validate returns every fault of the options in one error.
func (c *config) validate() error {
	errs := c.missing
	bad := func(is bool, format string, args ...any) {
		if is {
			errs = append(errs, fmt.Errorf("%w: "+format, append([]any{ErrInput}, args...)...))
		}
	}
	bad(c.prefix == "" || strings.ContainsAny(c.prefix, "{}"), "WithPrefix(%q): want a name without braces", c.prefix)
	bad(c.mode > Counter, "WithMode(%v): want Absolute or Counter", c.mode)
	bad(c.n < 1 || c.n > maxN, "WithN(%d): want 1 to %d", c.n, maxN)
	bad(c.retained && c.retain < c.n, "WithRetain(%d): want at least N, %d", c.retain, c.n)
	bad(c.tick <= 0, "WithTick(%v): want more than 0", c.tick)
	bad(!(c.jitter >= 0 && c.jitter < 1), "WithJitter(%v): want 0 or more and less than 1", c.jitter)
	bad(c.maxStale < c.tick, "WithMaxStale(%v): want at least the tick, %v", c.maxStale, c.tick)
	bad(c.floored && !(c.floor >= -maxScore && c.floor <= 0), "WithFloor(%v): want -2^53 to 0, which new members start from", c.floor)
	bad(c.floored && c.mode != Counter, "WithFloor(%v): only a Counter board has one", c.floor)
	bad(c.expire != 0 && c.expire < max(c.maxStale, leaseFor), "WithExpire(%v): want 0, or at least MaxStale and %v", c.expire, leaseFor)
	bad(c.onError == nil, "WithOnError(nil): want a function")
	bad(c.capacity < 1, "WithCapacity(%d): want 1 or more", c.capacity)
	return errors.Join(errs...)
}

// WithPrefix sets the start of every key in Redis. The default is "topn"; an empty
// one and one with braces are errors. Boards of the same prefix and key are the
// same board.
func WithPrefix(s string) Option { return func(c *config) { c.prefix = s } }

// WithMode sets how the board is written to. The default is [Absolute]. All
// processes must agree on it.
func WithMode(m Mode) Option { return func(c *config) { c.mode = m } }

// WithN sets how many places are kept in memory: 1 to 100,000. The default is 100.
func WithN(n int) Option { return func(c *config) { c.n = n } }

// WithTick sets how often Run asks Redis whether the board has changed. The
// default is a second; 0 or less is an error.
func WithTick(d time.Duration) Option { return func(c *config) { c.tick = d } }

// WithJitter makes ticks up to so much shorter or longer, as a part of their
// length, so that processes that started together don't ask together. The default
// is 0.2; 0 is none, and 1 or more is an error.
func WithJitter(ratio float64) Option { return func(c *config) { c.jitter = ratio } }

// WithRetain sets how many members a rebuild asks the [Source] for and, on an
// [Absolute] board, how many are kept in Redis: each write trims what is below, some
// thousand at most. When so many have fallen that one that was trimmed may belong
// among the first N, the board is rebuilt; but among those of one score the places
// then go to those that were retained. The default is ten times N; less than N is
// an error. A [Counter] board is never trimmed, but a member that the Source left
// out starts from 0 there: retain as many as there are.
func WithRetain(n int) Option { return func(c *config) { c.retain, c.retained = n, true } }

// WithMaxStale sets after how long the board is read from Redis even though no
// change was marked, and when a [Snapshot] that nobody refreshes is Stale. The
// default is 30 s, or three ticks if that is more; less than a tick is an error.
func WithMaxStale(d time.Duration) Option {
	return func(c *config) { c.maxStale, c.staled = d, true }
}

// WithFloor keeps the scores of a [Counter] board from going below f: an unlike
// that comes twice, or before its like, leaves f. What was cut off is lost, so
// that deltas of both signs add up the same in any order only above f. The
// default is none. More than 0, where new members start, and less than -2^53 are
// errors, and so is any on an [Absolute] board.
func WithFloor(f float64) Option { return func(c *config) { c.floor, c.floored = f, true } }

// WithExpire sets after how long without a write Redis forgets the board, so that those
// of windows that have passed don't stay for ever. Every write that changes it and every rebuild
// renews it; reads don't, so a board that is still asked for is rebuilt from the [Source] each
// time it has expired. With it go the marks of the streams and the versions: give it much
// longer than events may be late or come again. The default is 0: never. Other than that,
// less than [WithMaxStale] or 30 s is an error. All processes must agree on it.
func WithExpire(d time.Duration) Option { return func(c *config) { c.expire = d } }

// WithOnError sets a function that is told of every error that Run goes on after,
// and of those of a Load that has a snapshot to show all the same: Redis or the
// [Source] did not answer. It may be called by several goroutines at once and must not
// block. The default ignores them; [Board.Stats] counts them either way.
func WithOnError(f func(error)) Option { return func(c *config) { c.onError = f } }

// WithCapacity sets how many boards [NewBoards] keeps in memory. The default is
// 1000; 0 or less is an error. It is for NewBoards, and New refuses it.
func WithCapacity(n int) Option { return func(c *config) { c.capacity, c.boards = n, true } }
