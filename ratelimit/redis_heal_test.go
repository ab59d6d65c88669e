package ratelimit_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

// names returns what l's key is called in Redis under one limit per hour.
func redisName(a ratelimit.Algorithm, key string) string {
	return map[ratelimit.Algorithm]string{
		ratelimit.SlidingLog:     "ratelimit:l:{",
		ratelimit.SlidingCounter: "ratelimit:c1h0m0s:{",
		ratelimit.GCRA:           "ratelimit:g1h0m0s:{",
		ratelimit.FixedWindow:    "ratelimit:w1h0m0s:{",
	}[a] + key + "}"
}

// servers runs f on miniredis and on a real server.
func servers(t *testing.T, f func(t *testing.T, rdb *redis.Client)) {
	t.Run("miniredis", func(t *testing.T) { f(t, redistest.New(t)) })
	t.Run("redis-server", func(t *testing.T) { f(t, realClient(t, realserver.Redis(t))) })
}

// Values that can't be ours count as absent, are deleted, and are counted.
func TestRedisHealsCorruptValues(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, rdb *redis.Client) {
		ctx := t.Context()
		for _, a := range ratelimittest.Algorithms() {
			name := redisName(a, "k")
			for i, corrupt := range []func() error{
				func() error { return rdb.HSet(ctx, name, "a", "b").Err() },
				func() error { return rdb.ZAdd(ctx, name, redis.Z{Score: 1, Member: "x"}).Err() },
				func() error {
					if a == ratelimit.SlidingLog {
						return rdb.RPush(ctx, name, "rubbish").Err()
					}
					return rdb.Set(ctx, name, "rubbish", 0).Err()
				},
				func() error {
					if a == ratelimit.SlidingLog {
						return rdb.Set(ctx, name, "5", 0).Err()
					}
					return rdb.RPush(ctx, name, "5").Err()
				},
				func() error {
					if a == ratelimit.SlidingLog {
						return rdb.RPush(ctx, name, "1e999").Err()
					}
					return rdb.Set(ctx, name, "nan", 0).Err()
				},
			} {
				l := newRedis(t, rdb, a, fivePerHour)
				require.NoError(t, rdb.Del(ctx, name).Err())
				require.NoError(t, corrupt())
				r, err := l.AllowN(ctx, "k", 5)
				require.NoError(t, err, "%v %d", a, i)
				require.True(t, r.OK(), "%v %d", a, i)
				require.EqualValues(t, 1, l.Stats().Healed, "%v %d", a, i)
				r, err = l.Allow(ctx, "k")
				require.NoError(t, err)
				require.False(t, r.OK())
				require.NoError(t, rdb.Del(ctx, name).Err())
				require.NoError(t, corrupt())
				require.NoError(t, l.Reset(ctx, "k"))
				r, err = l.Peek(ctx, "k")
				require.NoError(t, err)
				require.Equal(t, 5, r.Remaining)
			}
		}
	})
}

// ahead puts a full key an hour into the future, as a clock leaves it that is set
// back by an hour.
func ahead(ctx context.Context, rdb *redis.Client, a ratelimit.Algorithm, now time.Time, by time.Duration) error {
	name, then := redisName(a, "k"), now.Add(by)
	window := then.UnixMicro() / time.Hour.Microseconds()
	switch a {
	case ratelimit.SlidingLog:
		for i := range 5 {
			if err := rdb.RPush(ctx, name, then.UnixMicro()+int64(i)).Err(); err != nil {
				return err
			}
		}
		return nil
	case ratelimit.GCRA:
		return rdb.Set(ctx, name, then.Add(time.Hour).UnixMicro(), 0).Err()
	case ratelimit.SlidingCounter:
		return rdb.Set(ctx, name, fmt.Sprint(window, " 5 5 0"), 0).Err()
	default:
		return rdb.Set(ctx, name, fmt.Sprint(window, " 5 0"), 0).Err()
	}
}

// Trap ratelimit/4: times ahead of the server's, after its clock went back, are
// put back: nobody waits longer than two windows, or than the burst. And they are
// counted.
func TestRedisClampsTimesAhead(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, rdb *redis.Client) {
		ctx := t.Context()
		for _, a := range ratelimittest.Algorithms() {
			for _, by := range []time.Duration{90 * time.Minute, 30 * 24 * time.Hour, 40 * 365 * 24 * time.Hour} {
				name := redisName(a, "k")
				l := newRedis(t, rdb, a, fivePerHour)
				require.NoError(t, rdb.Del(ctx, name).Err())
				now, err := rdb.Time(ctx).Result()
				require.NoError(t, err)
				require.NoError(t, ahead(ctx, rdb, a, now, by+time.Hour))
				r, err := l.Allow(ctx, "k")
				require.NoError(t, err)
				require.False(t, r.OK(), "%v: the hits still count", a)
				require.LessOrEqual(t, r.RetryAfter, 2*time.Hour, "%v", a)
				require.LessOrEqual(t, r.ResetAfter, 2*time.Hour, "%v", a)
				require.EqualValues(t, 1, l.Stats().Clamped, "%v", a)
				again, err := l.Peek(ctx, "k")
				require.NoError(t, err)
				require.LessOrEqual(t, again.RetryAfter, r.RetryAfter, "%v: it was put back once", a)
				require.EqualValues(t, 1, l.Stats().Clamped, "%v", a)
				ttl, err := rdb.PTTL(ctx, name).Result()
				require.NoError(t, err)
				require.Positive(t, ttl, "%v", a)
			}
		}
	})
}

