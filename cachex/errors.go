package cachex

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// The answers of a [CodeCache]; match them with errors.Is.
var (
	// ErrNotFound: no code, or it has expired or been used.
	ErrNotFound = errors.New("cachex: no live code")
	// ErrMismatch: the code is wrong; DeniedError.Left tells the tries left.
	ErrMismatch = errors.New("cachex: wrong code")
	// ErrTooMany: this code's tries are spent; only a new code helps.
	ErrTooMany = errors.New("cachex: too many tries for this code")
	// ErrTooSoon: the pause since the last Set isn't over.
	ErrTooSoon = errors.New("cachex: sent too recently")
	// ErrLocked: a budget of the recipient is spent.
	ErrLocked = errors.New("cachex: recipient is locked")
	// ErrFull: a local cache is full of live records; none is ever evicted.
	ErrFull = errors.New("cachex: cache is full")
	// ErrUnknown: the outcome of a Verify was lost, so the code may be spent.
	ErrUnknown = errors.New("cachex: outcome unknown")
	// ErrInput: an argument can't be right; nothing changed.
	ErrInput = errors.New("cachex: invalid input")
	// ErrClosed: the cache was closed.
	ErrClosed = errors.New("cachex: cache is closed")
)

// A DeniedError is a refusal by the rules, not a failure. It holds neither the
// code nor the recipient.
type DeniedError struct {
	Reason     error         // one of the sentinels
	Left       int           // with ErrMismatch: tries that are left, 0 when this was the last
	RetryAfter time.Duration // with ErrTooSoon, ErrLocked, ErrTooMany: when asking again (for ErrTooMany: for a new code) isn't refused for this reason; 0 unknown
}

// Error returns the reason with what is left or how long to wait.
func (e *DeniedError) Error() string {
	var b strings.Builder
	if e.Reason == nil {
		b.WriteString("cachex: denied")
	} else {
		b.WriteString(e.Reason.Error())
	}
	switch {
	case !errors.Is(e.Reason, ErrMismatch):
	case e.Left == 1:
		b.WriteString(", 1 try left")
	default:
		fmt.Fprintf(&b, ", %d tries left", e.Left)
	}
	if e.RetryAfter > 0 {
		fmt.Fprintf(&b, ", retry after %v", e.RetryAfter)
	}
	return b.String()
}

// Is reports whether target is the reason.
func (e *DeniedError) Is(target error) bool { return errors.Is(e.Reason, target) }

// Unwrap returns the reason.
func (e *DeniedError) Unwrap() error { return e.Reason }
