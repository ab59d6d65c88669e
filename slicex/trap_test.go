package slicex_test

import (
	"errors"
	"math"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/slicex"
)

// deletions are ways to remove the second and third of six elements.
var deletions = map[string]func(s []*int) []*int{
	"Delete":               func(s []*int) []*int { return slicex.Delete(slicex.Delete(s, 1), 1) },
	"DeleteRange":          func(s []*int) []*int { return slicex.DeleteRange(s, 1, 3) },
	"DeleteAt ascending":   func(s []*int) []*int { return slicex.DeleteAt(s, 1, 2) },
	"DeleteAt descending":  func(s []*int) []*int { return slicex.DeleteAt(s, 2, 1) },
	"DeleteFunc":           func(s []*int) []*int { return slicex.DeleteFunc(s, func(p *int) bool { return *p == 1 || *p == 2 }) },
	"DeleteSwap":           func(s []*int) []*int { return slicex.DeleteSwap(slicex.DeleteSwap(s, 2), 1) },
	"Remove":               func(s []*int) []*int { slicex.Remove(&s, 1); slicex.Remove(&s, 1); return s },
	"PopFront and put one": func(s []*int) []*int { a, _ := slicex.PopFront(&s); s[0] = a; s[1] = s[2]; return slicex.Delete(s, 2) },
}

// Trap slicex/1: a tail that is not zeroed keeps the deleted elements alive.
func TestFreedTailIsZeroedAndTheRestIsNot(t *testing.T) {
	for name, del := range deletions {
		t.Run(name, func(t *testing.T) {
			mem := make([]*int, 7)
			for i := range mem {
				mem[i] = new(i)
			}
			beyond := mem[6]
			s := del(mem[:6])
			require.Len(t, s, 4)
			if mem[4] != nil || mem[5] != nil {
				t.Errorf("the freed places hold %v and %v, want nil", mem[4], mem[5])
			}
			if mem[6] != beyond {
				t.Error("the element beyond the length was touched")
			}
		})
	}
}

// Trap slicex/1: a tail that is not zeroed keeps the deleted elements alive.
func TestDeletedElementsAreCollected(t *testing.T) {
	for name, del := range deletions {
		t.Run(name, func(t *testing.T) {
			type object struct {
				value int
				_     [64]byte // too large for the tiny allocator, which shares blocks
			}
			s := make([]*int, 0, 7)
			gone := make(chan int, 6)
			for i := range 6 {
				o := &object{value: i}
				runtime.AddCleanup(o, func(i int) { gone <- i }, i)
				s = append(s, &o.value)
			}
			s = del(s)
			var got []int
			deadline := time.After(20 * time.Second)
			for len(got) < 2 {
				runtime.GC()
				select {
				case i := <-gone:
					got = append(got, i)
				case <-deadline:
					t.Fatalf("only %v of two deleted elements were collected", got)
				default:
				}
			}
			for _, p := range s {
				if slices.Contains(got, *p) {
					t.Errorf("element %d was collected, but not deleted", *p)
				}
			}
			runtime.KeepAlive(s)
		})
	}
}

// Trap slicex/2: s[1:] and the like keep the whole array for ever.
func TestHeapFollowsTheLength(t *testing.T) {
	type object [256]byte
	const n, left = 1 << 15, 1 << 15 / 100
	for _, tc := range []struct {
		name string
		del  func(s []*object) []*object
	}{
		{"from the front", func(s []*object) []*object { return slicex.Delete(s, 0) }},
		{"from the back", func(s []*object) []*object { return slicex.Delete(s, len(s)-1) }},
		{"from the middle", func(s []*object) []*object { return slicex.Delete(s, len(s)/2) }},
		{"swapped", func(s []*object) []*object { return slicex.DeleteSwap(s, 0) }},
		{"popped", func(s []*object) []*object { slicex.PopFront(&s); return s }},
		{"in one go", func(s []*object) []*object { return slicex.DeleteRange(s, 0, n-left) }},
		{"by a predicate", func(s []*object) []*object {
			i := 0
			return slicex.DeleteFunc(s, func(*object) bool { i++; return i > left })
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			// alive returns what n objects take after deletions to left.
			alive := func(n int) int64 {
				before := heap()
				s := make([]*object, n)
				for i := range s {
					s[i] = new(object)
				}
				for len(s) > left {
					s = tc.del(s)
				}
				after := heap()
				runtime.KeepAlive(s)
				return after - before
			}
			need, got := alive(left), alive(n)
			if float64(got) > 1.5*float64(need) {
				t.Errorf("%d elements take %d bytes after the deletions, %.2f times the %d they need", left, got, float64(got)/float64(need), need)
			}
		})
	}
}

