package slicex

import (
	"math/bits"
	"slices"
)

const (
	fewIndexes  = 64 // at most that many are sorted, in an array on the stack
	fewWords    = 64 // at most that many words of a bitmap are on the stack
	sparseWords = 32 // a bitmap with more words for each index is not worth it
	wordBits    = 64
)

// A span says what a list of indexes is like.
type span struct {
	lo, hi    int  // the smallest and the largest
	ascending bool // none is smaller than the one before
}

// survey looks at idx, which is not empty, and panics if one of the indexes is
// not below n.
func survey(idx []int, n int) span {
	r := span{lo: idx[0], hi: idx[0], ascending: true}
	last := 0
	for _, i := range idx {
		if uint(i) >= uint(n) {
			panic(badIndex(i, n))
		}
		if i < last {
			r.ascending = false
		}
		r.lo, r.hi, last = min(r.lo, i), max(r.hi, i), i
	}
	return r
}

// An order holds indexes in ascending order: as a list, which may have
// duplicates, or as a bitmap.
type order struct {
	list []int
	bits []uint64
	base int // what the first bit stands for
}

// A room is memory for an order that is short enough for the stack.
type room struct {
	list [fewIndexes]int
	bits [fewWords]uint64
}

// arrange brings a copy of idx in order.
func arrange(idx []int, r span, room *room) order {
	words := (r.hi-r.lo)/wordBits + 1
	var list []int
	switch {
	case len(idx) <= fewIndexes:
		list = room.list[:copy(room.list[:], idx)]
	case words > sparseWords*len(idx):
		list = slices.Clone(idx)
	case words <= fewWords:
		return mark(room.bits[:words], idx, r.lo)
	default:
		return mark(make([]uint64, words), idx, r.lo)
	}
	slices.Sort(list)
	return order{list: list}
}

// mark sets the bits of idx.
func mark(words []uint64, idx []int, base int) order {
	for _, i := range idx {
		bit := uint(i - base)
		words[bit/wordBits] |= 1 << (bit % wordBits)
	}
	return order{bits: words, base: base}
}

// distinct returns the number of different indexes.
func (o order) distinct() int {
	n := 0
	for _, w := range o.bits {
		n += bits.OnesCount64(w)
	}
	last := -1
	for _, i := range o.list {
		if i != last {
			n++
		}
		last = i
	}
	return n
}

// unpack writes the indexes that the bits of word stand for to list and returns
// the part of it that they take.
func unpack(list *[wordBits]int, word uint64, base int) []int {
	n := 0
	for ; word != 0; word &= word - 1 {
		list[n%wordBits] = base + bits.TrailingZeros64(word)
		n++
	}
	return list[:n]
}

// overlap reports whether s and idx share memory.
func overlap[S ~[]E, E any](s S, idx []int) bool {
	a, b := address(s), address(idx)
	return a < b+sizeOf[int](len(idx)) && b < a+sizeOf[E](len(s))
}
