package slicex

import (
	"errors"
	"fmt"
)

// ErrIndex matches every error and panic value of this package about indexes
// that the slice does not have, with [errors.Is].
var ErrIndex = errors.New("slicex: index out of range")

// An IndexError says which index was not one of a slice of which length. It is
// returned by [TryDelete], and the functions that take indexes of elements panic
// with it; [DeleteRange], which takes two bounds, panics with an error that names
// both. Either one matches [ErrIndex].
type IndexError struct {
	Index int // what was asked for
	Len   int // the length of the slice
}

// Error names the index and the length.
func (e *IndexError) Error() string {
	return fmt.Sprintf("slicex: index %d out of range with length %d", e.Index, e.Len)
}

// Is reports whether target is [ErrIndex].
func (e *IndexError) Is(target error) bool { return target == ErrIndex }

// The values of the panics are made out of line, so that the functions that may
// panic stay small.

//go:noinline
func badIndex(i, n int) *IndexError { return &IndexError{Index: i, Len: n} }

//go:noinline
func badRange(i, j, n int) error {
	return fmt.Errorf("%w: [%d:%d] with length %d", ErrIndex, i, j, n)
}
