package local

import (
	"fmt"
	"sync/atomic"
	"testing"
)

func TestLimitersWork(t *testing.T) {
	for _, impl := range Impls() {
		l := impl.Open()
		for i := range Limit {
			if !l.Allow("k") {
				t.Fatalf("%s refuses hit %d of %d", impl.Name, i+1, Limit)
			}
		}
		if l.Allow("k") || !l.Allow("another") {
			t.Errorf("%s answers wrongly", impl.Name)
		}
	}
}

const benchKeys = 200_000

// BenchmarkAllow asks for one of 200,000 keys after the other.
func BenchmarkAllow(b *testing.B) {
	keys := make([]string, benchKeys)
	for i := range keys {
		keys[i] = Key(i)
	}
	for _, impl := range Impls() {
		for _, g := range []int{1, 64} {
			b.Run(fmt.Sprintf("g=%d/impl=%s", g, impl.Name), func(b *testing.B) {
				l := impl.Open()
				for _, key := range keys {
					l.Allow(key)
				}
				var n atomic.Int64
				b.ReportAllocs()
				b.SetParallelism(g)
				b.ResetTimer()
				b.RunParallel(func(pb *testing.PB) {
					for i := int(n.Add(7919)); pb.Next(); i++ {
						l.Allow(keys[i%benchKeys])
					}
				})
			})
		}
	}
}
