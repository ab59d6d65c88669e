// Package slicex deletes elements from slices and gives back the memory that
// deletion frees.
//
// The standard library keeps the array of a slice for as long as the slice
// lives, however little is left in it. The functions of this package that delete
// in place replace an array that is a quarter full or less, and larger than
// 1 KiB, by one of twice the length. There is no length around which that
// happens again and again: it costs an amortised O(1) for each element appended
// or deleted. Deletion in place allocates nothing else, but for one allocation
// where [DeleteAt] has many indexes to put in order. See [Shrink] and, for the
// proof, [Policy].
//
//	s = slicex.Delete(s, 3)             // in order; panics if 3 is no index
//	s, err = slicex.TryDelete(s, i)     // the same for an index from outside
//	s = slicex.DeleteAt(s, 7, 2, 5)     // many at once, in one pass
//	s = slicex.DeleteFunc(s, isExpired) // by what the elements are
//	s = slicex.DeleteSwap(s, 3)         // O(1), if the order is of no interest
//	job := slicex.Remove(&q.jobs, 0)    // the slice is a field; returns the element
//	kept := slicex.Without(s, 7, 2, 5)  // a copy
//	s = slicex.Fit(s)                   // it will not grow any more
//
// What is freed is zeroed, so that a deleted element is garbage at once. A nil
// slice stays nil, an empty one stays non-nil, and a named slice type keeps its
// name.
//
// The limits: capacity that was reserved by hand goes with the first deletion
// that finds it mostly empty; a shrunk slice no longer shares its array with
// other slices of it; deletion in order moves what follows the deleted element,
// so it is O(len(s)). Like append, the functions are not safe for concurrent use
// with others on the same array, except that [Without], [AllExcept], [Shrink],
// [ShrinkWith] and [Fit] only read it.
package slicex
