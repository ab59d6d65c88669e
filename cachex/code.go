package cachex

import (
	"context"
	"fmt"
	"time"
)

// MaxCodeLen is the length in bytes of the longest code that a cache takes.
const MaxCodeLen = 64

// Key names what a code is for and whom it was sent to. The two together are
// one identity: budgets, pauses and codes of one Key never touch another's,
// whatever separators the two strings contain. Both are compared byte by byte, so
// bring To into one form before, such as E.164.
type Key struct {
	Biz string // purpose, such as "login"; also chooses the Policy
	To  string // recipient, such as "+8613800138000"; never in an error, a log or a key name
}

// CodeCache keeps one-time codes. Every implementation in this package answers
// alike, which cachextest proves, and is safe for concurrent use.
//
// A refusal is a [*DeniedError] whose Reason is one of the sentinels below.
// [ErrInput] means that an argument can't be right and that nothing changed.
// A ctx that is done before the call starts changes nothing either; the error is
// both its Err and its Cause. Any other error is the backend's own, and says
// nothing about the code.
type CodeCache interface {
	// Set makes code the only code of k and starts its life. It replaces a
	// code that is still live, whose tries are forgotten, but no budget is.
	// It is refused, and changes nothing, with [ErrTooSoon] until
	// Policy.ResendAfter has passed since the last Set, with [ErrLocked]
	// while a budget of k is spent (sends or guesses; it wins over
	// ErrTooSoon), and with [ErrFull] when a local cache has no room.
	Set(ctx context.Context, k Key, code string) (Ticket, error)

	// Verify returns nil for the right code, once: it spends the code and
	// forgives k's wrong guesses. The try is counted before the answer is
	// known. It is refused with [ErrLocked] while the guess budget of k is
	// spent, [ErrNotFound] when k has no code that is unused and unexpired,
	// [ErrTooMany] when the code's tries are spent, and [ErrMismatch], which
	// carries the tries left, when the code is wrong. [ErrUnknown] means that
	// the outcome was lost on the way: the code may have been spent.
	Verify(ctx context.Context, k Key, code string) error

	// Revoke takes back the Set whose Ticket had this gen, because its
	// message never left: the code is gone, the pause and the send that it
	// took from the budgets are given back. It reports whether it did so;
	// when a newer Set, a success or the end of its record came first, it
	// changes nothing. It never brings an older code back.
	Revoke(ctx context.Context, k Key, gen uint64) (bool, error)

	// Status tells how things stand for k, and changes nothing.
	Status(ctx context.Context, k Key) (Status, error)
}

// A Ticket is the receipt of a Set.
type Ticket struct {
	Gen       uint64    // names this Set to Revoke; never 0, and rises with every Set of a Key
	ExpiresAt time.Time // when the code dies
}

// Status is the state of one Key at the time of the call.
type Status struct {
	Live        bool          // a code is there, unused and unexpired
	Gen         uint64        // of the live code; 0 without one
	ExpiresAt   time.Time     // of the live code; zero without one
	Left        int           // wrong tries that the live code still takes; 0 without one
	ResendAfter time.Duration // what is left of the pause after the last Set
	LockedFor   time.Duration // until the last spent budget is whole again; 0 when none is spent
}

func checkKey(k Key) error {
	switch {
	case k.Biz == "":
		return fmt.Errorf("%w: empty Key.Biz", ErrInput)
	case k.To == "":
		return fmt.Errorf("%w: empty Key.To", ErrInput)
	}
	return nil
}

func checkKeyCode(k Key, code string) error {
	if err := checkKey(k); err != nil {
		return err
	}
	switch n := len(code); {
	case n == 0:
		return fmt.Errorf("%w: empty code", ErrInput)
	case n > MaxCodeLen:
		return fmt.Errorf("%w: code of %d bytes, at most %d", ErrInput, n, MaxCodeLen)
	}
	return nil
}
