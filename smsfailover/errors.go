package smsfailover

import (
	"errors"
	"fmt"
)

var (
	// ErrPermanent is wrapped by a provider's error when the message itself is
	// wrong (an unknown template, no such number) and no retry would help.
	ErrPermanent = errors.New("smsfailover: the provider will never take this message")

	// ErrThrottled is wrapped by a provider's error when it wants less traffic.
	ErrThrottled = errors.New("smsfailover: the provider wants less traffic")

	// ErrQueueFull is returned when the queue is as deep as [WithQueue] allows.
	ErrQueueFull = errors.New("smsfailover: the queue is full")

	// ErrLost is matched by the [LostError] of a store, and is the cause of a
	// send's context whose lease was lost.
	ErrLost = errors.New("smsfailover: the lease is lost")

	// ErrNever is wrapped by what [Failover.Submit] returns for a message that the
	// limiter will not let go however long it waits, and stands in the dead
	// letters for one that was queued.
	ErrNever = errors.New("smsfailover: the limiter will never let this message go")

	// ErrExpired is wrapped by what [Failover.Submit] returns for a message whose
	// NotAfter has passed, or will have when the limiter lets it go.
	ErrExpired = errors.New("smsfailover: the message is past its NotAfter")

	// ErrRunning is returned by a [Failover.Run] while another one runs.
	ErrRunning = errors.New("smsfailover: Run is running already")

	// ErrInput is wrapped by the errors of calls and constructors whose
	// arguments make no sense. Nothing was changed.
	ErrInput = errors.New("smsfailover: invalid argument")
)

// A LostError is returned by the methods of a [Store] for refs whose token is
// not current: another worker has the job, or it is finished. What the call was
// to do was done for all other refs.
type LostError struct{ Refs []Ref }

func (e *LostError) Error() string {
	return fmt.Sprintf("%v: %d of the jobs", ErrLost, len(e.Refs))
}

// Is reports whether target is [ErrLost].
func (e *LostError) Is(target error) bool { return target == ErrLost }
