package redis_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	peers "github.com/ycvk/tinybook/internal/peerbench/ratelimit/redis"
	"github.com/ycvk/tinybook/internal/realserver"
)

// BenchmarkAllow takes hits of 10,000 keys that have room.
func BenchmarkAllow(b *testing.B) {
	rdb := redis.NewClient(&redis.Options{Addr: realserver.Redis(b).Addr(), PoolSize: 64})
	b.Cleanup(func() { _ = rdb.Close() })
	keys := make([]string, 10_000)
	for i := range keys {
		keys[i] = fmt.Sprintf("+86138%08d", i)
	}
	for _, g := range []int{1, 64} {
		for _, impl := range peers.Impls() {
			b.Run(fmt.Sprintf("impl=%s/g=%d", impl.Name, g), func(b *testing.B) {
				allow := impl.Open(rdb, 1000, time.Minute)
				b.ReportAllocs()
				if g == 1 {
					for i := 0; b.Loop(); i++ {
						take(b, allow, keys[i%len(keys)])
					}
					return
				}
				var n atomic.Int64
				b.SetParallelism(g / 2)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						take(b, allow, keys[n.Add(1)%int64(len(keys))])
					}
				})
			})
		}
	}
}

func take(b *testing.B, allow peers.Limiter, key string) {
	if _, err := allow(context.Background(), key); err != nil {
		b.Error(err)
	}
}
