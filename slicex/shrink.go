package slicex

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"unsafe"
)

const (
	minBytes   = 1 << 10 // DefaultPolicy().MinBytes
	floorBytes = 64      // below it a size class may waste more than a quarter
)

// A Policy says when an array is too large for what it holds and how large its
// successor is. The zero Policy is not valid: start from [DefaultPolicy].
//
// # Why it can't thrash
//
// A shrink at length L leaves a capacity of Grow*L, rounded up to a size class
// of the allocator, which adds less than a quarter above 64 bytes. Append of one
// element, when it runs out of capacity at length n, at most doubles it, with the
// same rounding, so the capacity is then at most 2.5*n; append of more makes it
// no larger than that, or fills four fifths of it. What follows either one is
//
//   - a growth: at least (Grow-1)*L appends away, moving Grow*L elements (what
//     follows a growth by append without a shrink is append's own business);
//   - a shrink after a shrink: due at x*L elements with x = 1.25*Grow*Ratio, so
//     (1-x)*L deletions away, moving x*L elements;
//   - a shrink after a growth: due at y*n elements with y = 2.5*Ratio, so
//     (1-y)*n deletions away, moving y*n elements.
//
// So every reallocation is paid for by the appends and deletions since the one
// before, at Grow/(Grow-1), x/(1-x) and y/(1-y) moved elements for each. The
// limits on the fields keep all three at 5 or less, which is what append alone
// costs; with the default policy they are 2, 5/3 and 5/3. Deletion and append
// therefore move an amortised O(1) of elements to new arrays, in any order and
// around any length. Capacity reserved by hand costs one shrink more, of at most
// cap*Ratio elements.
//
// The number of allocations is bounded by that as far as they move something: one
// that moves m elements is at least m/5 appends and deletions after the one
// before. With the default policy, appends and deletions of single elements
// around any length reallocate at most once for 50 of them if elements have 8
// bytes, and once for 3 if they have up to 256. Above 256 bytes even an array of
// four elements or fewer may be worth shrinking, and around one element or none
// two of three operations may allocate: for such slices the package comment says
// what to do.
type Policy struct {
	// Ratio is the fill at or below which an array is shrunk: when
	// len <= cap*Ratio. It must be above 0 and at most 1/3.
	Ratio float64

	// Grow sets the new capacity to len*Grow, rounded down to whole elements and
	// then up to the allocator's size class. It must be at least 1.25, and
	// Ratio*Grow at most 2/3.
	Grow float64

	// MinBytes is the size of an array that is not worth shrinking: arrays of
	// that many bytes or fewer stay as they are. It must not be negative. Arrays
	// of 64 bytes or fewer are never shrunk, even if it is 0.
	MinBytes int
}

// DefaultPolicy returns the policy of [Shrink] and of every deleting function:
// arrays above 1 KiB that are a quarter full or less are replaced by arrays of
// twice the length.
func DefaultPolicy() Policy {
	return Policy{Ratio: 0.25, Grow: 2, MinBytes: minBytes}
}

// Validate returns nil if every field of p is in its range, and otherwise one
// error with a line for each limit that is not kept, naming the fields and their
// values. Policies outside the limits of Ratio and Grow can thrash: move all
// elements for every few deletions and appends. NaN and the infinities are out of
// range.
func (p Policy) Validate() error {
	var errs []error
	if !(p.Ratio > 0 && p.Ratio <= 1./3) {
		errs = append(errs, fmt.Errorf("slicex: policy: Ratio %v is not above 0 and at most 1/3", p.Ratio))
	}
	if !(p.Grow >= 1.25) || math.IsInf(p.Grow, 1) {
		errs = append(errs, fmt.Errorf("slicex: policy: Grow %v is not a number of at least 1.25", p.Grow))
	}
	if p.Ratio*p.Grow > 2./3 {
		errs = append(errs, fmt.Errorf("slicex: policy: Ratio %v * Grow %v is above 2/3", p.Ratio, p.Grow))
	}
	if p.MinBytes < 0 {
		errs = append(errs, fmt.Errorf("slicex: policy: MinBytes %d is negative", p.MinBytes))
	}
	return errors.Join(errs...)
}