// heap returns the size of what is alive.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first one found dead is swept now
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// Trap slicex/3: shrinking an emptied slice divides by zero, or never happens.
func TestEmptiedSlicesShrink(t *testing.T) {
	for _, tc := range []struct{ cap, want int }{{0, 0}, {100, 100}, {1000, 0}, {100_000, 0}} {
		if got := slicex.Shrink(make([]int64, 0, tc.cap)); got == nil || cap(got) != tc.want {
			t.Errorf("Shrink of 0 of %d is %#v with capacity %d, want capacity %d", tc.cap, got, cap(got), tc.want)
		}
		if tc.cap == 0 {
			continue
		}
		if got := slicex.Delete(make([]int64, 1, tc.cap), 0); got == nil || cap(got) != tc.want {
			t.Errorf("Delete from 1 of %d is %#v with capacity %d, want capacity %d", tc.cap, got, cap(got), tc.want)
		}
	}
	if got := slicex.Shrink(ids(nil)); got != nil {
		t.Errorf("Shrink(nil) = %#v, want nil", got)
	}
}

// Trap slicex/4: an index below zero, or between the length and the capacity.
func TestBadIndexes(t *testing.T) {
	mem := ids{1, 2, 3, 4, 5, 6, 7, 8}
	s := mem[:5]
	for _, i := range []int{-1, 5, 7, 8, math.MinInt, math.MaxInt} {
		for name, del := range map[string]func(){
			"Delete":     func() { slicex.Delete(s, i) },
			"DeleteSwap": func() { slicex.DeleteSwap(s, i) },
			"Remove":     func() { p := s; slicex.Remove(&p, i) },
			"DeleteAt":   func() { slicex.DeleteAt(s, i) },
			"DeleteAt 2": func() { slicex.DeleteAt(s, 0, i) },
			"DeleteAt 3": func() { slicex.DeleteAt(s, 2, i, 1) },
			"Without":    func() { slicex.Without(s, 0, i) },
			"AllExcept":  func() { slicex.AllExcept(s, 0, i) },
		} {
			err := panicOf(t, del)
			mustName(t, err, i, 5)
			if e, ok := errors.AsType[*slicex.IndexError](err); !ok || e.Index != i || e.Len != 5 {
				t.Errorf("%s panics with %v for index %d", name, err, i)
			}
		}
		got, err := slicex.TryDelete(s, i)
		require.ErrorIs(t, err, slicex.ErrIndex)
		if len(got) != 5 || cap(got) != 8 || &got[0] != &s[0] {
			t.Errorf("TryDelete(_, %d) returns another slice than it got", i)
		}
	}
	for _, r := range [][2]int{{-1, 2}, {2, 1}, {0, 6}, {6, 6}, {5, 8}, {-2, -1}, {math.MaxInt, math.MinInt}} {
		err := panicOf(t, func() { slicex.DeleteRange(s, r[0], r[1]) })
		mustName(t, err, r[0], r[1], 5)
	}
	if want := (ids{1, 2, 3, 4, 5, 6, 7, 8}); !slices.Equal(mem, want) {
		t.Errorf("a bad index changed the slice to %v", mem)
	}
	for _, tc := range []struct {
		idx  []int
		want int // the index that is reported
	}{
		{[]int{5}, 5}, {[]int{-1}, -1}, {[]int{7, -1}, 7}, {[]int{-1, 7}, -1}, {[]int{4, 9, 0, -3}, 9},
	} {
		for name, f := range map[string]func(){
			"DeleteAt":  func() { slicex.DeleteAt(s, tc.idx...) },
			"Without":   func() { slicex.Without(s, tc.idx...) },
			"AllExcept": func() { slicex.AllExcept(s, tc.idx...) },
		} {
			err := panicOf(t, f)
			if e, ok := errors.AsType[*slicex.IndexError](err); !ok || e.Index != tc.want || e.Len != 5 {
				t.Errorf("%s panics with %v for the indexes %v, want index %d", name, err, tc.idx, tc.want)
			}
		}
	}
	_, err := slicex.TryDelete(ids(nil), 0)
	require.ErrorIs(t, err, slicex.ErrIndex)
	mustName(t, panicOf(t, func() { slicex.Delete(ids(nil), 0) }), 0, 0)
}

