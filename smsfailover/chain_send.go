package smsfailover

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"
)

// Send sends to each number in turn, through the providers as the [Chain] says.
// It returns nil when every number was taken, an error that wraps [ErrInput]
// without any number, and for one number the error that became of it: it wraps
// [ErrPermanent] if a provider said so, ctx's error if that ended, is a
// [*BusyError] if no provider could try it or all wanted less traffic, else
// a [*ChainError]. For several numbers it is a [*NumbersError] with one of these
// for each number that wasn't taken.
//
// It returns when the provider that it waits for does: that one has to honour ctx.
func (c *Chain) Send(ctx context.Context, tplID string, args []string, numbers ...string) error {
	switch len(numbers) {
	case 0:
		return fmt.Errorf("%w: Chain.Send: no number", ErrInput)
	case 1:
		return c.sendOne(ctx, parcel{tplID, args, numbers})
	}
	failed := &NumbersError{Total: len(numbers)}
	for i := range numbers {
		if err := c.sendOne(ctx, parcel{tplID, args, numbers[i : i+1 : i+1]}); err != nil {
			failed.Index = append(failed.Index, i)
			failed.Errs = append(failed.Errs, err)
		}
	}
	if len(failed.Index) == 0 {
		return nil
	}
	return failed
}

// A parcel is one message. Its number is in a slice of one, since that is what
// providers take.
type parcel struct {
	tplID        string
	args, number []string
}

// redact returns err with a text that tells neither the number nor the args.
func (p parcel) redact(err error) error {
	return redactError(err, &Message{To: p.number[0], Args: p.args})
}

func (c *Chain) sendOne(ctx context.Context, p parcel) error {
	var refusals []Refusal
	for l := range c.route(p) {
		if ctx.Err() != nil {
			return givenUp(ctx, refusals)
		}
		r := l.try(ctx, p)
		last := c.settle(l, r, p)
		if r.Class == Success {
			return nil
		}
		r.Err = p.redact(r.Err)
		refusals = append(refusals, r)
		if ctx.Err() != nil && r.Class != Permanent {
			return givenUp(ctx, refusals)
		}
		if last {
			break
		}
	}
	return notTaken(refusals)
}

// settle remembers what r means for a further try of p, and reports whether no
// other provider may be asked now.
func (c *Chain) settle(l *link, r Refusal, p parcel) (last bool) {
	switch {
	case r.Class == Success || r.Class == Permanent:
		c.holds.forget(p)
		return true
	case r.Unknown && !l.PreferAvailability:
		c.holds.add(l, p)
		return true
	}
	return false
}

// throttledFor is how long a provider is left alone that wants less traffic, or
// whose limiter fails, and doesn't say for how long.
const throttledFor = time.Second

// try asks the monitor, the limiter and the provider, in this order: a limiter's
// yes would be spent for nothing if the monitor then said no, while a permit can
// be given back.
func (l *link) try(ctx context.Context, p parcel) Refusal {
	var permit Permit
	if l.Monitor != nil {
		var ok bool
		if permit, ok = l.Monitor.Acquire(); !ok {
			l.open.Add(1)
			return Refusal{Provider: l.Name, Reason: ReasonOpen, Class: Throttled, After: max(1, l.Monitor.RetryAfter())}
		}
	}
	if r := l.take(ctx); r.Class != Success {
		permit.Done(Canceled)
		return r
	}
	defer permit.Done(Transient) // counts only if Send panics
	err := l.Service.Send(ctx, p.tplID, p.args, p.number...)
	r := l.result(ctx, err)
	permit.Done(r.Class)
	return r
}

// take asks the limiter.
func (l *link) take(ctx context.Context) Refusal {
	if l.Limiter == nil {
		return Refusal{}
	}
	wait, err := l.Limiter.Take(ctx, l.Name)
	switch {
	case err != nil && ctx.Err() != nil:
		return Refusal{Provider: l.Name, Reason: ReasonLimiter, Class: Canceled, Err: err}
	case err != nil:
		l.limited.Add(1)
		return Refusal{Provider: l.Name, Reason: ReasonLimiter, Class: Throttled, After: throttledFor, Err: err}
	case wait > 0:
		l.limited.Add(1)
		return Refusal{Provider: l.Name, Reason: ReasonLimited, Class: Throttled, After: wait}
	}
	return Refusal{}
}

// result says what a provider's answer means, and counts it.
func (l *link) result(ctx context.Context, err error) Refusal {
	r := Refusal{Provider: l.Name, Reason: ReasonProvider, Class: Classify(err), Err: err}
	if r.Class == Transient || r.Class == Canceled {
		r.Class = Transient // a provider may cancel things of its own
		if errors.Is(ctx.Err(), context.Canceled) {
			r.Class = Canceled
		}
		r.Unknown = unknownResult(ctx, err)
	}
	switch r.Class {
	case Success:
		l.sent.Add(1)
	case Permanent:
		l.permanent.Add(1)
	case Throttled:
		l.throttled.Add(1)
		r.After = throttledFor
		if busy, ok := errors.AsType[*BusyError](err); ok {
			r.After = busy.wait()
		}
	case Transient:
		l.failed.Add(1)
	}
	if r.Unknown {
		l.unknown.Add(1)
	}
	return r
}

// notTaken returns the error for a message that nobody took.
func notTaken(refusals []Refusal) error {
	err := &ChainError{Refusals: refusals}
	after := time.Duration(math.MaxInt64)
	for _, r := range refusals {
		if r.Class != Throttled {
			return err
		}
		after = min(after, r.After)
	}
	if after == math.MaxInt64 {
		err.never = true
		return err
	}
	return &BusyError{After: after, Err: err}
}

// givenUp returns the error for a message whose ctx ended.
func givenUp(ctx context.Context, refusals []Refusal) error {
	err := fmt.Errorf("smsfailover: the caller gave up: %w", ctx.Err())
	if cause := context.Cause(ctx); !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	if len(refusals) > 0 {
		return fmt.Errorf("%w; %v", err, reasons(refusals))
	}
	return err
}
