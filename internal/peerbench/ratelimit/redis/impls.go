// Package redis holds rate limiters in Redis to be measured beside each other:
// ours, go-redis/redis_rate, and the log in a sorted set that is usually pasted.
package redis

import (
	"context"
	_ "embed"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"

	"github.com/ycvk/tinybook/ratelimit"
)

// A Limiter takes one hit of key and reports whether it was admitted.
type Limiter func(ctx context.Context, key string) (bool, error)

// An Impl is one limiter at n hits per window.
type Impl struct {
	Name string
	Open func(rdb *redis.Client, n int, per time.Duration) Limiter
}

// Peer is what the others are compared with.
const Peer = "redis_rate"

// Impls returns all of them, the peer first.
func Impls() []Impl {
	return []Impl{
		{Peer, redisRate},
		{"gcra", ours(ratelimit.GCRA)},
		{"log", ours(ratelimit.SlidingLog)},
		{"counter", ours(ratelimit.SlidingCounter)},
		{"window", ours(ratelimit.FixedWindow)},
		{"log-of-3-limits", threeLimits},
		{"gcra-folding", ours(ratelimit.GCRA, ratelimit.WithFolding(64))},
		{"log-folding", ours(ratelimit.SlidingLog, ratelimit.WithFolding(64))},
		{"log-deny-cache", ours(ratelimit.SlidingLog, ratelimit.WithDenyCache(1000))},
		{"zset-log", zsetLog},
	}
}

func redisRate(rdb *redis.Client, n int, per time.Duration) Limiter {
	l := redis_rate.NewLimiter(rdb)
	limit := redis_rate.Limit{Rate: n, Burst: n, Period: per}
	return func(ctx context.Context, key string) (bool, error) {
		r, err := l.Allow(ctx, key, limit)
		if err != nil {
			return false, err
		}
		return r.Allowed > 0, nil
	}
}

func ours(a ratelimit.Algorithm, opts ...ratelimit.Option) func(*redis.Client, int, time.Duration) Limiter {
	return func(rdb *redis.Client, n int, per time.Duration) Limiter {
		return open(rdb, a, []ratelimit.Limit{{N: n, Per: per}}, opts...)
	}
}

// threeLimits takes a hit under three limits, of which the first decides.
func threeLimits(rdb *redis.Client, n int, per time.Duration) Limiter {
	return open(rdb, ratelimit.SlidingLog, []ratelimit.Limit{{N: n, Per: per}, {N: 2 * n, Per: 10 * per}, {N: 3 * n, Per: 100 * per}})
}

func open(rdb *redis.Client, a ratelimit.Algorithm, limits []ratelimit.Limit, opts ...ratelimit.Option) Limiter {
	l, err := ratelimit.NewRedis(rdb, a, limits, append(opts, ratelimit.WithTimeout(time.Minute))...)
	if err != nil {
		panic(err)
	}
	return func(ctx context.Context, key string) (bool, error) {
		r, err := l.Allow(ctx, key)
		return r.OK(), err
	}
}

//go:embed zset.lua
var zsetScript string

// zsetLog is a sorted set of hits by time, as most articles have it, but right:
// with a member of its own for each hit and the server's time.
func zsetLog(rdb *redis.Client, n int, per time.Duration) Limiter {
	script := redis.NewScript(zsetScript)
	return func(ctx context.Context, key string) (bool, error) {
		member := strconv.FormatUint(rand.Uint64(), 36)
		got, err := script.Run(ctx, rdb, []string{"zset:" + key}, n, per.Microseconds(), member).Int()
		return got == 1, err
	}
}
