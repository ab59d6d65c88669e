package slicex_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ycvk/tinybook/slicex"
)

// The benchmarks take back the length that a deletion gave up, so that all
// iterations find the same slice.

func BenchmarkDelete(b *testing.B) {
	b.Run("elem=8B", benchmarkDelete[uint64])
	b.Run("elem=64B", benchmarkDelete[[64]byte])
	b.Run("elem=ptr", benchmarkDelete[*int])
}

func benchmarkDelete[E any](b *testing.B) {
	for _, n := range []int{16, 1024, 65536} {
		for _, at := range []string{"first", "mid", "last"} {
			i := map[string]int{"first": 0, "mid": n / 2, "last": n - 1}[at]
			b.Run(fmt.Sprintf("n=%d/at=%s", n, at), func(b *testing.B) {
				s := make([]E, n)
				b.ReportAllocs()
				for b.Loop() {
					s = slicex.Delete(s, i)[:n]
				}
			})
		}
	}
}

func BenchmarkDeleteLarge(b *testing.B) {
	for _, mib := range []int{1, 2, 8} {
		for _, i := range []int{0, 1} { // the alignment matters to memmove
			b.Run(fmt.Sprintf("MiB=%d/at=%d", mib, i), func(b *testing.B) {
				n := mib << 20 / 8
				s := make([]uint64, n)
				b.ReportAllocs()
				b.SetBytes(int64(mib) << 20)
				for b.Loop() {
					s = slicex.Delete(s, i)[:n]
				}
			})
		}
	}
}

func BenchmarkDeleteRange(b *testing.B) {
	for _, n := range []int{16, 1024, 65536} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			s := make([]uint64, n)
			b.ReportAllocs()
			for b.Loop() {
				s = slicex.DeleteRange(s, n/4, n/2)[:n]
			}
		})
	}
}

func BenchmarkDeleteAt(b *testing.B) {
	for _, n := range []int{16, 4096, 65536} {
		for _, percent := range []int{1, 10, 50} {
			for _, order := range []string{"sorted", "shuffled"} {
				idx := rand.New(rand.NewPCG(1, 2)).Perm(n)[:n*percent/100]
				if order == "sorted" {
					slices.Sort(idx)
				}
				b.Run(fmt.Sprintf("n=%d/percent=%d/order=%s", n, percent, order), func(b *testing.B) {
					s := make([]uint64, n)
					b.ReportAllocs()
					for b.Loop() {
						s = slicex.DeleteAt(s, idx...)[:n]
					}
				})
			}
		}
	}
}

func BenchmarkDeleteFunc(b *testing.B) {
	for _, n := range []int{16, 4096} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			s, i := make([]uint64, n), 0
			b.ReportAllocs()
			for b.Loop() {
				s = slicex.DeleteFunc(s, func(uint64) bool { i++; return i%3 == 0 })[:n]
			}
		})
	}
}

func BenchmarkDeleteSwap(b *testing.B) {
	b.Run("elem=8B", benchmarkDeleteSwap[uint64])
	b.Run("elem=64B", benchmarkDeleteSwap[[64]byte])
	b.Run("elem=ptr", benchmarkDeleteSwap[*int])
}

func benchmarkDeleteSwap[E any](b *testing.B) {
	const n = 1024
	s := make([]E, n)
	b.ReportAllocs()
	for b.Loop() {
		s = slicex.DeleteSwap(s, 5)[:n]
	}
}

func BenchmarkTryDelete(b *testing.B) {
	const n = 16
	for _, i := range []int{n / 2, n} {
		b.Run(fmt.Sprintf("n=%d/at=%d", n, i), func(b *testing.B) {
			s := make([]uint64, n)
			b.ReportAllocs()
			for b.Loop() {
				s, _ = slicex.TryDelete(s, i)
				s = s[:n]
			}
		})
	}
}

func BenchmarkRemove(b *testing.B) {
	const n = 16
	s := make([]uint64, n)
	b.ReportAllocs()
	for b.Loop() {
		slicex.Remove(&s, n/2)
		s = s[:n]
	}
}

func BenchmarkPopFront(b *testing.B) {
	const n = 16
	s := make([]uint64, n)
	b.ReportAllocs()
	for b.Loop() {
		slicex.PopFront(&s)
		s = s[:n]
	}
}

func BenchmarkWithout(b *testing.B) {
	for _, n := range []int{16, 4096} {
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			s := make([]uint64, n)
			b.ReportAllocs()
			for b.Loop() {
				slicex.Without(s, n/2, n/4)
			}
		})
	}
}

func BenchmarkAllExcept(b *testing.B) {
	const n = 4096
	s, sum := make([]int, n), 0
	b.ReportAllocs()
	for b.Loop() {
		for _, e := range slicex.AllExcept(s, n/2, n/4) {
			sum += e
		}
	}
}

func BenchmarkShrink(b *testing.B) {
	for _, n := range []int{256, 257} { // of 1024: one is shrunk, one is not
		b.Run(fmt.Sprintf("n=%d", n), func(b *testing.B) {
			s := make([]uint64, n, 1024)
			b.ReportAllocs()
			for b.Loop() {
				slicex.Shrink(s)
			}
		})
	}
}

func BenchmarkShrinkWith(b *testing.B) {
	s, p := make([]uint64, 257, 1024), slicex.DefaultPolicy()
	b.ReportAllocs()
	for b.Loop() {
		slicex.ShrinkWith(s, p)
	}
}

func BenchmarkFit(b *testing.B) {
	s := make([]uint64, 256, 1024)
	b.ReportAllocs()
	for b.Loop() {
		slicex.Fit(s)
	}
}

// BenchmarkDrain empties a slice from its end, with all the shrinks on the way.
func BenchmarkDrain(b *testing.B) {
	const n = 65536
	b.ReportAllocs()
	for b.Loop() {
		s := make([]uint64, n)
		for len(s) > 0 {
			s = slicex.Delete(s, len(s)-1)
		}
	}
}
