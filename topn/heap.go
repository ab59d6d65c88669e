package topn

import "slices"

// A Heap keeps the n best of all elements that are pushed, in the memory of n: for
// a batch job that ranks what it reads row by row, and whose result then goes to a
// board or is one.
//
// Its answer depends on nothing but the elements and the order in which they were
// pushed: of two that rank alike the earlier is the better one. Where several
// goroutines feed heaps of their own, for [Heap.Merge], compare should tell any two
// elements apart, by their ids at last, or else the answer depends on who merges
// first. A Heap is not safe for concurrent use.
type Heap[T any] struct {
	n       int
	compare func(a, b T) int
	kept    []kept[T] // each ranks no lower than the one at half its place, so the first is the worst
	pushed  uint64
}

type kept[T any] struct {
	value T
	age   uint64 // the earlier, the lower
}

// NewHeap returns an empty Heap for the n best elements, or for none if n is below
// one; it grows as it fills. As with [cmp.Compare], compare returns a negative number
// when a ranks below b, a positive one when it ranks above, and zero when they rank
// alike. It is called with elements only, never with a zero T of the Heap's own.
// An order that contradicts itself, as that of floats by < does over NaN, gives a
// wrong answer, but never a panic or a loop without end. A nil compare panics at the
// second Push.
func NewHeap[T any](n int, compare func(a, b T) int) *Heap[T] {
	return &Heap[T]{n: max(n, 0), compare: compare}
}

// Push offers v, and reports whether it is now among the n best. It takes O(log n),
// and one call of compare for an element that isn't. The Heap holds v until a better
// one takes its place.
func (h *Heap[T]) Push(v T) bool {
	k := kept[T]{value: v, age: h.pushed}
	h.pushed++
	switch {
	case len(h.kept) < h.n:
		h.kept = append(h.kept, k)
		h.up(len(h.kept) - 1)
	case h.n == 0 || h.compare(v, h.kept[0].value) <= 0:
		return false
	default:
		h.kept[0] = k
		h.down(0)
	}
	return true
}

// Len returns how many elements are kept.
func (h *Heap[T]) Len() int { return len(h.kept) }

// Worst returns the worst of the n best: what an element must rank above to get in.
// It returns false as long as there are fewer than n, and everything gets in. A job
// may use it to skip what can't.
func (h *Heap[T]) Worst() (T, bool) {
	if len(h.kept) == 0 || len(h.kept) < h.n {
		var none T
		return none, false
	}
	return h.kept[0].value, true
}

// Sorted returns what is kept, the best first, in a slice that belongs to the
// caller. The Heap stays as it is. It takes O(n log n).
func (h *Heap[T]) Sorted() []T {
	order := slices.Clone(h.kept)
	slices.SortFunc(order, func(a, b kept[T]) int {
		if h.worse(a, b) {
			return 1
		}
		return -1 // no two have the same age
	})
	values := make([]T, len(order))
	for i, k := range order {
		values[i] = k.value
	}
	return values
}

// Merge pushes everything that other keeps, the best first, and leaves other as it
// is.
func (h *Heap[T]) Merge(other *Heap[T]) {
	for _, v := range other.Sorted() {
		h.Push(v)
	}
}

// Reset empties the Heap, and keeps its memory for the next job but none of its
// elements.
func (h *Heap[T]) Reset() {
	clear(h.kept)
	h.kept, h.pushed = h.kept[:0], 0
}

// worse reports whether a ranks below b; equals rank by age.
func (h *Heap[T]) worse(a, b kept[T]) bool {
	if c := h.compare(a.value, b.value); c != 0 {
		return c < 0
	}
	return a.age > b.age
}

func (h *Heap[T]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.worse(h.kept[i], h.kept[parent]) {
			return
		}
		h.kept[i], h.kept[parent] = h.kept[parent], h.kept[i]
		i = parent
	}
}

func (h *Heap[T]) down(i int) {
	for {
		child := 2*i + 1
		if child >= len(h.kept) {
			return
		}
		if right := child + 1; right < len(h.kept) && h.worse(h.kept[right], h.kept[child]) {
			child = right
		}
		if !h.worse(h.kept[child], h.kept[i]) {
			return
		}
		h.kept[i], h.kept[child] = h.kept[child], h.kept[i]
		i = child
	}
}
