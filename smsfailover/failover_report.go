package smsfailover

import (
	"context"
	"errors"
	"time"
)

// A term says until when it is worth to go on reporting.
type term func() time.Time

func within(d time.Duration) term {
	end := time.Now().Add(d)
	return func() time.Time { return end }
}

func (f *Failover) done(ctx context.Context, until term, r Ref) error {
	return f.report(ctx, "done", until, func(ctx context.Context) error { return f.store.Done(ctx, r) })
}

func (f *Failover) retry(ctx context.Context, until term, r Ref, after time.Duration, cause string) error {
	return f.report(ctx, "retry", until, func(ctx context.Context) error { return f.store.Retry(ctx, r, after, cause) })
}

func (f *Failover) release(ctx context.Context, until term, after time.Duration, refs ...Ref) error {
	return f.report(ctx, "release", until, func(ctx context.Context) error { return f.store.Release(ctx, after, refs...) })
}

func (f *Failover) bury(ctx context.Context, until term, r Ref, cause string) error {
	return f.report(ctx, "bury", until, func(ctx context.Context) error { return f.store.Bury(ctx, r, cause) })
}

// delivered records that the provider took a message, and counts it when that
// fails: the message may then be sent again.
func (f *Failover) delivered(ctx context.Context, until term, r Ref) {
	switch err := f.done(ctx, until, r); {
	case errors.Is(err, ErrLost):
		f.count.lostLeases.Add(1)
	case err != nil:
		f.count.undone.Add(1)
	}
}

// reportAgain spaces the tries to report.
var reportAgain = FullJitter(50*time.Millisecond, time.Second)

// report calls the store until it has heard, or it isn't worth it any more. It
// returns nil, what wraps ErrLost, or the last failure.
func (f *Failover) report(ctx context.Context, what string, until term, do func(context.Context) error) error {
	for try := 0; ; try++ {
		err := f.callStore(ctx, what, do)
		if err == nil || errors.Is(err, ErrLost) {
			return err
		}
		wait := reportAgain.Delay(try, 0)
		if time.Now().Add(wait).After(until()) || !sleep(ctx, wait) {
			return err
		}
	}
}

// sleep reports whether d passed before ctx was done.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