// Shrink returns s in an array that fits it, if its own is much too large: when
// len(s) <= cap(s)/4 and the array is larger than 1 KiB, the result has a new
// array of twice the length, rounded up to the allocator's size class, so that
// len(s) more elements can be appended before it grows. Otherwise it returns s.
//
// An emptied slice gives up an array above 1 KiB altogether, and keeps a smaller
// one. A nil slice stays nil and an empty one non-nil. Elements of size zero take
// no memory and are never moved.
//
// A shrunk result shares no memory with s: the old array stays as it is for as
// long as something refers to it, and writes to one are not seen in the other.
// The size of the array is measured from the first element of s up to cap(s),
// whoever else uses it: what lies in front of s or beyond its capacity is not
// seen.
//
// Every deletion in place ends with Shrink, even if it removes nothing. All
// together they move an amortised O(1) of elements for each appended or deleted
// one: between two reallocations lie at least an order of len(s) of them. After a
// shrink at length L the capacity is between 2*L and 2.5*L, or more in an array
// of up to 64 bytes, which is not shrunk again. So the next growth is more than L
// appends away and moves two elements for each of them at most, and the next
// shrink is 3/8*L deletions away and moves 5/3 elements for each. See [Policy]
// for the whole argument, and for slices of a few elements above 256 bytes, for
// which such an L is too small to keep allocations apart.
func Shrink[S ~[]E, E any](s S) S {
	if loose[S, E](s) {
		return halve(s)
	}
	return s
}

// loose reports whether the default policy shrinks s. It and the call of halve
// are written out in the functions that are fast enough to feel a call.
func loose[S ~[]E, E any](s S) bool {
	return len(s) <= cap(s)/4 && sizeOf[E](cap(s)) > minBytes
}

// halve makes s half full. It is out of line to keep its callers small.
//
//go:noinline
func halve[S ~[]E, E any](s S) S { return realloc(s, 2*len(s)) }

// ShrinkWith is like [Shrink] with another policy. It panics with the error of
// [Policy.Validate] if p is not valid. With a valid policy len*Grow is below the
// capacity, so nothing overflows.
func ShrinkWith[S ~[]E, E any](s S, p Policy) S {
	if err := p.Validate(); err != nil {
		panic(err)
	}
	if float64(len(s)) > float64(cap(s))*p.Ratio {
		return s
	}
	if sizeOf[E](cap(s)) <= uintptr(max(p.MinBytes, floorBytes)) {
		return s
	}
	return realloc(s, int(float64(len(s))*p.Grow))
}

// Fit returns s with a capacity of exactly its length: s itself if that is so
// already, a copy in a new array otherwise, for a slice that will not grow
// again. The old array is left as it is. A nil slice stays nil and an empty one
// non-nil. Appending to the result always reallocates; use [Shrink] for a slice
// that changes.
//
// Fit can't see the rest of an array behind a slice like s[:n:n], whose capacity
// ends before the array does, and returns it as it is. [slices.Clone] copies it.
func Fit[S ~[]E, E any](s S) S {
	if len(s) == cap(s) {
		return s
	}
	return clone(s)
}

// clone returns a copy of s with an array of exactly its length.
func clone[S ~[]E, E any](s S) S {
	if s == nil {
		return nil
	}
	c := make(S, len(s))
	copy(c, s)
	return c
}

// realloc copies s to an array of at least n elements, which is all of a size
// class: that is what append allocates, and make does not.
func realloc[S ~[]E, E any](s S, n int) S {
	return append(slices.Grow(S{}, n), s...)
}

// sizeOf returns the size of n elements in bytes.
func sizeOf[E any](n int) uintptr {
	var e E
	return uintptr(n) * unsafe.Sizeof(e)
}
