package smsfailover

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// submitWave settles every entry of a wave, whose lanes are different ones.
func (f *Failover) submitWave(ctx context.Context, wave []entry) {
	if err := f.lanes.enter(ctx, wave); err != nil {
		rejectAll(unsettled(wave), err)
		return
	}
	defer f.lanes.leave(wave)
	for i := range wave {
		if past(&wave[i].m) {
			wave[i].reject(ErrExpired)
		}
	}
	if first := f.mustStoreFirst(ctx, wave); len(first) > 0 {
		f.storeFirst(ctx, first)
	}
	f.tryAll(ctx, wave)
	if rest := unsettled(wave); len(rest) > 0 {
		f.queue(ctx, rest)
	}
}

func rejectAll(entries []*entry, err error) {
	for _, e := range entries {
		e.reject(err)
	}
}

func unsettled(wave []entry) []*entry {
	var out []*entry
	for i := range wave {
		if !wave[i].settled {
			out = append(out, &wave[i])
		}
	}
	return out
}

// mustStoreFirst returns the entries that may not go straight to the provider:
// those with an IdemKey, and all of them unless the queue is known to be empty.
func (f *Failover) mustStoreFirst(ctx context.Context, wave []entry) []*entry {
	var out []*entry
	straight := false
	for i := range wave {
		switch e := &wave[i]; {
		case e.settled:
		case e.m.IdemKey != "":
			out = append(out, e)
		default:
			straight = true
		}
	}
	if !straight {
		return out
	}
	if empty, err := f.gauge.empty(ctx); err == nil && empty {
		return out
	}
	// If the store can't say, storing is what tells the caller that it fails.
	return unsettled(wave)
}

// tryAll tries what is not settled, some at once.
func (f *Failover) tryAll(ctx context.Context, wave []entry) {
	if len(wave) == 1 {
		f.tryEntry(ctx, &wave[0])
		return
	}
	var wg sync.WaitGroup
	free := make(chan struct{}, f.cfg.workers)
	for _, e := range unsettled(wave) {
		free <- struct{}{}
		wg.Go(func() {
			defer func() { <-free }()
			f.tryEntry(ctx, e)
		})
	}
	wg.Wait()
}

func (f *Failover) tryEntry(ctx context.Context, e *entry) {
	if e.settled {
		return
	}
	r := f.tryUntil(ctx, e)
	switch {
	case r.verdict == failed:
		e.attempts = 1
		r = f.afterFirst(r)
	case r.verdict == held && !e.m.NotAfter.IsZero() && !time.Now().Add(r.after).Before(e.m.NotAfter):
		r = result{verdict: expired, err: fmt.Errorf("%w by the time it may go: %w", ErrExpired, r.err)}
	}
	if e.stored {
		f.settleStored(ctx, e, r)
		return
	}
	switch r.verdict {
	case taken:
		e.settle(Delivered)
		call(f.cfg.hooks.OnDelivered, newEvent(&e.m, 0))
	case failed, held, refused:
		e.rest = r
	case hopeless, expired, gaveUp:
		e.reject(r.err)
	}
}

// tryUntil tries a message if its claim, if it has one, lasts long enough.
func (f *Failover) tryUntil(ctx context.Context, e *entry) result {
	if e.stored && time.Until(e.until) < f.cfg.sendTimeout {
		return result{verdict: gaveUp, err: errNoTime}
	}
	return f.try(ctx, context.WithoutCancel(ctx), &e.m, e.until)
}

var errNoTime = errors.New("smsfailover: left to the workers")

// afterFirst says when the first retry is, or that there is none.
func (f *Failover) afterFirst(r result) result {
	delay, ok := f.nextDelay(1, 0)
	if !ok {
		return result{verdict: hopeless, err: r.err}
	}
	r.after = delay
	return r
}

// nextDelay returns how long a message waits that has failed so often, or that
// its attempts are spent.
func (f *Failover) nextDelay(attempts int, prev time.Duration) (time.Duration, bool) {
	if attempts >= f.cfg.maxAttempts {
		return 0, false
	}
	delay := f.cfg.backoff.Delay(attempts-1, prev)
	return max(delay, minDuration), delay >= 0
}
