package slicex_test

import (
	"slices"
	"testing"
	"unsafe"

	"github.com/ycvk/tinybook/slicex"
)

// Long shifts are done in pieces, which depend on the size of the elements and
// on where they begin. None may be lost or doubled.
func TestLongShifts(t *testing.T) {
	t.Run("1 byte", shifts(func(i int) byte { return byte(i * i >> 3) }))
	t.Run("3 bytes", shifts(func(i int) [3]byte { return [3]byte{byte(i), byte(i >> 8), byte(i >> 16)} }))
	t.Run("4 bytes", shifts(func(i int) int32 { return int32(i) }))
	t.Run("8 bytes", shifts(func(i int) uint64 { return uint64(i) }))
	t.Run("pointer", shifts(func(i int) *int { return &pointees[i%len(pointees)] }))
	t.Run("string", shifts(func(i int) string { return letters[i%len(letters):] }))
	t.Run("24 bytes", shifts(func(i int) [3]uint64 { return [3]uint64{0: uint64(i), 2: uint64(i)} }))
	t.Run("64 bytes", shifts(func(i int) [8]uint64 { return [8]uint64{0: uint64(i), 7: uint64(i)} }))
	t.Run("600 KiB", shifts(func(i int) [600 << 10]byte { return [600 << 10]byte{0: byte(i), 600<<10 - 1: byte(i)} }))
}

var (
	pointees [1021]int
	letters  = string(make([]byte, 509)) // told apart by their lengths
)

// shifts compares deletions from slices of several sizes with the standard
// library's.
func shifts[E comparable](element func(i int) E) func(t *testing.T) {
	return func(t *testing.T) {
		size := int(unsafe.Sizeof(element(0)))
		for _, bytes := range []int{1000, 2048, 5000, 1<<20 + 1<<18} {
			n := bytes/size + 2
			full := make([]E, n)
			for i := range full {
				full[i] = element(i)
			}
			for _, i := range []int{0, 1, min(3, n-1), n - 1} {
				for _, j := range []int{i + 2, i + 1 + 64/size, i + (n-i)/8 + 1} {
					got := slicex.DeleteRange(slices.Clone(full), i, min(j, n))
					if want := slices.Delete(slices.Clone(full), i, min(j, n)); !slices.Equal(got, want) {
						t.Errorf("DeleteRange(%d, %d) of %d elements differs from slices.Delete", i, j, n)
					}
				}
				want := slices.Delete(slices.Clone(full), i, i+1)
				if got := slicex.Delete(slices.Clone(full), i); !slices.Equal(got, want) {
					t.Errorf("Delete(%d) of %d elements differs from slices.Delete", i, n)
				}
				if got := slicex.DeleteAt(slices.Clone(full), i, i); !slices.Equal(got, want) {
					t.Errorf("DeleteAt(%d, %d) of %d elements differs from slices.Delete", i, i, n)
				}
				if got := slicex.Without(full, i); !slices.Equal(got, want) {
					t.Errorf("Without(%d) of %d elements differs from slices.Delete", i, n)
				}
			}
		}
	}
}

// Reading is all that some functions do: the race detector would tell.
func TestConcurrentReaders(t *testing.T) {
	s, idx := make([]int, 1000, 2000), []int{5, 3, 999}
	done := make(chan int)
	for range 8 {
		go func() {
			sum := len(slicex.Without(s, idx...)) + len(slicex.Fit(s))
			for range slicex.AllExcept(s, idx...) {
				sum++
			}
			done <- sum
		}()
	}
	for range 8 {
		if sum := <-done; sum != 997+1000+997 {
			t.Errorf("the readers count %d elements", sum)
		}
	}
}
