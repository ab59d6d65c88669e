package smsfailover

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// A BusyError is returned for a message that wasn't taken since there is too
// much traffic: every provider of a [Chain] was limited, throttled or cut off by
// its monitor. That is no failed attempt: the message can be handed in again
// after a while. A provider may return one too, if it knows for how long it wants
// less traffic.
//
// It wraps [ErrThrottled].
type BusyError struct {
	// After is the shortest wait that may help. A provider that doesn't know leaves
	// it 0, and is asked again after a second; one that says more than a day is
	// asked after a day.
	After time.Duration
	Err   error // who said no; may be nil
}

// wait returns how long to leave the provider alone that returned e.
func (e *BusyError) wait() time.Duration {
	if e.After <= 0 {
		return pauseAfterError
	}
	return min(max(e.After, minDuration), maxDuration)
}

func (e *BusyError) Error() string {
	text := "smsfailover: busy " + lasting(e.After)
	if e.Err == nil {
		return text
	}
	return text + ": " + trimName(e.Err.Error())
}

// Unwrap returns [ErrThrottled]. It leaves out Err, in which anything may be
// wrapped: what counts is that the message can be handed in again.
func (e *BusyError) Unwrap() error { return ErrThrottled }

// A Reason says who kept a message from being taken.
type Reason uint8

// The reasons.
const (
	ReasonProvider Reason = iota // it answered so, or not in time
	ReasonLimited                // its limiter said no
	ReasonLimiter                // its limiter failed
	ReasonOpen                   // its monitor said no
)

func (r Reason) String() string {
	switch r {
	case ReasonProvider:
		return "refused"
	case ReasonLimited:
		return "limited"
	case ReasonLimiter:
		return "limiter failed"
	case ReasonOpen:
		return "cut off by its monitor"
	}
	return fmt.Sprintf("Reason(%d)", uint8(r))
}

// A Refusal is why one provider didn't take a message.
type Refusal struct {
	Provider string        // its Name
	Reason   Reason        // who said no
	Class    Class         // what that means
	Unknown  bool          // nobody knows whether it took it
	After    time.Duration // for Throttled: when to ask again
	Err      error         // the provider's or limiter's own to errors.Is and errors.As; its text is masked
}

func (r Refusal) String() string {
	text := r.Provider + ": " + r.Reason.String()
	switch {
	case r.Unknown:
		text = r.Provider + ": result unknown"
	case r.Reason == ReasonProvider:
		text = r.Provider + ": " + r.Class.String()
	case r.Reason != ReasonLimiter:
		text += " " + lasting(r.After)
	}
	// An error that nobody masked isn't shown.
	if masked, ok := r.Err.(*redacted); ok { //nolint:errorlint // one that only wraps it may say more
		text += ": " + trimName(masked.text)
	}
	return text
}

// A ChainError says for each provider that was asked, in the order in which it
// was, why it didn't take the message. Its text holds theirs, in which the number
// and args are masked.
type ChainError struct {
	Refusals []Refusal
	never    bool // every limiter said so
}

func (e *ChainError) Error() string {
	return "smsfailover: no provider took the message: " + reasons(e.Refusals)
}

// Unwrap returns the last provider's error that was Permanent or Transient, unless
// [Classify] would take it for another class than that. It is [ErrPermanent] if no
// provider's limiter will ever let the message go.
func (e *ChainError) Unwrap() error {
	if e.never {
		return ErrPermanent
	}
	for _, r := range slices.Backward(e.Refusals) {
		if (r.Class == Permanent || r.Class == Transient) && Classify(r.Err) == r.Class {
			return r.Err
		}
	}
	return nil
}

// Timeout reports whether some provider may have taken the message, although
// it didn't say so. The name is that of [net.Error].
func (e *ChainError) Timeout() bool {
	return slices.ContainsFunc(e.Refusals, func(r Refusal) bool { return r.Unknown })
}

// A NumbersError says which of several numbers weren't served, and must be the
// only ones to be handed in again.
type NumbersError struct {
	Total int     // how many numbers there were
	Index []int   // those that weren't served, by their place in the call
	Errs  []error // why, for each in Index
}

func (e *NumbersError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "smsfailover: %d of %d numbers not served", len(e.Index), e.Total)
	for i, at := range e.Index {
		fmt.Fprintf(&b, "; %d: %s", at, trimName(e.Errs[i].Error()))
	}
	return b.String()
}

// Unwrap returns the error that leaves most to be done: one that was Canceled, or
// else Transient, or else Throttled, or else Permanent. So the whole is Permanent
// only if every number is.
func (e *NumbersError) Unwrap() error {
	for _, c := range []Class{Canceled, Transient, Throttled} {
		for _, err := range e.Errs {
			if Classify(err) == c {
				return err
			}
		}
	}
	if len(e.Errs) == 0 {
		return nil
	}
	return e.Errs[0]
}

func reasons(rs []Refusal) string {
	texts := make([]string, len(rs))
	for i, r := range rs {
		texts[i] = r.String()
	}
	return strings.Join(texts, "; ")
}

// trimName takes the package's name off the text of an error inside another.
func trimName(text string) string { return strings.TrimPrefix(text, "smsfailover: ") }

func lasting(d time.Duration) string {
	if d == math.MaxInt64 {
		return "for ever"
	}
	if d >= time.Second {
		d = d.Round(time.Millisecond)
	}
	return "for " + d.String()
}
