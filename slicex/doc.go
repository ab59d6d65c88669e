// Package slicex deletes elements from slices and gives back the memory that
// deletion frees.
//
// The standard library keeps the array of a slice for as long as the slice
// lives, however little is left in it. The functions of this package that delete
// in place replace an array that is a quarter full or less, and larger than
// 1 KiB, by one of twice the length, even if they remove nothing. That moves an
// amortised O(1) of elements for each one appended or deleted, in any order and
// around any length. The more a reallocation moves, the rarer it is, so only a few
// large elements may cost many of them: see the limits below. Deletion in place
// allocates nothing else, but for one allocation where [DeleteAt] has many indexes
// to put in order. See [Shrink] and, for the proof, [Policy].
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
// As with append, a slice that was passed to a function that deletes in place
// must not be used any more, only the result: [Delete], [DeleteRange],
// [DeleteAt], [DeleteFunc], [DeleteSwap], and [TryDelete] unless it returns an
// error. [Remove] and [PopFront] put the result in the place of the slice, and
// copies of the old one must not be used any more. The other functions change
// nothing.
//
// The limits: capacity that was reserved by hand goes with the first deletion
// that finds it mostly empty; a shrunk slice no longer shares its array with
// other slices of it; deletion in order moves what follows the deleted element,
// so it is O(len(s)). Four elements of more than 256 bytes are more than 1 KiB,
// so a slice of such elements that swings between one or none and up to three may
// allocate in every swing; one of 4 KiB elements does in each append to the empty
// slice. Where that matters, keep the array: delete with [slices.Delete], and
// call [ShrinkWith] with a larger MinBytes at moments of your choice, as no
// deleting function takes a [Policy].
//
// Like append, the functions are not safe for concurrent use with others on the
// same array, except that [Without], [AllExcept], [Shrink], [ShrinkWith] and
// [Fit] only read it.
package slicex
