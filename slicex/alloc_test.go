package slicex_test

import (
	"iter"
	"slices"
	"testing"

	"github.com/ycvk/tinybook/slicex"
)

// The functions allocate nothing but what they say.
func TestAllocations(t *testing.T) {
	const n = 10_000
	s := make([]*int, n, n+1)
	wide := []int{n - 1, 0} // in the wrong order, and as far apart as can be
	wide = append(wide, make([]int, 400)...)
	narrow := slices.Repeat([]int{70, 4000}, 200)
	var err error
	var seq iter.Seq2[int, *int]
	for _, tc := range []struct {
		name string
		want float64
		f    func()
	}{
		{"Delete", 0, func() { slicex.Delete(s, 5) }},
		{"DeleteRange", 0, func() { slicex.DeleteRange(s, 5, 50) }},
		{"DeleteSwap", 0, func() { slicex.DeleteSwap(s, 5) }},
		{"DeleteFunc", 0, func() { slicex.DeleteFunc(s, func(p *int) bool { return p != nil }) }},
		{"DeleteAt ascending", 0, func() { slicex.DeleteAt(s, 1, 5, 5000) }},
		{"DeleteAt few", 0, func() { slicex.DeleteAt(s, wide[:64]...) }},
		{"DeleteAt many near each other", 0, func() { slicex.DeleteAt(s, narrow...) }},
		{"DeleteAt many", 1, func() { slicex.DeleteAt(s, wide...) }},
		{"DeleteAt many far apart", 1, func() { slicex.DeleteAt(s, wide[:70]...) }},
		{"Remove", 0, func() { p := s; slicex.Remove(&p, 5) }},
		{"PopFront", 0, func() { p := s; slicex.PopFront(&p) }},
		{"TryDelete", 0, func() { _, err = slicex.TryDelete(s, 5) }},
		{"TryDelete refused", 1, func() { _, err = slicex.TryDelete(s, -5) }},
		{"Without", 1, func() { slicex.Without(s, 5, 6) }},
		{"Without unsorted", 1, func() { slicex.Without(s, 6, 5) }},
		{"AllExcept", 2, func() { seq = slicex.AllExcept(s, 5, 3, 9) }},
		{"Shrink of what fits", 0, func() { slicex.Shrink(s) }},
		{"ShrinkWith of what fits", 0, func() { slicex.ShrinkWith(s, slicex.DefaultPolicy()) }},
		{"Fit of what fits", 0, func() { slicex.Fit(s[:5:5]) }},
		{"Fit", 1, func() { slicex.Fit(s) }},
	} {
		if got := testing.AllocsPerRun(10, tc.f); got != tc.want {
			t.Errorf("%s: %v allocations, want %v", tc.name, got, tc.want)
		}
	}
	if err == nil {
		t.Error("TryDelete of index -5 succeeded")
	}
	if seq == nil {
		t.Error("AllExcept returns nil")
	}
	// The race detector makes append allocate what it is to append.
	if got := testing.AllocsPerRun(10, func() { slicex.Shrink(s[:5]) }); got < 1 || got > 2 {
		t.Errorf("Shrink: %v allocations, want 1", got)
	}
}
