package cachex_test

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ycvk/tinybook/cachex"
)

// eachBackend benchmarks f on each in-memory cache from 1 and from 64
// goroutines. No two goroutines use the same Keys at the same time.
func eachBackend(b *testing.B, f func(b *testing.B, c cachex.CodeCache, k cachex.Key)) {
	p := cachex.Policy{TTL: time.Hour, MaxAttempts: 3}
	opts := []cachex.Option{cachex.WithPolicy("", p), cachex.WithCapacity(1 << 17)}
	for _, impl := range []struct {
		name string
		open func(b *testing.B) cachex.CodeCache
	}{
		{"local", func(b *testing.B) cachex.CodeCache { return newLocal(b, opts...) }},
		{"theine", func(b *testing.B) cachex.CodeCache { return newTheine(b, opts...) }},
	} {
		b.Run(fmt.Sprintf("impl=%s/g=1", impl.name), func(b *testing.B) {
			c, n := impl.open(b), 0
			b.ReportAllocs()
			for b.Loop() {
				f(b, c, benchKeys[n%len(benchKeys)])
				n++
			}
		})
		b.Run(fmt.Sprintf("impl=%s/g=64", impl.name), func(b *testing.B) {
			c, procs := impl.open(b), runtime.GOMAXPROCS(0)
			var goroutines atomic.Int64
			b.ReportAllocs()
			b.SetParallelism((64 + procs - 1) / procs)
			b.RunParallel(func(pb *testing.PB) {
				own := benchKeys[int(goroutines.Add(1)-1)%128*512:]
				for n := 0; pb.Next(); n++ {
					f(b, c, own[n%512])
				}
			})
		})
	}
}

// benchKeys are made before the clock starts, so that making them costs nothing.
var benchKeys = func() []cachex.Key {
	keys := make([]cachex.Key, 1<<16)
	for i := range keys {
		keys[i] = phones(i)
	}
	return keys
}()

func BenchmarkSet(b *testing.B) {
	eachBackend(b, func(b *testing.B, c cachex.CodeCache, k cachex.Key) {
		if _, err := c.Set(b.Context(), k, right); err != nil {
			b.Error(err)
		}
	})
}

// A Verify that finds no code: the cheapest refusal.
func BenchmarkVerify(b *testing.B) {
	eachBackend(b, func(b *testing.B, c cachex.CodeCache, k cachex.Key) {
		if err := c.Verify(b.Context(), k, right); err == nil {
			b.Error("a code that nobody set is right")
		}
	})
}

// The life of a code: set, tried wrongly, used.
func BenchmarkCycle(b *testing.B) {
	eachBackend(b, func(b *testing.B, c cachex.CodeCache, k cachex.Key) {
		_, err := c.Set(b.Context(), k, right)
		wrongErr := c.Verify(b.Context(), k, wrong)
		if err != nil || wrongErr == nil || c.Verify(b.Context(), k, right) != nil {
			b.Error("a cycle was disturbed")
		}
	})
}

func BenchmarkStatus(b *testing.B) {
	eachBackend(b, func(b *testing.B, c cachex.CodeCache, k cachex.Key) {
		if _, err := c.Status(b.Context(), k); err != nil {
			b.Error(err)
		}
	})
}

func BenchmarkDigits(b *testing.B) {
	for _, n := range []int{4, 6, 8} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			generate := cachex.Digits(n)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := generate(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
