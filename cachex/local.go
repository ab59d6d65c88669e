package cachex

import (
	"context"
	"errors"
	"fmt"
	"math/bits"
	"sync/atomic"
)

// CodeLocalCache is a [CodeCache] in this process's memory, for a program of
// one process, for tests and as the backup of a [Fallback]. It is a store and
// no cache in one respect: it forgets nothing before its time. When it holds as
// many records as WithCapacity allows and none has ended, a Set of a new Key is
// refused with [ErrFull].
//
// Times are exact to the nanosecond and measured on the monotonic clock: a step
// of the wall clock moves no expiry. Nothing outlives the process.
//
// A record takes about 110 bytes where policies have one or two send budgets, 97
// without and 142 with three or four. Sets remove ended records as they go, in
// O(log n) each, and a Set into a full cache looks at every shard that has a
// record which is due; there is no goroutine and nothing to close. It is safe for
// concurrent use.
type CodeLocalCache struct {
	rules   ruleset
	names   namer
	codes   *keyring
	clock   monoclock
	permits permits
	full    atomic.Uint64
	shards  []shard // their number is a power of 2
}

var _ CodeCache = (*CodeLocalCache)(nil)

// NewCodeLocalCache returns an empty cache. It ignores WithPrefix and
// WithNameKey. The error joins all that is wrong with opts.
func NewCodeLocalCache(opts ...Option) (*CodeLocalCache, error) {
	cfg, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	cfg.drawPepper()
	c := &CodeLocalCache{
		rules:   newRuleset(cfg.policies),
		names:   newNamer(),
		codes:   newKeyring(cfg.pepper),
		clock:   newMonoclock(),
		permits: permits{max: int64(cfg.capacity)},
		shards:  make([]shard, shardsFor(cfg.capacity)),
	}
	for i := range c.shards {
		c.shards[i].init(c.rules.sends)
	}
	return c, nil
}

// shardsFor returns how many shards a capacity deserves: enough that goroutines
// seldom meet, few enough for a small cache, and so many for a huge one that a
// shard's rows can be numbered in 24 bits with room to spare.
func shardsFor(capacity int) int {
	want := max(min(64, capacity/64), capacity>>20, 1)
	return 1 << bits.Len(uint(want-1))
}

func (c *CodeLocalCache) shard(k id) *shard {
	return &c.shards[k.a&uint64(len(c.shards)-1)]
}

// Set implements [CodeCache]. It is O(log n).
func (c *CodeLocalCache) Set(ctx context.Context, k Key, code string) (Ticket, error) {
	if err := checkCall(ctx, k, code); err != nil {
		return Ticket{}, err
	}
	name, sum, policy := c.names.id(k), c.codes.sign(k, code), c.rules.pick(k.Biz)
	for {
		t, d, full := c.shard(name).set(c, name, policy, sum)
		switch {
		case d != nil:
			return Ticket{}, d
		case !full:
			return t, nil
		case !c.makeRoom():
			c.full.Add(1)
			return Ticket{}, denied(ErrFull, 0, 0)
		}
	}
}

// Verify implements [CodeCache].
func (c *CodeLocalCache) Verify(ctx context.Context, k Key, code string) error {
	if err := checkCall(ctx, k, code); err != nil {
		return err
	}
	var buf [4]mac
	tries := c.codes.tries(buf[:0], k, code)
	name, p := c.names.id(k), &c.rules.all[c.rules.pick(k.Biz)]
	if d := c.shard(name).verify(c, name, p, tries); d != nil {
		return d
	}
	return nil
}

// Revoke implements [CodeCache].
func (c *CodeLocalCache) Revoke(ctx context.Context, k Key, gen uint64) (bool, error) {
	if err := checkCall(ctx, k, noCode); err != nil {
		return false, err
	}
	name, p := c.names.id(k), &c.rules.all[c.rules.pick(k.Biz)]
	return c.shard(name).revoke(c, name, p, gen), nil
}

// Status implements [CodeCache].
func (c *CodeLocalCache) Status(ctx context.Context, k Key) (Status, error) {
	if err := checkCall(ctx, k, noCode); err != nil {
		return Status{}, err
	}
	name, p := c.names.id(k), &c.rules.all[c.rules.pick(k.Biz)]
	return c.shard(name).status(c, name, p), nil
}

// LocalStats is a snapshot of a [CodeLocalCache].
type LocalStats struct {
	Records  int    // that it holds
	Capacity int    // that it holds at most
	Full     uint64 // Sets refused with ErrFull so far
}

// Stats returns a snapshot, after removing the records that have ended.
func (c *CodeLocalCache) Stats() LocalStats {
	_, now := c.clock.now()
	for i := range c.shards {
		for c.sweepShard(&c.shards[i], now) > 0 {
		}
	}
	return LocalStats{
		Records:  int(c.permits.used.Load()),
		Capacity: int(c.permits.max),
		Full:     c.full.Load(),
	}
}

// makeRoom removes some ended records and reports whether it found any. When
// there are none it costs one atomic read per shard, but for records that were
// extended since a sweep last saw them: each costs O(log n) once.
func (c *CodeLocalCache) makeRoom() bool {
	_, now := c.clock.now()
	for i := range c.shards {
		if c.sweepShard(&c.shards[i], now) > 0 {
			return true
		}
	}
	return false
}

// sweepShard removes ended records of s, some at a time, and returns how many;
// 0 when there are none left.
func (c *CodeLocalCache) sweepShard(s *shard, now int64) (removed int) {
	for removed == 0 && s.due.Load() <= now {
		s.mu.Lock()
		removed = s.sweep(c, now, sweepPerRun)
		s.mu.Unlock()
	}
	return removed
}

// noCode stands for the code in a call that has none.
const noCode = "-"

// checkCall returns why a call can't start: its arguments can't be right, or
// ctx is done.
func checkCall(ctx context.Context, k Key, code string) error {
	if err := checkKeyCode(k, code); err != nil {
		return err
	}
	return contextError(ctx)
}

// contextError returns why ctx is done, both as its cause and as its Err.
func contextError(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); !errors.Is(cause, err) {
		return fmt.Errorf("cachex: %w: %w", err, cause)
	}
	return fmt.Errorf("cachex: %w", context.Cause(ctx))
}
