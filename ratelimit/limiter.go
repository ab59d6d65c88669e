package ratelimit

import (
	"context"
	"fmt"
	"math"
	"time"
)

// A Limiter admits or refuses hits under a key. It is safe for concurrent use.
//
// A key is any string but the empty one, which is [ErrInput]: a caller whose key
// went missing would make all strangers share one limit. The same text is the
// same key, byte by byte.
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
	// [ErrInput]. When some don't fit, RetryAfter is what AllowN of those would
	// answer now. It takes whole hits: what isn't enough for one stays.
	AllowAtMost(ctx context.Context, key string, n int) (Result, error)
	// Peek tells what Allow would answer, and takes nothing: Allowed is 1 or 0.
	Peek(ctx context.Context, key string) (Result, error)
	// Refund gives back what r's call took, as if it had never been: a hit that
	// led to nothing. A second Refund of the same Receipt does nothing, nor does
	// that of a Receipt whose hits have left the window, that was issued before a
	// Reset of its key, or that is zero. It never makes room beyond the limits.
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

// OK reports whether all that was asked for was admitted. Of a Peek it reports
// whether a hit would be.
func (r Result) OK() bool { return r.Allowed > 0 && r.RetryAfter == 0 }

// Source says where a [Result] comes from.
type Source uint8

// The sources of an answer.
const (
	Shared    Source = iota // the shared store, for all processes
	InProcess               // this process alone: a [Local]
	Cached                  // an earlier refusal that still holds; see [WithDenyCache]
	Assumed                 // nowhere: the store doesn't answer; see [FailOpen] and [FailClosed]
)

// String returns s in one word.
func (s Source) String() string {
	switch s {
	case Shared:
		return "shared"
	case InProcess:
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

// String returns a in words, such as "sliding log".
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
// limiter's own; others are checked as a constructor checks its limits, and
// aren't kept or changed.
//
// When all is admitted, each Result tells of its Key after the call. When one
// Demand can't be, nothing is taken: every Result has Allowed 0 and the
// RetryAfter of the whole, after which all would be admitted. Limit and
// Remaining are each Key's own, so that the Demands to blame are those with less
// Remaining than N. Demands of the same Key and Limits count together.
type Demand struct {
	Key    string
	N      int
	Limits []Limit
}

// A Receipt stands for the hits that one call admitted; see [Limiter.Refund].
// Copies of it are the same Receipt. It is good for the limiter that issued it,
// in the process that it was issued in, and holds on to it: Refund through another
// limiter of this package gives back to that one too.
type Receipt struct {
	r     refunder     // of a shared store
	local localReceipt // by value, so that admitting a hit allocates nothing
}

// refunder takes the hits of one call back, once.
type refunder interface {
	refund(ctx context.Context) error
}

// refund gives back what r stands for, whoever issued it.
func (r Receipt) refund(ctx context.Context) error {
	switch {
	case r.local.plan != nil:
		return r.local.plan.owner.refund(ctx, r.local)
	case r.r != nil:
		return r.r.refund(ctx)
	}
	return contextError(ctx)
}
