package ratelimit_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ycvk/tinybook/ratelimit"
)

// benchKeys are made before the clock starts.
var benchKeys = func() []string {
	keys := make([]string, 1<<16)
	for i := range keys {
		keys[i] = "+86138" + strconv.Itoa(10_000_000+i)
	}
	return keys
}()

// eachLocal benchmarks f on every algorithm from 1 and from 64 goroutines.
func eachLocal(b *testing.B, limit ratelimit.Limit, f func(b *testing.B, l *ratelimit.Local, key string)) {
	for _, a := range allAlgorithms {
		b.Run(fmt.Sprintf("impl=%v/g=1", a), func(b *testing.B) {
			l, n := newLocal(b, a, limit), 0
			b.ReportAllocs()
			for b.Loop() {
				f(b, l, benchKeys[n%len(benchKeys)])
				n++
			}
		})
		b.Run(fmt.Sprintf("impl=%v/g=64", a), func(b *testing.B) {
			l, procs := newLocal(b, a, limit), runtime.GOMAXPROCS(0)
			var first atomic.Int64
			b.ReportAllocs()
			b.SetParallelism((64 + procs - 1) / procs)
			b.RunParallel(func(pb *testing.PB) {
				for n := int(first.Add(1000)); pb.Next(); n++ {
					f(b, l, benchKeys[n%len(benchKeys)])
				}
			})
		})
	}
}

// BenchmarkLocalAllow is 65,536 keys, most hits admitted.
func BenchmarkLocalAllow(b *testing.B) {
	eachLocal(b, ratelimit.Limit{N: 100, Per: 100 * time.Millisecond}, func(b *testing.B, l *ratelimit.Local, key string) {
		if _, err := l.Allow(b.Context(), key); err != nil {
			b.Error(err)
		}
	})
}

// BenchmarkLocalRefuse is 65,536 keys, most hits refused.
func BenchmarkLocalRefuse(b *testing.B) {
	eachLocal(b, ratelimit.PerDay(1), func(b *testing.B, l *ratelimit.Local, key string) {
		if _, err := l.Allow(b.Context(), key); err != nil {
			b.Error(err)
		}
	})
}

// BenchmarkLocalHotKey is one key.
func BenchmarkLocalHotKey(b *testing.B) {
	eachLocal(b, ratelimit.PerSecond(1_000_000), func(b *testing.B, l *ratelimit.Local, _ string) {
		if _, err := l.Allow(b.Context(), "hot"); err != nil {
			b.Error(err)
		}
	})
}

func BenchmarkLocalPeek(b *testing.B) {
	eachLocal(b, ratelimit.PerDay(1), func(b *testing.B, l *ratelimit.Local, key string) {
		if _, err := l.Peek(b.Context(), key); err != nil {
			b.Error(err)
		}
	})
}

func BenchmarkLocalAllowAtMost(b *testing.B) {
	eachLocal(b, ratelimit.PerSecond(100), func(b *testing.B, l *ratelimit.Local, key string) {
		if _, err := l.AllowAtMost(b.Context(), key, 10); err != nil {
			b.Error(err)
		}
	})
}

// BenchmarkLocalRefund takes a hit and gives it back.
func BenchmarkLocalRefund(b *testing.B) {
	eachLocal(b, ratelimit.Limit{N: 100, Per: 10 * time.Millisecond}, func(b *testing.B, l *ratelimit.Local, key string) {
		r, err := l.Allow(b.Context(), key)
		if err != nil {
			b.Error(err)
		}
		if err := l.Refund(b.Context(), r.Receipt); err != nil {
			b.Error(err)
		}
	})
}

// BenchmarkLocalAllowAll is a phone, an address and a tenant.
func BenchmarkLocalAllowAll(b *testing.B) {
	perAddress, perTenant := []ratelimit.Limit{ratelimit.PerHour(1000)}, []ratelimit.Limit{ratelimit.PerDay(1_000_000)}
	eachLocal(b, ratelimit.Limit{N: 100, Per: 100 * time.Millisecond}, func(b *testing.B, l *ratelimit.Local, key string) {
		_, err := l.AllowAll(b.Context(), "sms",
			ratelimit.Demand{Key: key, N: 1},
			ratelimit.Demand{Key: "192.0.2.1", N: 1, Limits: perAddress},
			ratelimit.Demand{Key: "tenant", N: 1, Limits: perTenant})
		if err != nil {
			b.Error(err)
		}
	})
}

// The adapters and helpers, on a limiter that does nothing else.
func BenchmarkAround(b *testing.B) {
	l := newLocal(b, ratelimit.GCRA, ratelimit.PerSecond(1_000_000_000))
	h, ctx := http.Header{}, context.Background()
	r, err := l.Allow(ctx, "k")
	if err != nil {
		b.Fatal(err)
	}
	simple, taker := ratelimit.Simple(l), ratelimit.Taker(l)
	for _, bc := range []struct {
		name string
		call func() error
	}{
		{"Simple", func() error { _, err := simple.Limit(ctx, "k"); return err }},
		{"Taker", func() error { _, err := taker.Take(ctx, "k"); return err }},
		{"Wait", func() error { return ratelimit.Wait(ctx, l, "k", 1) }},
		{"SetHeaders", func() error { ratelimit.SetHeaders(h, r); return nil }},
	} {
		b.Run("call="+bc.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := bc.call(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
