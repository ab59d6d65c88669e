package slicex_test

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/ycvk/tinybook/slicex"
)

// A meter counts the reallocations of a slice and the elements that they move.
type meter[E any] struct {
	s        []E
	shrink   func([]E) []E
	ops      int // since the last reset
	moved    int // since the last reset
	reallocs int // since the last reset
	appends  int // since the last reallocation
	deletes  int // since the last reallocation
	shrunk   bool
	onShrink func(moved, deletes int)
	onGrow   func(moved, appends int) // if the array that grew was a shrunk one
}

func (m *meter[E]) append() {
	var e E
	m.ops++
	m.appends++
	if len(m.s) < cap(m.s) {
		m.s = append(m.s, e)
		return
	}
	if m.moved += len(m.s); m.shrunk && m.onGrow != nil {
		m.onGrow(len(m.s), m.appends)
	}
	m.s = append(m.s, e)
	m.reallocs++
	m.appends, m.deletes, m.shrunk = 0, 0, false
}

func (m *meter[E]) delete() {
	if len(m.s) == 0 {
		return
	}
	m.ops++
	m.deletes++
	array := unsafe.SliceData(m.s)
	m.s = m.shrink(m.s)
	if unsafe.SliceData(m.s) == array {
		return
	}
	if m.moved += len(m.s); m.onShrink != nil {
		m.onShrink(len(m.s), m.deletes)
	}
	m.reallocs++
	m.appends, m.deletes, m.shrunk = 0, 0, true
}

// deleteLast is the meter's deletion with the default policy.
func deleteLast[E any](s []E) []E { return slicex.Delete(s, len(s)-1) }

// Trap slicex/5: around some length, every few operations reallocate.
func TestNoLengthThrashes(t *testing.T) {
	t.Run("1 byte", thrashes[byte])
	t.Run("8 bytes", thrashes[uint64])
	t.Run("pointer", thrashes[*int])
	t.Run("24 bytes", thrashes[[3]uint64])
	t.Run("100 bytes", thrashes[[100]byte])
	t.Run("129 bytes", thrashes[[129]byte])
	t.Run("256 bytes", thrashes[[256]byte])
	t.Run("257 bytes", thrashes[[257]byte])
	t.Run("2000 bytes", thrashes[[2000]byte])
}

// thrashes deletes and appends d elements in turn at every length. Of the
// reallocations it limits what they move and, up to a size of elements that
// leaves more than a handful in 1 KiB, how many there are.
func thrashes[E any](t *testing.T) {
	var e E
	size := int(unsafe.Sizeof(e))
	most := 700
	switch {
	case size == 1:
		most = 2100 // an array of 1 KiB has to be a quarter full
	case size > 64:
		most = 70
	}
	reallocs := 1.
	if size <= 256 {
		reallocs = min(1./3, float64(size)/400) // 1 for 50 operations with 8 bytes
	}
	worst, often := 0.0, 0.0
	for n := 1; n <= most; n++ {
		for _, d := range []int{1, 2, 8, n / 8, n / 2, n*3/4 + 1, n} {
			m := meter[E]{s: make([]E, n), shrink: deleteLast[E]}
			for cycle := range 6 {
				if cycle == 2 {
					m.ops, m.moved, m.reallocs = 0, 0, 0 // the capacity has settled
				}
				for range d {
					m.delete()
				}
				for range d {
					m.append()
				}
			}
			if m.ops == 0 {
				continue
			}
			perOp := float64(m.moved) / float64(m.ops)
			if worst = max(worst, perOp); perOp > 2.5 {
				t.Errorf("%d deletions and appends in turn at length %d move %.2f elements each", d, n, perOp)
			}
			perOp = float64(m.reallocs) / float64(m.ops)
			if often = max(often, perOp); perOp > reallocs {
				t.Errorf("%d deletions and appends in turn at length %d reallocate %.3f times each", d, n, perOp)
			}
		}
	}
	t.Logf("at most %.2f moved elements and %.3f reallocations for each operation", worst, often)
}

// Trap slicex/5: the proof of Policy, step by step, for random walks.
func TestReallocationsArePaidFor(t *testing.T) {
	t.Run("1 byte", paidFor[byte])
	t.Run("8 bytes", paidFor[uint64])
	t.Run("pointer", paidFor[*int])
	t.Run("24 bytes", paidFor[[3]uint64])
	t.Run("100 bytes", paidFor[[100]byte])
	t.Run("2000 bytes", paidFor[[2000]byte])
}

func paidFor[E any](t *testing.T) {
	r := seeded(t)
	var e E
	most := min(10_000, (256<<10)/int(unsafe.Sizeof(e)))
	walk(t, r, most, 5./3, 2, deleteLast[E])
	for range 10 {
		p := slicex.Policy{Ratio: (1 - r.Float64()) / 3, MinBytes: r.IntN(4000)}
		p.Grow = 1.25 + r.Float64()*(2./3/p.Ratio-1.25)
		if err := p.Validate(); err != nil {
			t.Fatal(err)
		}
		walk(t, r, most, 5, 5, func(s []E) []E {
			s[len(s)-1] = e
			return slicex.ShrinkWith(s[:len(s)-1], p)
		})
	}
}

// walk appends and deletes at random, up to a length of most, and checks that no
// shrink moves more than perDelete elements for each deletion since the
// reallocation before, no growth of a shrunk array more than perAppend for each
// append, and everything together, the growth of append included, at most 5.
func walk[E any](t *testing.T, r *rand.Rand, most int, perDelete, perAppend float64, shrink func([]E) []E) {
	m := meter[E]{shrink: shrink}
	m.onShrink = func(moved, deletes int) {
		if float64(moved) > perDelete*float64(deletes) {
			t.Errorf("after %d deletions a shrink moves %d elements to a capacity of %d", deletes, moved, cap(m.s))
		}
	}
	m.onGrow = func(moved, appends int) {
		if float64(moved) > perAppend*float64(appends) {
			t.Errorf("after %d appends a shrunk array grows and moves %d elements", appends, moved)
		}
	}
	for range 40 {
		for target := r.IntN(most); len(m.s) < target; {
			m.append()
		}
		for target := r.IntN(len(m.s) + 1); len(m.s) > target; {
			m.delete()
		}
	}
	if m.moved > 5*m.ops+1000 {
		t.Errorf("%d operations move %d elements", m.ops, m.moved)
	}
}
