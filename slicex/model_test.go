package slicex_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	"unsafe"

	"github.com/ycvk/tinybook/slicex"
)

// seeded returns a source of random numbers whose seed is in the log of t.
func seeded(t *testing.T) *rand.Rand {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// without is the naive model of all deletions by index.
func without(s, idx []int) []int {
	rest := []int{}
	for i, e := range s {
		if !slices.Contains(idx, i) {
			rest = append(rest, e)
		}
	}
	return rest
}

// A machine runs operations on a slice and on the model of one.
type machine struct {
	t    *testing.T
	s    []int
	want []int
	next int // the next new element; all are different, and none is 0
	ops  []byte
}

// take returns the next byte of the operations, modulo n.
func (m *machine) take(n int) int {
	if len(m.ops) == 0 || n <= 0 {
		return 0
	}
	b := int(m.ops[0])
	m.ops = m.ops[1:]
	return b % n
}

// at returns an index of the slice, with the help of two bytes.
func (m *machine) at() int { return (m.take(256)<<8 | m.take(256)) % max(1, len(m.s)) }

func (m *machine) run(ops []byte) {
	m.ops = ops
	for len(m.ops) > 0 {
		op := m.take(14)
		old := m.s
		m.step(op)
		m.check(op, old)
	}
}

// step does one operation. The even half of them adds elements, on average as
// many as the others delete.
func (m *machine) step(op int) {
	if op >= 10 || len(m.s) == 0 {
		for range m.take(256) {
			m.next++
			m.s, m.want = append(m.s, m.next), append(m.want, m.next)
		}
		return
	}
	i := m.at()
	switch op {
	case 0:
		m.s, m.want = slicex.Delete(m.s, i), without(m.want, []int{i})
	case 1:
		j := min(len(m.s), i+m.take(256))
		m.s, m.want = slicex.DeleteRange(m.s, i, j), append(m.want[:i:i], m.want[j:]...)
	case 2, 3:
		m.deleteAt(op == 3)
	case 4:
		m.want[i] = m.want[len(m.want)-1]
		m.s, m.want = slicex.DeleteSwap(m.s, i), m.want[:len(m.want)-1]
	case 5:
		if e := slicex.Remove(&m.s, i); e != m.want[i] {
			m.t.Errorf("Remove(_, %d) = %d, want %d", i, e, m.want[i])
		}
		m.want = without(m.want, []int{i})
	case 6:
		if e, ok := slicex.PopFront(&m.s); !ok || e != m.want[0] {
			m.t.Errorf("PopFront = %d, %v, want %d", e, ok, m.want[0])
		}
		m.want = m.want[1:]
	case 7:
		k := 2 + m.take(5)
		del := func(e int) bool { return e%k == 0 }
		m.s, m.want = slicex.DeleteFunc(m.s, del), slices.DeleteFunc(m.want, del)
	case 8:
		m.s = slicex.ShrinkWith(m.s, slicex.Policy{Ratio: 1. / 3, Grow: 1.25})
	case 9:
		m.s = slicex.Fit(m.s)
	}
}

// deleteAt deletes up to 255 elements, in place or by copy.
func (m *machine) deleteAt(sorted bool) {
	var idx []int
	for range m.take(256) {
		idx = append(idx, m.at())
	}
	if sorted {
		slices.Sort(idx)
	}
	given := slices.Clone(idx)
	m.want = without(m.want, idx)
	if rest := slicex.Without(m.s, idx...); !slices.Equal(rest, m.want) {
		m.t.Errorf("Without(_, %v) = %v, want %v", idx, rest, m.want)
	}
	m.s = slicex.DeleteAt(m.s, idx...)
	if !slices.Equal(idx, given) {
		m.t.Errorf("DeleteAt changed its indexes from %v to %v", given, idx)
	}
}

// check compares the slice with its model and looks at what was freed.
func (m *machine) check(op int, old []int) {
	if !slices.Equal(m.s, m.want) {
		m.t.Fatalf("operation %d on %v leaves %v, want %v", op, old, m.s, m.want)
	}
	if len(m.s) < len(old) && slices.ContainsFunc(old[len(m.s):], isNotZero) {
		m.t.Fatalf("operation %d leaves %v in the freed places", op, old[len(m.s):])
	}
	size := int(unsafe.Sizeof(0))
	if op < 8 && len(m.s) < len(old) && len(m.s) <= cap(m.s)/4 && cap(m.s)*size > 1024 {
		m.t.Fatalf("operation %d leaves %d of %d", op, len(m.s), cap(m.s))
	}
}

// FuzzDelete runs any sequence of operations beside the model.
func FuzzDelete(f *testing.F) {
	f.Add([]byte{10, 200, 10, 200, 0, 0, 7, 1, 0, 3, 90, 2, 5, 0, 4, 0, 1, 0, 9, 3, 70})
	f.Add([]byte{10, 3, 6, 0, 0, 6, 0, 0, 6, 0, 0, 6, 10, 1, 5})
	f.Add([]byte{11, 255, 11, 255, 11, 255, 7, 0, 0, 0, 8, 0, 0, 9, 0, 0, 2, 0, 0, 255})
	f.Fuzz(func(t *testing.T, ops []byte) {
		(&machine{t: t}).run(ops[:min(len(ops), 2000)])
	})
}

// TestOperationsAgainstModel is FuzzDelete with random bytes.
func TestOperationsAgainstModel(t *testing.T) {
	r := seeded(t)
	for range 100 {
		ops := make([]byte, 1000)
		for i := range ops {
			ops[i] = byte(r.Uint32())
		}
		(&machine{t: t}).run(ops)
	}
}

// Trap slicex/8: duplicates, no order, indexes far apart: every way DeleteAt has
// to bring them in order. The caller's indexes stay as they are.
func TestDeleteAtAgainstModel(t *testing.T) {
	r := seeded(t)
	for _, n := range []int{1, 10, 63, 64, 65, 128, 4096, 4097, 50_000} {
		for _, k := range []int{1, 2, 10, 63, 64, 65, 100, n / 10, n, 2 * n} {
			s, idx := make([]int, n), make([]int, k)
			for i := range s {
				s[i] = i
			}
			for i := range idx {
				idx[i] = r.IntN(n)
			}
			if len(idx) > 64 {
				idx[0], idx[1] = 0, n-1 // the widest span
			}
			gone := make([]bool, n)
			for _, i := range idx {
				gone[i] = true
			}
			want := slices.DeleteFunc(slices.Clone(s), func(i int) bool { return gone[i] })
			given := slices.Clone(idx)
			if got := slicex.Without(s, idx...); !slices.Equal(got, want) || cap(got) != len(want) {
				t.Errorf("Without %d of %d: %d with capacity %d are left, want %d", k, n, len(got), cap(got), len(want))
			}
			if got := slicex.DeleteAt(s, idx...); !slices.Equal(got, want) {
				t.Errorf("DeleteAt %d of %d: %d are left, want %d", k, n, len(got), len(want))
			}
			if slices.ContainsFunc(s[len(want):], isNotZero) {
				t.Errorf("DeleteAt %d of %d leaves something in the freed places", k, n)
			}
			if !slices.Equal(idx, given) {
				t.Errorf("DeleteAt %d of %d changed the indexes", k, n)
			}
		}
	}
}
