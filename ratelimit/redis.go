package ratelimit

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// Redis is a [Limiter] whose state is in Redis, for a service of many
// processes. Every call is one script and one round trip, or two when the
// server doesn't know the script: at first, and after a SCRIPT FLUSH, a restart
// or a failover. Time is the server's, in microseconds, and all arithmetic is of
// whole numbers: the clocks of the callers don't matter. Periods are rounded up
// to whole microseconds, and so is the pause between two hits of [GCRA].
//
// Keys have names like ratelimit:l:{key}: the prefix, the algorithm, for all but
// [SlidingLog] the period, and the caller's key as the hash tag, so that what
// one call touches lies on one node of a Redis Cluster. Braces in a key are
// escaped; a key of more than 1024 bytes is [ErrInput]. N and Burst are no part of
// the name: a limit that is raised or lowered takes effect with the next call, and
// the hits so far still count, under GCRA as the part of its time that they took:
// a burst that is spent stays so when it grows. A log also serves a period that
// changed, as far back as it reaches; under another algorithm a changed period
// starts afresh. Two limiters of one algorithm over one Redis share what they count
// under the same key: give them different prefixes, or put a purpose into the key,
// where that isn't meant.
//
// Every Redis key expires when what it holds no longer matters. A value that
// can't be ours is deleted by the call that meets it, and a time that lies ahead
// of the server's, since the clock went back or a GCRA limit came down, is put
// where the limit allows; both are counted, see [Redis.Stats].
//
// What was lost is admitted again: a server that restarts without its data, or a
// failover to a replica that lags, forgets hits. Run it with maxmemory-policy
// noeviction or a volatile one that spares these keys. A call without an answer,
// and one that the client sent twice because it lost the first reply, as go-redis
// does by itself, may have counted a hit too many, never too few.
//
// A call takes no longer than [WithTimeout] and than the deadline of its ctx; it
// notices a cancellation at the latest when the timeout ends, and then returns
// the cause. With a client that doesn't mind deadlines, such as one of a
// Cluster without ContextTimeoutEnabled, every call costs a goroutine, which in
// an outage stays until the client gives up.
//
// The hooks of a [redis.Client], such as those of tracing, see these calls only if
// it was made with ContextTimeoutEnabled: of another client a copy is used that
// minds deadlines, and go-redis copies no hooks.
//
// It is safe for concurrent use and never closes the client. It needs Redis 5 or
// later, or what is compatible with it, and the right to EVALSHA, EVAL, TIME, SET,
// GET and DEL; SlidingLog also EXISTS, PEXPIRE, LLEN, LRANGE, LINDEX, LTRIM, LREM
// and RPUSH.
type Redis struct {
	rdb      redis.Scripter
	punctual bool // rdb ends a call with its context's deadline
	algo     Algorithm
	cells    []cell
	scripts  redisScripts
	prefix   string
	timeout  time.Duration
	patience patience
	fail     FailPolicy
	warm     *Local     // sees what Redis admits; may be nil
	fold     *folder    // nil: off
	deny     *denyCache // nil: off
	counts   redisCounts
}

var _ Limiter = (*Redis)(nil)

// NewRedis returns a limiter on rdb, a client of a single node, of Sentinel or
// of a Cluster, but no pipeline, which answers nothing before its end. Beside
// what no limiter takes, it refuses a [GCRA] limit of more than a hit per
// microsecond, and a [SlidingCounter] limit whose N times Per in microseconds is
// 2^53 or more, such as 105,000 per day. It sends nothing and starts nothing. The
// error wraps [ErrInput] and joins all that is wrong with the arguments.
func NewRedis(rdb redis.Scripter, a Algorithm, limits []Limit, opts ...Option) (*Redis, error) {
	cfg := newConfig(opts)
	cells, err := newCells(cfg.prefix, a, limits)
	if err := errors.Join(checkClient(rdb), err, cfg.validate()); err != nil {
		return nil, err
	}
	l := &Redis{
		algo:    a,
		cells:   cells,
		scripts: newRedisScripts(a, cells),
		prefix:  cfg.prefix,
		timeout: cfg.timeout,
		fail:    cfg.fail,
		warm:    cfg.fail.warm(),
	}
	l.rdb, l.punctual = punctual(rdb)
	if cfg.fold > 0 {
		l.fold = newFolder(l, cfg.fold)
	}
	if cfg.deny > 0 {
		l.deny = newDenyCache(cfg.deny)
	}
	return l, nil
}

// Allow implements [Limiter].
func (l *Redis) Allow(ctx context.Context, key string) (Result, error) {
	return l.AllowN(ctx, key, 1)
}

// AllowN implements [Limiter].
func (l *Redis) AllowN(ctx context.Context, key string, n int) (Result, error) {
	return l.ask(ctx, question{op: "allow", key: key, n: n, least: n})
}

// AllowAtMost implements [Limiter]. Its RetryAfter is for all that was refused,
// at once.
func (l *Redis) AllowAtMost(ctx context.Context, key string, n int) (Result, error) {
	return l.ask(ctx, question{op: "allow at most", key: key, n: n, least: 1})
}

// Peek implements [Limiter]. It changes nothing but what it heals, and asks
// Redis even where a [WithDenyCache] refusal holds.
func (l *Redis) Peek(ctx context.Context, key string) (Result, error) {
	return l.ask(ctx, question{op: "peek", key: key, n: 1, least: 2})
}

// Reset implements [Limiter]. What AllowAll counted is not under key alone, and
// stays. Without an answer the error wraps [ErrUnavailable] under every
// [FailPolicy].
func (l *Redis) Reset(ctx context.Context, key string) error {
	if err := checkName("key", key); err != nil {
		return err
	}
	var args []any
	for _, c := range l.algo.lists(l.cells) {
		args = append(args, c.span, c.limit)
	}
	_, err := l.run(ctx, "reset", l.scripts.reset, l.names(key), args)
	l.deny.forget(key)
	if err == nil && l.warm != nil {
		return l.warm.Reset(context.WithoutCancel(ctx), key)
	}
	return l.unanswered(err)
}

// RedisStats is a snapshot of a [Redis] limiter: what it, and no other process,
// has met so far.
type RedisStats struct {
	Unavailable uint64 // calls without an answer, which the fail policy decided or which failed
	Healed      uint64 // values that were none of ours, deleted
	Clamped     uint64 // times ahead of the server's clock, put back
	Cached      uint64 // refusals from the deny cache
	Folded      uint64 // calls that shared the round trip of another
	Lost        uint64 // times that hits were admitted to callers who had left, and could not be given back
}

type redisCounts struct {
	unavailable, healed, clamped, cached, folded, lost atomic.Uint64
}

// Stats returns a snapshot.
func (l *Redis) Stats() RedisStats {
	return RedisStats{
		Unavailable: l.counts.unavailable.Load(),
		Healed:      l.counts.healed.Load(),
		Clamped:     l.counts.clamped.Load(),
		Cached:      l.counts.cached.Load(),
		Folded:      l.counts.folded.Load(),
		Lost:        l.counts.lost.Load(),
	}
}
