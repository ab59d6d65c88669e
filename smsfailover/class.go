package smsfailover

import (
	"context"
	"errors"
	"fmt"
)

// Class says what the result of a send means.
type Class uint8

// The classes of results.
const (
	Success   Class = iota // the provider took the message
	Transient              // it may work later; what an unknown error, and a timeout, is
	Throttled              // the provider wants less traffic
	Permanent              // the message is wrong: no retry, and no fault of the provider
	Canceled               // the caller gave up: says nothing about the provider
)

func (c Class) String() string {
	switch c {
	case Success:
		return "success"
	case Transient:
		return "transient"
	case Throttled:
		return "throttled"
	case Permanent:
		return "permanent"
	case Canceled:
		return "canceled"
	}
	return fmt.Sprintf("Class(%d)", uint8(c))
}

// Classify returns what err says of a send: [Success] for nil, [Permanent] and
// [Throttled] for what wraps [ErrPermanent] and [ErrThrottled], [Canceled] for
// what wraps [context.Canceled], and [Transient] for all else. It is the default
// of [WithClassifier]; a classifier of one's own may fall back to it.
func Classify(err error) Class {
	switch {
	case err == nil:
		return Success
	case errors.Is(err, ErrPermanent):
		return Permanent
	case errors.Is(err, ErrThrottled):
		return Throttled
	case errors.Is(err, context.Canceled):
		return Canceled
	}
	return Transient
}
