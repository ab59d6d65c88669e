package cachex_test

import (
	"math/bits"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/cachex/cachextest"
	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/internal/redistest"
)

// newRedisCache returns a cache on rdb under one policy.
func newRedisCache(t testing.TB, rdb redis.Scripter, p cachex.Policy, opts ...cachex.Option) *cachex.CodeRedisCache {
	t.Helper()
	c, err := cachex.NewCodeRedisCache(rdb, append(opts, cachex.WithPolicy("", p))...)
	require.NoError(t, err)
	return c
}

// realClient returns a client of a redis-server of its own.
func realClient(t testing.TB, s *realserver.Server) *redis.Client {
	t.Helper()
	return clientOf(t, &redis.Options{Addr: s.Addr()})
}

func clientOf(t testing.TB, o *redis.Options) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(o)
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// miniredisLongest is 10 days where miniredis has integers of 32 bits for its
// milliseconds, and 0 for no bound elsewhere.
const miniredisLongest = (1 - bits.UintSize>>6) * 10 * 24 * time.Hour

func TestRedisConformsInABubble(t *testing.T) {
	cachextest.RunBubble(t, func(t *testing.T, p cachex.Policy) cachextest.Harness {
		return cachextest.Harness{
			Cache:   newRedisCache(t, redistest.New(t), p),
			Grain:   time.Microsecond,
			Longest: miniredisLongest,
		}
	})
}

// Trap cachex/10: the number formats of a real server's Lua are not miniredis'.
func TestRedisConformsOnARealServer(t *testing.T) {
	t.Parallel()
	rdb := realClient(t, realserver.Redis(t))
	cachextest.Run(t, func(t *testing.T, p cachex.Policy) cachextest.Harness {
		return cachextest.Harness{Cache: newRedisCache(t, rdb, p)}
	})
}

// Trap cachex/9: a script that touches an undeclared key fails in a cluster.
func TestRedisConformsOnACluster(t *testing.T) {
	t.Parallel()
	cluster := realserver.RedisCluster(t)
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: cluster.Addrs()})
	t.Cleanup(func() { _ = rdb.Close() })
	cachextest.Run(t, func(t *testing.T, p cachex.Policy) cachextest.Harness {
		return cachextest.Harness{Cache: newRedisCache(t, rdb, p)}
	})
}
