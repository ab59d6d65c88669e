package slicex

import (
	"iter"
	"slices"
)

// DeleteAt removes the elements with the given indexes, which refer to s as it
// is passed, and returns the shorter slice, in the same order. The indexes may
// come in any order and more than once. Idx is not modified, unless it is a part
// of s, which is allowed too. The result shares the array of s unless it was
// shrunk, which it may be even if idx is empty: see [Shrink] for when. The freed
// elements at the end are zeroed. As with append, s itself must not be used any
// more.
//
// DeleteAt panics with an [*IndexError] for the first index that is not one of
// s, before anything is changed. It moves every element once at most, so it is
// O(len(s)+len(idx)) where a loop of [Delete] is O(len(s)*len(idx)). Ascending
// indexes are used as they are. Of others, up to 64 and those that span up to
// 4096 elements are put in order without an allocation, the rest with one, of
// O(len(idx)) memory.
func DeleteAt[S ~[]E, E any](s S, idx ...int) S {
	switch len(idx) {
	case 0:
		return Shrink(s)
	case 1:
		return Delete(s, idx[0])
	}
	r := survey(idx, len(s))
	n := 0
	if r.ascending && !overlap(s, idx) {
		n = keep(s, s, r.lo, order{list: idx})
	} else {
		n = keepArranged(s, idx, r)
	}
	clear(s[n:])
	return Shrink(s[:n])
}

// Without returns a copy of s that lacks the elements with the given indexes, in
// the same order: idx has indexes, not values, in a []int too. The indexes may
// come in any order and more than once. Neither s nor idx is modified; the copy
// has its own array, of exactly its length. The
// copy of a nil slice is nil, that of any other is not. Without panics with an
// [*IndexError] for the first index that is not one of s. It is
// O(len(s)+len(idx)) and allocates the copy, and for indexes that are not
// ascending once more at most, as [DeleteAt] does.
func Without[S ~[]E, E any](s S, idx ...int) S {
	if len(idx) == 0 {
		return clone(s)
	}
	r := survey(idx, len(s))
	o := order{list: idx}
	if !r.ascending {
		var room room
		o = arrange(idx, r, &room)
	}
	rest := make(S, len(s)-o.distinct())
	copy(rest, s[:r.lo])
	keep(rest, s, r.lo, o)
	return rest
}

// AllExcept returns an iterator over the indexes and elements of s but for those
// with the given indexes: [Without] with no copy, and with the indexes that the
// elements have in s. Idx has indexes, not values, in a []int too. They may come
// in any order and more than once; idx is copied at once and not modified.
// AllExcept panics with an [*IndexError] for the first index that is not one of
// s, before the iteration.
//
// The iteration covers the length that s has now and reads the elements as it
// goes: it sees those that change meanwhile, as a deletion in place changes
// them, and none beyond that length. It may be stopped and repeated.
//
// AllExcept sorts the copy of idx, so it is O(len(idx)*log(len(idx))), and each
// iteration O(len(s)). It allocates the copy and the iterator.
func AllExcept[S ~[]E, E any](s S, idx ...int) iter.Seq2[int, E] {
	if len(idx) > 0 {
		survey(idx, len(s))
	}
	skip := slices.Clone(idx)
	slices.Sort(skip)
	skip = slices.Compact(skip)
	return func(yield func(int, E) bool) {
		skip := skip
		for i, e := range s {
			if len(skip) > 0 && skip[0] == i {
				skip = skip[1:]
				continue
			}
			if !yield(i, e) {
				return
			}
		}
	}
}

// keepArranged is keep, in place, for indexes that have to be put in order
// first. It is out of line so that the memory is only cleared where it is used.
//
//go:noinline
func keepArranged[S ~[]E, E any](s S, idx []int, r span) int {
	var room room
	return keep(s, s, r.lo, arrange(idx, r, &room))
}

// keep copies the elements of src that have none of the indexes of o to dst,
// which may be src, and returns how many there are. The elements below lo, the
// smallest index, are in dst already.
func keep[S ~[]E, E any](dst, src S, lo int, o order) int {
	n, next := keepList(dst, src, lo, lo, o.list)
	if o.bits != nil {
		n, next = keepBits(dst, src, lo, o)
	}
	shift(dst[n:], src[next:])
	return n + len(src) - next
}

// keepBits is keepList for a bitmap.
func keepBits[S ~[]E, E any](dst, src S, lo int, o order) (n, next int) {
	var list [wordBits]int
	n, next = lo, lo
	for i, word := range o.bits {
		n, next = keepList(dst, src, n, next, unpack(&list, word, o.base+i*wordBits))
	}
	return n, next
}

// few elements are copied one by one faster than by memmove.
const few = 8

// keepList copies the elements of src from next on that lie before an index of
// list and have none to dst[n:]. It returns where to continue.
func keepList[S ~[]E, E any](dst, src S, n, next int, list []int) (int, int) {
	for _, i := range list {
		if i < next {
			continue // a duplicate
		}
		if i-next <= few {
			for _, e := range src[next:i] {
				dst[n] = e
				n++
			}
		} else {
			shift(dst[n:n+i-next], src[next:i])
			n += i - next
		}
		next = i + 1
	}
	return n, next
}
