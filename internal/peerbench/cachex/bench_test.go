package peers

import (
	"fmt"
	"sync/atomic"
	"testing"
)

const (
	right = "271828"
	wrong = "314159"
)

func TestStoresWork(t *testing.T) {
	for _, impl := range Impls() {
		s, ctx, k := impl.Open(10), t.Context(), Key(1)
		if _, err := s.Set(ctx, k, right); err != nil {
			t.Errorf("%s: Set: %v", impl.Name, err)
		}
		if s.Verify(ctx, k, wrong) == nil || s.Verify(ctx, k, right) != nil || s.Verify(ctx, k, right) == nil {
			t.Errorf("%s answers wrongly", impl.Name)
		}
	}
}

// BenchmarkCycle is the life of a code: set, tried wrongly, used. A recipient
// comes once in a million, so that budgets don't refuse.
func BenchmarkCycle(b *testing.B) {
	for _, impl := range Impls() {
		for _, g := range []int{1, 64} {
			b.Run(fmt.Sprintf("g=%d/impl=%s", g, impl.Name), func(b *testing.B) {
				s := impl.Open(1 << 21)
				var n atomic.Int64
				b.ReportAllocs()
				b.SetParallelism(g)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						k := Key(int(n.Add(1)))
						if _, err := s.Set(b.Context(), k, right); err != nil {
							b.Error(err)
						}
						if s.Verify(b.Context(), k, wrong) == nil || s.Verify(b.Context(), k, right) != nil {
							b.Error("wrong answer")
						}
					}
				})
			})
		}
	}
}
