package send

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
)

func TestAllSend(t *testing.T) {
	for _, impl := range Impls() {
		send := impl.Open()
		for range 1000 {
			if err := send(t.Context(), "+8613800138000"); err != nil {
				t.Fatalf("%s: %v", impl.Name, err)
			}
		}
	}
}

// BenchmarkSend sends one message that is let through and taken.
func BenchmarkSend(b *testing.B) {
	for _, impl := range Impls() {
		for _, g := range []int{1, 64} {
			b.Run(fmt.Sprintf("g=%d/impl=%s", g, impl.Name), func(b *testing.B) {
				send, ctx := impl.Open(), context.Background()
				var who atomic.Int64
				b.ReportAllocs()
				b.SetParallelism(g)
				b.RunParallel(func(pb *testing.PB) {
					to := fmt.Sprintf("+86138%08d", who.Add(1))
					for pb.Next() {
						if err := send(ctx, to); err != nil {
							b.Error(err)
							return
						}
					}
				})
			})
		}
	}
}
