package read

import (
	"fmt"
	"slices"
	"testing"
)

func TestAllReadTheSame(t *testing.T) {
	for _, impl := range Impls() {
		read := impl.Open()
		if got := read(N); !slices.Equal(got, Places()) {
			t.Errorf("%s reads %v", impl.Name, got)
		}
		if got := read(3); !slices.Equal(got, Places()[:3]) {
			t.Errorf("%s reads %v", impl.Name, got)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	for _, impl := range Impls() {
		for _, g := range []int{1, 64} {
			b.Run(fmt.Sprintf("impl=%s/g=%d", impl.Name, g), func(b *testing.B) {
				read := impl.Open()
				b.ReportAllocs()
				if g == 1 {
					for b.Loop() {
						read(N)
					}
					return
				}
				b.SetParallelism(g)
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						read(N)
					}
				})
			})
		}
	}
}
