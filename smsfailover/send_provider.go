package smsfailover

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// provide calls the provider, and returns the class of what came of it, for the
// monitor, and what it means for the message.
func (f *Failover) provide(ctx context.Context, m *Message, deadline time.Time) (Class, result) {
	ctx, cancel := context.WithDeadline(withIdemKey(ctx, m), deadline)
	defer cancel()
	err := f.callProvider(ctx, m)
	if err == nil {
		return Success, result{verdict: taken}
	}
	if errors.Is(context.Cause(ctx), ErrLost) {
		return Canceled, result{verdict: gaveUp, err: ErrLost}
	}
	if busy, ok := errors.AsType[*BusyError](err); ok {
		return Canceled, result{verdict: held, after: busy.wait(), err: redactError(err, m)}
	}
	class := f.classify(err)
	r := result{verdict: failed, err: redactError(err, m)}
	switch class {
	case Success:
		return class, result{verdict: taken}
	case Permanent:
		r.verdict, r.err = hopeless, asPermanent(r.err)
	case Throttled:
		r.verdict, r.after = held, pauseAfterError
	default:
		if unknownResult(ctx, err) {
			f.count.unknown.Add(1)
		}
	}
	return class, r
}

// asPermanent returns err, or wraps it so that it is ErrPermanent to errors.Is
// also where only the classifier knew.
func asPermanent(err error) error {
	if errors.Is(err, ErrPermanent) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrPermanent, err)
}

// classify asks the classifier. A panic is no error of the provider's making, and
// a cancellation is one: nobody else cancels a send but for a lost lease.
func (f *Failover) classify(err error) Class {
	if _, ok := errors.AsType[*panicError](err); ok {
		return Transient
	}
	class := f.cfg.classify(err)
	if class == Canceled && errors.Is(err, context.Canceled) {
		return Transient
	}
	return class
}

// A panicError is what a provider panicked with.
type panicError struct{ value any }

func (e *panicError) Error() string {
	return fmt.Sprintf("smsfailover: the provider panicked: %v", e.value)
}

func (f *Failover) callProvider(ctx context.Context, m *Message) (err error) {
	defer func() {
		if v := recover(); v != nil {
			f.count.panics.Add(1)
			err = &panicError{v}
			f.cfg.log.ErrorContext(ctx, redact(err.Error(), m),
				slog.String("id", m.ID), slog.String("stack", string(debug.Stack())))
		}
	}()
	if err = f.provider.Send(ctx, m.TplID, m.Args, m.To); err != nil {
		_ = err.Error() // that of a nil pointer in an error panics, better here than later
	}
	return err
}