// A clock that steps back over the edge of a window gives nobody a second
// window's worth.
func TestRedisClockStepsBackOverTheEdge(t *testing.T) {
	t.Parallel()
	servers(t, func(t *testing.T, rdb *redis.Client) {
		ctx := t.Context()
		for _, a := range []ratelimit.Algorithm{ratelimit.SlidingCounter, ratelimit.FixedWindow} {
			l := newRedis(t, rdb, a, fivePerHour)
			now, err := rdb.Time(ctx).Result()
			require.NoError(t, err)
			require.NoError(t, ahead(ctx, rdb, a, now, time.Hour))
			r, err := l.Allow(ctx, "k")
			require.NoError(t, err)
			require.False(t, r.OK())
			require.Zero(t, l.Stats().Clamped)
			require.LessOrEqual(t, r.RetryAfter, 3*time.Hour)
			if a == ratelimit.FixedWindow {
				require.LessOrEqual(t, r.RetryAfter, 2*time.Hour)
			}
		}
	})
}

// Every key expires, whatever was called, and in a bubble nothing is left two
// windows after the last call.
func TestRedisKeysExpire(t *testing.T) {
	for _, a := range ratelimittest.Algorithms() {
		synctest.Test(t, func(t *testing.T) {
			ctx, rdb := t.Context(), redistest.New(t)
			l := newRedis(t, rdb, a, []ratelimit.Limit{ratelimit.PerMinute(3), ratelimit.PerHour(5)})
			keys := func() []string {
				all, err := rdb.Keys(ctx, "*").Result()
				require.NoError(t, err)
				return all
			}
			for i := range 20 {
				r, err := l.AllowAtMost(ctx, "k", 1+i%3)
				require.NoError(t, err)
				if i%4 == 1 {
					require.NoError(t, l.Refund(ctx, r.Receipt))
				}
				if i%7 == 6 {
					require.NoError(t, l.Reset(ctx, "k"))
				}
				_, err = l.AllowAll(ctx, "tag", ratelimit.Demand{Key: strconv.Itoa(i), N: 1})
				require.NoError(t, err)
				for _, k := range keys() {
					ttl, err := rdb.PTTL(ctx, k).Result()
					require.NoError(t, err)
					require.Positive(t, ttl, k)
					require.LessOrEqual(t, ttl, 2*time.Hour+time.Second, k)
				}
				time.Sleep(17 * time.Second)
			}
			require.NotEmpty(t, keys())
			time.Sleep(2*time.Hour + time.Second)
			require.Empty(t, keys())
		})
	}
}

// Trap ratelimit/2: hits that come without a pause never outlive their key: a
// list that is never empty is prolonged whenever a hit leaves it.
func TestRedisLogOutlivesItsFirstHit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newRedis(t, redistest.New(t), ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerMinute(3)})
		var admitted []ratelimittest.Hit
		for range 2000 {
			now := time.Now()
			r, err := l.Allow(t.Context(), "k")
			require.NoError(t, err)
			if r.OK() {
				admitted = append(admitted, ratelimittest.Hit{Start: now, End: now, N: 1})
				if len(admitted)%50 == 49 {
					require.NoError(t, l.Refund(t.Context(), r.Receipt))
					admitted = admitted[:len(admitted)-1]
				}
			}
			time.Sleep(1700 * time.Millisecond)
		}
		require.Equal(t, 3, ratelimittest.Worst(admitted, time.Minute))
	})
}

// A log takes about 10 bytes a hit.
func TestRedisLogIsSmall(t *testing.T) {
	t.Parallel()
	rdb := realClient(t, realserver.Redis(t))
	l := newRedis(t, rdb, ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerHour(1000)})
	for range 1100 {
		_, err := l.Allow(t.Context(), "k")
		require.NoError(t, err)
	}
	n, err := rdb.MemoryUsage(t.Context(), redisName(ratelimit.SlidingLog, "k"), 0).Result()
	require.NoError(t, err)
	require.Less(t, n, int64(11_000))
}
