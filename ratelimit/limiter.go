package ratelimit

import (
	"context"
	"fmt"
	"math"
	"time"
)

// A Limiter admits or refuses hits under a key. It is safe for concurrent use.
//
// A refusal is an answer, not an error: it comes as a [Result] with a nil error.
// An error means that the limiter couldn't decide ([ErrUnavailable], or the
// cause of the end of ctx) or was asked nonsense ([ErrInput]); the Result that
// comes with it admits nothing.
type Limiter interface {
	// Allow admits one hit if every limit has room for it.
	Allow(ctx context.Context, key string) (Result, error)
	// AllowN admits n hits or none. An n that no limit could ever admit at once
	// is refused with RetryAfter [Never]; n < 1 is [ErrInput].
	AllowN(ctx context.Context, key string, n int) (Result, error)
	// AllowAtMost admits as many of n hits as fit, maybe none; n < 1 is
	// [ErrInput].
	AllowAtMost(ctx context.Context, key string, n int) (Result, error)
	// Peek tells what Allow would answer, and takes nothing: Allowed is 1 or 0.
	Peek(ctx context.Context, key string) (Result, error)
	// Refund gives back what r's call took, as if it had never been: a hit that
	// led to nothing. A second Refund of the same Receipt does nothing, nor does
	// that of a Receipt whose hits have left the window, or of a zero Receipt.
	Refund(ctx context.Context, r Receipt) error
	// Reset forgets key: its next hit is its first.
	Reset(ctx context.Context, key string) error
}

// Never is the RetryAfter of what will not be admitted however long one waits.
const Never time.Duration = math.MaxInt64

// A Result is the answer to one call.
type Result struct {
	// Allowed is how many hits were admitted, of those that were asked for.
	Allowed int
	// Remaining is how many more would be admitted at once now.
	Remaining int
	// RetryAfter is how long to wait until what was refused would be admitted, if
	// nobody else asks: rounded up, so that waiting exactly that long succeeds.
	// It is 0 when all was admitted and [Never] when waiting doesn't help.
	RetryAfter time.Duration
	// ResetAfter is how long until the key is as good as new, if nobody asks.
	ResetAfter time.Duration
	// Limit is the one that decided: the one that refused the longest, else the
	// one with the least remaining.
	Limit Limit
	// Source says where the answer comes from.
	Source Source
	// Receipt takes the admitted hits back; see [Limiter].
	Receipt Receipt
}

// OK reports whether all that was asked for was admitted.
func (r Result) OK() bool { return r.Allowed > 0 && r.RetryAfter == 0 }

// Source says where a [Result] comes from.
type Source uint8

// The sources of an answer.
const (
	Shared  Source = iota // the shared store, for all processes
	Local                 // this process alone
	Cached                // an earlier refusal that still holds; see [WithDenyCache]
	Assumed               // nowhere: the store doesn't answer; see [FailOpen] and [FailClosed]
)

func (s Source) String() string {
	switch s {
	case Shared:
		return "shared"
	case Local:
		return "local"
	case Cached:
		return "cached"
	case Assumed:
		return "assumed"
	}
	return fmt.Sprintf("Source(%d)", uint8(s))
}

// An Algorithm says how hits are counted. For each, the package comment has what
// it admits at worst in any window of length Per, and what a key costs.
type Algorithm uint8

// The algorithms. The zero value is the exact one.
const (
	SlidingLog     Algorithm = iota // every hit's time: exactly N in any window
	SlidingCounter                  // two counters, the older one weighted
	GCRA                            // one time: N per Per evenly, Burst at once
	FixedWindow                     // one counter per aligned window
)

func (a Algorithm) String() string {
	switch a {
	case SlidingLog:
		return "sliding log"
	case SlidingCounter:
		return "sliding counter"
	case GCRA:
		return "GCRA"
	case FixedWindow:
		return "fixed window"
	}
	return fmt.Sprintf("Algorithm(%d)", uint8(a))
}

// A Demand is one part of an AllowAll: N hits under Key. Nil Limits are the
// limiter's own.
type Demand struct {
	Key    string
	N      int
	Limits []Limit
}

// A Receipt stands for the hits that one call admitted; see [Limiter.Refund].
// Copies of it are the same Receipt.
type Receipt struct {
	r refunder
}

// refunder takes the hits of one call back, once.
type refunder interface {
	refund(ctx context.Context) error
}
