package monitor

import (
	"fmt"
	"testing"
)

func TestBreakersBreak(t *testing.T) {
	for _, impl := range Impls() {
		send := impl.Open()
		for i := range 1000 {
			if !send(i%10 != 0) {
				t.Errorf("%s: no to send %d, at 10 %% failures", impl.Name, i)
			}
		}
		stopped := false
		for range 1000 {
			stopped = !send(false)
		}
		if !stopped {
			t.Errorf("%s: still yes after 1000 failures", impl.Name)
		}
	}
}

// BenchmarkSend asks for one send and records its result; one in ten fails.
func BenchmarkSend(b *testing.B) {
	for _, impl := range Impls() {
		for _, g := range []int{1, 64} {
			b.Run(fmt.Sprintf("g=%d/impl=%s", g, impl.Name), func(b *testing.B) {
				send := impl.Open()
				b.ReportAllocs()
				b.SetParallelism(g)
				b.RunParallel(func(pb *testing.PB) {
					for i := 1; pb.Next(); i++ {
						send(i%10 != 0)
					}
				})
			})
		}
	}
}