// Trap slicex/6: a shrunk result does not share its array with the input, which
// stays as it is.
func TestShrunkResultIsOnItsOwn(t *testing.T) {
	old := make([]int, 1000)
	for i := range old {
		old[i] = i + 1
	}
	s := slicex.DeleteRange(old, 10, 990)
	require.Len(t, s, 20)
	require.Less(t, cap(s), 1000)
	if !slices.Equal(old[:20], s) {
		t.Errorf("the old array holds %v, want %v", old[:20], s)
	}
	if i := slices.IndexFunc(old[20:], isNotZero); i >= 0 {
		t.Errorf("the tail of the old array is half cleared: element %d is %d", 20+i, old[20+i])
	}
	s[0] = -1
	if old[0] != 1 {
		t.Error("a write to the result is seen in the old array")
	}
}

// Trap slicex/7: elements of size zero, huge ones, and sizes that overflow.
func TestSizesOfElements(t *testing.T) {
	nothing := make([]struct{}, math.MaxInt)
	for name, got := range map[string][]struct{}{
		"Delete":       slicex.Delete(nothing, 5),
		"DeleteSwap":   slicex.DeleteSwap(nothing, 5),
		"DeleteRange":  slicex.DeleteRange(nothing, math.MaxInt-7, math.MaxInt-6),
		"DeleteAt":     slicex.DeleteAt(nothing, math.MaxInt-1, math.MaxInt-1),
		"DeleteAt far": slicex.DeleteAt(nothing, append(make([]int, 70), math.MaxInt-1, 0)...)[:math.MaxInt-1],
		"Without":      slicex.Without(nothing, math.MaxInt-1, 0, 0)[: math.MaxInt-2 : math.MaxInt-2],
	} {
		if want := math.MaxInt - 1; name != "Without" && (len(got) != want || cap(got) != math.MaxInt) {
			t.Errorf("%s: %d of %d, want %d of %d", name, len(got), cap(got), want, math.MaxInt)
		}
	}
	if got := slicex.Shrink(nothing[:1]); cap(got) != math.MaxInt {
		t.Errorf("Shrink moved elements of size zero to a capacity of %d", cap(got))
	}
	if got := slicex.ShrinkWith(nothing[:1], slicex.DefaultPolicy()); cap(got) != math.MaxInt {
		t.Errorf("ShrinkWith moved elements of size zero to a capacity of %d", cap(got))
	}
	if got := slicex.DeleteRange(nothing[:100], 0, 100); got == nil || len(got) != 0 {
		t.Errorf("DeleteRange of everything leaves %d", len(got))
	}

	type huge [40 << 10]byte
	s := make([]huge, 0, 8)
	for i := range 8 {
		s = append(s, huge{0: byte(i), len(huge{}) - 1: byte(i)})
	}
	for _, want := range [][]int{{1, 2, 3, 4, 5, 6, 7}, {2, 3, 4, 5, 6, 7}} {
		s = slicex.Delete(s, 0)
		for i, e := range s {
			if int(e[0]) != want[i] || int(e[len(e)-1]) != want[i] {
				t.Errorf("element %d is %d, want %d", i, e[0], want[i])
			}
		}
	}
	s = slicex.DeleteAt(s, 5, 0, 3, 1) // 2 of 8 are left: 4 and 6
	require.Len(t, s, 2)
	if cap(s) != 4 || s[0][0] != 4 || s[1][0] != 6 {
		t.Errorf("%d and %d are left with capacity %d, want 4 and 6 with 4", s[0][0], s[1][0], cap(s))
	}
}

// Trap slicex/8: indexes that share memory with the slice they are deleted from.
func TestDeleteAtItself(t *testing.T) {
	r := seeded(t)
	for _, n := range []int{1, 2, 3, 5, 17, 64, 65, 100, 1000, 5000} {
		for _, order := range []string{"all", "shuffled", "ascending"} {
			s := r.Perm(n)
			if order == "all" {
				slices.Sort(s)
			}
			if order == "ascending" {
				for i := range s {
					s[i] = r.IntN(n)
				}
				slices.Sort(s)
			}
			for _, part := range [][2]int{{0, n}, {n / 2, n}, {0, n / 2}, {n / 3, n/3 + 1}, {n / 4, n/4 + n/2}} {
				i, j := part[0], part[1]
				want := without(s, s[i:j])
				mine := slices.Clone(s)
				if got := slicex.DeleteAt(mine, mine[i:j]...); !slices.Equal(got, want) {
					t.Errorf("DeleteAt of %d elements, %s, with its own [%d:%d] = %v, want %v", n, order, i, j, got, want)
				}
			}
		}
	}
}

