package slicex

import "slices"

// Delete removes s[i] and returns the shorter slice, in the same order. The
// result shares the array of s unless it was shrunk: see [Shrink] for when. The
// freed element at the end is zeroed, so the array keeps nothing alive that was
// deleted; elements of the array beyond len(s) are not touched.
//
// Delete panics with an [*IndexError] if i is not an index of s, where
// [slices.Delete] panics with an error of the runtime. It is O(len(s)-i). As with
// append, s itself must not be used any more.
func Delete[S ~[]E, E any](s S, i int) S {
	if uint(i) >= uint(len(s)) {
		panic(badIndex(i, len(s)))
	}
	if rest := s[i+1:]; long[E](len(rest)) {
		shiftLong(s[i:], rest)
	} else if len(rest) > 0 {
		copy(s[i:], rest)
	}
	s = dropLast(s)
	if loose[S, E](s) {
		return halve(s)
	}
	return s
}

// dropLast zeroes the last element of s and returns s without it.
func dropLast[S ~[]E, E any](s S) S {
	var zero E
	n := len(s) - 1
	s[n] = zero
	return s[:n]
}

// DeleteRange removes s[i:j] and returns the shorter slice, in the same order.
// The result shares the array of s unless it was shrunk, which it may be even if
// the range is empty: see [Shrink] for when. The freed elements at the end are
// zeroed.
//
// DeleteRange panics with an error that is [ErrIndex] and names i, j and the
// length unless 0 <= i <= j <= len(s); it is no [*IndexError]. It is O(len(s)-i), whatever the number of
// elements removed. As with append, s itself must not be used any more.
func DeleteRange[S ~[]E, E any](s S, i, j int) S {
	if uint(j) > uint(len(s)) || uint(i) > uint(j) {
		panic(badRange(i, j, len(s)))
	}
	if long[E](len(s)-j) && i < j {
		s = deleteLong(s, i, j)
	} else {
		s = slices.Delete(s, i, j)
	}
	if loose[S, E](s) {
		return halve(s)
	}
	return s
}

// deleteLong is slices.Delete with a long shift.
func deleteLong[S ~[]E, E any](s S, i, j int) S {
	rest := s[j:]
	shiftLong(s[i:], rest)
	clear(s[i+len(rest):])
	return s[:i+len(rest)]
}

// DeleteFunc removes the elements for which del returns true and returns the
// shorter slice, in the same order. Del is called once for each element, in
// order. The result shares the array of s unless it was shrunk, which it may
// be even if nothing is removed: see [Shrink] for when. The freed elements at the
// end are zeroed. It is O(len(s)). As with append, s itself must not be used any
// more.
//
// If del panics, s is left with its length and none of its undecided elements
// lost: first the ones kept so far, then leftovers of elements that were moved
// or removed, then the rest beginning with the one that made del panic.
func DeleteFunc[S ~[]E, E any](s S, del func(E) bool) S {
	return Shrink(slices.DeleteFunc(s, del))
}

// DeleteSwap removes s[i], puts the last element in its place, and returns the
// shorter slice: the fast way where the order is of no interest. It is O(1) but
// for a shrink. The result shares the array of s unless it was shrunk: see
// [Shrink] for when. The freed element at the end is zeroed. DeleteSwap panics
// with an [*IndexError] if i is not an index of s. As with append, s itself must
// not be used any more.
func DeleteSwap[S ~[]E, E any](s S, i int) S {
	if uint(i) >= uint(len(s)) {
		panic(badIndex(i, len(s)))
	}
	s[i] = s[len(s)-1]
	s = dropLast(s)
	if loose[S, E](s) {
		return halve(s)
	}
	return s
}

// TryDelete is [Delete] for an index that comes from outside: if i is not an
// index of s, it returns an [*IndexError], which is [ErrIndex], together with s
// as it was, not even shrunk. Otherwise, as with append, s itself must not be
// used any more.
func TryDelete[S ~[]E, E any](s S, i int) (S, error) {
	if uint(i) >= uint(len(s)) {
		return s, &IndexError{Index: i, Len: len(s)}
	}
	return Delete(s, i), nil
}

// Remove removes the element with index i from *s and returns it. It is [Delete]
// for a slice that lives in a field: *s becomes the shorter slice, and as with
// append, copies of the old one must not be used any more. Remove panics with an
// [*IndexError] if i is not an index of *s.
func Remove[S ~[]E, E any](s *S, i int) E {
	if uint(i) >= uint(len(*s)) {
		panic(badIndex(i, len(*s)))
	}
	e := (*s)[i]
	*s = Delete(*s, i)
	return e
}

// PopFront removes the first element of *s and returns it, or the zero value and
// false if *s is empty, which shrinks it all the same. As with append, copies of
// the old *s must not be used any more.
//
// PopFront is [Remove] of index 0 and moves all the other elements, so it is
// O(len(*s)): right for short or rarely popped slices. For a queue use a ring
// buffer, or count the elements read and call [DeleteRange] once they are half
// of the slice, which is amortised O(1).
func PopFront[S ~[]E, E any](s *S) (E, bool) {
	if len(*s) == 0 {
		*s = Shrink(*s)
		var zero E
		return zero, false
	}
	return Remove(s, 0), true
}
