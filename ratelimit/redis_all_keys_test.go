package ratelimit_test

import (
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

// Keys that one script touches have nothing to do with each other: a new one
// beside old ones expires as it would alone.
func TestRedisAllowAllLetsEveryKeyExpire(t *testing.T) {
	for _, a := range ratelimittest.Algorithms() {
		servers(t, func(t *testing.T, rdb *redis.Client) {
			l := newRedis(t, rdb, a, fivePerHour, ratelimit.WithPrefix(a.String()))
			used := ratelimit.Demand{Key: "used", N: 1}
			_, err := l.AllowAll(t.Context(), "tag", used)
			require.NoError(t, err)
			_, err = l.AllowAll(t.Context(), "tag", ratelimit.Demand{Key: "new", N: 1}, ratelimit.Demand{Key: "newer", N: 1}, used)
			require.NoError(t, err)
			names, err := rdb.Keys(t.Context(), a.String()+":*").Result()
			require.NoError(t, err)
			require.Len(t, names, 3)
			for _, name := range names {
				ttl, err := rdb.PTTL(t.Context(), name).Result()
				require.NoError(t, err)
				require.Positive(t, ttl, name)
				require.LessOrEqual(t, ttl, 2*time.Hour+time.Millisecond, name)
			}
		})
	}
}

// The times in a log rise, whoever is asked beside it, so that each is one hit:
// also where the hits of one moment lie ahead of the clock.
func TestRedisAllowAllKeepsEveryLogInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		l := newRedis(t, rdb, ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerHour(1000)})
		many, few := ratelimit.Demand{Key: "many", N: 100}, ratelimit.Demand{Key: "few", N: 1}
		for _, demands := range [][]ratelimit.Demand{{many}, {many, few}, {few, many}} {
			rs, err := l.AllowAll(t.Context(), "tag", demands...)
			require.NoError(t, err)
			require.True(t, rs[0].OK())
		}
		texts, err := rdb.LRange(t.Context(), "ratelimit:l:{tag}:many", 0, -1).Result()
		require.NoError(t, err)
		require.Len(t, texts, 300)
		times := make([]int64, len(texts))
		for i, text := range texts {
			times[i], err = strconv.ParseInt(text, 10, 64)
			require.NoError(t, err)
		}
		require.True(t, slices.IsSorted(times))
		require.Len(t, slices.Compact(times), 300)
	})
}
