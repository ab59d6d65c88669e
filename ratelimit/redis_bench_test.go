package ratelimit_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

// parallel runs f g times at once on as many processors as there are.
func parallel(b *testing.B, g int, f func(i int)) {
	var n atomic.Int64
	b.ReportAllocs()
	if g == 1 {
		for i := 0; b.Loop(); i++ {
			f(i)
		}
		return
	}
	b.SetParallelism(g)
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			f(int(n.Add(1)))
		}
	})
}

// BenchmarkRedisAllow takes hits of many keys that have room.
func BenchmarkRedisAllow(b *testing.B) {
	rdb := realClient(b, realserver.Redis(b))
	keys := make([]string, 10_000)
	for i := range keys {
		keys[i] = fmt.Sprintf("+86138%08d", i)
	}
	for _, a := range ratelimittest.Algorithms() {
		for _, g := range []int{1, 64} {
			b.Run(fmt.Sprintf("impl=%v/g=%d", a, g), func(b *testing.B) {
				l := newRedis(b, rdb, a, []ratelimit.Limit{ratelimit.PerHour(1000)})
				parallel(b, g, func(i int) {
					if _, err := l.Allow(b.Context(), keys[i%len(keys)]); err != nil {
						b.Error(err)
					}
				})
			})
		}
	}
}

// BenchmarkRedisHotKey asks about one full key from 64 goroutines.
func BenchmarkRedisHotKey(b *testing.B) {
	rdb := realClient(b, realserver.Redis(b))
	for name, opts := range map[string][]ratelimit.Option{
		"plain": nil, "folding": {ratelimit.WithFolding(64)}, "deny-cache": {ratelimit.WithDenyCache(100)},
	} {
		b.Run("impl="+name+"/g=64", func(b *testing.B) {
			l := newRedis(b, rdb, ratelimit.SlidingLog, fivePerHour, opts...)
			_, err := l.AllowAtMost(b.Context(), "k", 5)
			require.NoError(b, err)
			parallel(b, 64, func(int) {
				if r, err := l.Allow(b.Context(), "k"); err != nil || r.OK() {
					b.Error(r, err)
				}
			})
		})
	}
}

// BenchmarkRedisAllowAll takes a hit of two keys, one of them under two limits.
func BenchmarkRedisAllowAll(b *testing.B) {
	rdb := realClient(b, realserver.Redis(b))
	for _, a := range ratelimittest.Algorithms() {
		b.Run(fmt.Sprintf("impl=%v/g=1", a), func(b *testing.B) {
			l := newRedis(b, rdb, a, []ratelimit.Limit{ratelimit.PerHour(1000)})
			address := ratelimit.Demand{Key: "ip:192.0.2.1", N: 1, Limits: []ratelimit.Limit{ratelimit.PerMinute(1e5), ratelimit.PerHour(1e6)}}
			parallel(b, 1, func(i int) {
				if _, err := l.AllowAll(b.Context(), "sms", ratelimit.Demand{Key: fmt.Sprint(i), N: 1}, address); err != nil {
					b.Error(err)
				}
			})
		})
	}
}

// BenchmarkRedisRefund takes a hit and gives it back.
func BenchmarkRedisRefund(b *testing.B) {
	rdb := realClient(b, realserver.Redis(b))
	for _, a := range ratelimittest.Algorithms() {
		b.Run(fmt.Sprintf("impl=%v/g=1", a), func(b *testing.B) {
			l := newRedis(b, rdb, a, []ratelimit.Limit{ratelimit.PerMinute(1000)})
			parallel(b, 1, func(int) {
				r, err := l.Allow(b.Context(), "k")
				if err == nil {
					err = l.Refund(b.Context(), r.Receipt)
				}
				if err != nil {
					b.Error(err)
				}
			})
		})
	}
}