// Trap slicex/8: indexes that begin in front of the slice and end inside it.
func TestDeleteAtOverlapsInFront(t *testing.T) {
	mem := []int{1, 2, 3, 4, 5, 6, 7, 8}
	got := slicex.DeleteAt(mem[2:], mem[:5]...)
	if want := []int{3}; !slices.Equal(got, want) {
		t.Errorf("DeleteAt = %v, want %v", got, want)
	}
	mem = []int{0, 2, 4, 6, 8, 9, 9, 9, 9, 9, 9, 9}
	got = slicex.DeleteAt(mem[1:11], mem[:5]...)
	if want := []int{4, 8, 9, 9, 9}; !slices.Equal(got, want) {
		t.Errorf("DeleteAt = %v, want %v", got, want)
	}
}

// Trap slicex/8: indexes whose first one alone lies in front of the slice, and
// indexes inside a slice of larger elements, far behind its first ones.
func TestDeleteAtOverlapsAtTheEdges(t *testing.T) {
	mem := []int{1, 4, 5, 0, 0, 9, 9, 9}
	got := slicex.DeleteAt(mem[1:], mem[:3]...)
	if want := []int{4, 0, 0, 9}; !slices.Equal(got, want) {
		t.Errorf("DeleteAt = %v, want %v", got, want)
	}
	s := make([][3]int, 12)
	s[4] = [3]int{0, 9, 11}
	if got := slicex.DeleteAt(s, s[4][:]...); len(got) != 9 || got[3] != [3]int{0, 9, 11} {
		t.Errorf("DeleteAt = %v, want 9 elements, the fourth of them [0 9 11]", got)
	}
}

// Trap slicex/8: many indexes, too far apart for a bitmap: it is a copy of them
// that is sorted.
func TestDeleteAtSortsACopy(t *testing.T) {
	idx := make([]int, 65)
	for i := range idx {
		idx[i] = 200_000 - 3000*i
	}
	given := slices.Clone(idx)
	for name, f := range map[string]func([]byte, ...int) []byte{
		"DeleteAt": slicex.DeleteAt[[]byte], "Without": slicex.Without[[]byte],
	} {
		if got := f(make([]byte, 200_001), idx...); len(got) != 200_001-65 {
			t.Errorf("%s leaves %d elements, want %d", name, len(got), 200_001-65)
		}
		if !slices.Equal(idx, given) {
			t.Errorf("%s changed the indexes from %v to %v", name, given, idx)
		}
	}
}

// Trap slicex/9: del panics half way.
func TestDeleteFuncPanics(t *testing.T) {
	s := ids{1, 2, 3, 4, 5, 6}
	func() {
		defer func() { require.Equal(t, "five", recover()) }()
		slicex.DeleteFunc(s, func(e int) bool {
			if e == 5 {
				panic("five")
			}
			return e%2 == 0
		})
	}()
	require.Len(t, s, 6)
	if !slices.Equal(s[:2], ids{1, 3}) || !slices.Equal(s[4:], ids{5, 6}) {
		t.Errorf("after a panic at 5 the slice is %v, want it to begin with 1, 3 and to end with 5, 6", s)
	}
}

// Trap slicex/10: the consumer of an iteration stops early, or changes s.
func TestAllExceptStopsAndSeesChanges(t *testing.T) {
	s := ids{0, 1, 2, 3, 4, 5}
	seq := slicex.AllExcept(s, 4, 1, 1)
	for range 2 { // it can be repeated
		var got []int
		for i := range seq {
			if i == 3 {
				break
			}
			got = append(got, i)
		}
		if want := []int{0, 2}; !slices.Equal(got, want) {
			t.Errorf("up to 3, AllExcept yields %v, want %v", got, want)
		}
	}
	var got ids
	for i, e := range seq {
		got = append(got, e)
		if i == 0 {
			s = append(slicex.Delete(s, 0), 9) // in place: what follows moves down
		}
	}
	if want := (ids{0, 3, 4, 9}); !slices.Equal(got, want) {
		t.Errorf("with a deletion meanwhile, AllExcept yields %v, want %v", got, want)
	}
}
