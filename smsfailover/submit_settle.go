package smsfailover

import (
	"context"
	"time"
)

// settleStored tells the store what came of an entry that is claimed by this
// call, and settles it. What the store doesn't hear the end of the lease makes
// good, so a failure there is no error to the caller.
func (f *Failover) settleStored(ctx context.Context, e *entry, r result) {
	ctx = context.WithoutCancel(ctx)
	until := within(min(f.cfg.callTimeout, time.Until(e.until)))
	switch r.verdict {
	case taken:
		f.delivered(ctx, until, e.ref)
		e.settle(Delivered)
		call(f.cfg.hooks.OnDelivered, newEvent(&e.m, 0))
	case hopeless:
		// A dead letter, since its IdemKey is taken: a later message with the
		// same key is a Duplicate of something that can be found.
		_ = f.bury(ctx, until, e.ref, cause(r.err))
		e.reject(r.err)
	case expired:
		_ = f.done(ctx, until, e.ref)
		e.reject(r.err)
	default:
		f.putBack(ctx, until, e, r)
		return // it is still there
	}
	f.gauge.leave(e.look)
}

// putBack leaves an entry to the workers.
func (f *Failover) putBack(ctx context.Context, until term, e *entry, r result) {
	switch r.verdict {
	case failed:
		_ = f.retry(ctx, until, e.ref, r.after, cause(r.err))
	case held:
		_ = f.release(ctx, until, r.after, e.ref)
	default:
		r.after = 0
		_ = f.release(ctx, until, 0, e.ref)
	}
	f.alarm.ring(r.after)
	e.rest = r
	e.settle(Queued)
	f.tellQueued(e)
}

func (f *Failover) tellQueued(e *entry) {
	ev := newEvent(&e.m, e.attempts)
	ev.After, ev.Cause = e.rest.after, cause(e.rest.err)
	call(f.cfg.hooks.OnQueued, ev)
}
