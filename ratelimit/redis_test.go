package ratelimit_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

// patient is for tests that are not about slow servers: a busy machine is one.
var patient = ratelimit.WithTimeout(time.Minute)

func newRedis(t testing.TB, rdb redis.Scripter, a ratelimit.Algorithm, limits []ratelimit.Limit, opts ...ratelimit.Option) *ratelimit.Redis {
	t.Helper()
	l, err := ratelimit.NewRedis(rdb, a, limits, append([]ratelimit.Option{patient}, opts...)...)
	require.NoError(t, err)
	return l
}

// realClient returns a client of s.
func realClient(t testing.TB, s *realserver.Server) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: s.Addr()})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

func clusterClient(t testing.TB) *redis.ClusterClient {
	t.Helper()
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: realserver.RedisCluster(t).Addrs()})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// open returns harnesses on limiters of two processes that share what client
// returns.
func open(client func(t *testing.T) redis.Scripter, opts ...ratelimit.Option) func(*testing.T, ratelimit.Algorithm, []ratelimit.Limit) ratelimittest.Harness {
	return func(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) ratelimittest.Harness {
		rdb := client(t)
		return ratelimittest.Harness{
			Limiter: newRedis(t, rdb, a, limits, opts...),
			Second:  newRedis(t, rdb, a, limits, opts...),
			Grain:   time.Microsecond,
		}
	}
}

func bubble(t *testing.T) redis.Scripter { return redistest.New(t) }

func TestRedisConformsInABubble(t *testing.T) {
	t.Parallel()
	ratelimittest.RunBubble(t, open(bubble))
}

func TestRedisConformsOnARealServer(t *testing.T) {
	t.Parallel()
	rdb := realClient(t, realserver.Redis(t))
	ratelimittest.Run(t, open(func(*testing.T) redis.Scripter { return rdb }))
}

// Trap ratelimit/13: keys of one script that lie on several nodes fail in a
// cluster.
func TestRedisConformsOnACluster(t *testing.T) {
	t.Parallel()
	rdb := clusterClient(t)
	ratelimittest.Run(t, open(func(*testing.T) redis.Scripter { return rdb }, ratelimit.WithFolding(16)))
}
