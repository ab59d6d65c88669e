package smsfailover

import (
	"context"
	"errors"
	"fmt"
	"time"
)

var (
	errPoison = errors.New("smsfailover: too many workers died over it")
	errOld    = errors.New("smsfailover: queued for too long")
)

// work sends one claimed message and reports what came of it.
func (r *runner) work(ctx context.Context, c *claim) {
	send, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if !r.leases.begin(c, cancel, time.Now().Add(r.cfg.sendTimeout+r.cfg.lease)) {
		r.count.lostLeases.Add(1)
		return
	}
	res := r.attempt(send, &c.job)
	r.leases.sent(c, time.Now().Add(r.cfg.lease))
	r.settle(ctx, c, res)
}

// attempt tries a message if it is worth it.
func (r *runner) attempt(ctx context.Context, j *Job) result {
	if past(&j.Message) {
		return result{verdict: expired, err: ErrExpired}
	}
	// Of the claims that weren't released, this is one, and each failed attempt
	// was one; no worker came back from the others.
	died := j.Claims - 1 - j.Attempt
	switch {
	case died >= r.cfg.maxClaims:
		return result{verdict: hopeless, err: fmt.Errorf("%w: %d", errPoison, died)}
	case r.cfg.maxAge > 0 && time.Since(j.Enqueued) > r.cfg.maxAge:
		return result{verdict: hopeless, err: errOld}
	}
	if err := unseal(r.cfg.sealer, j); err != nil {
		return result{verdict: hopeless, err: err}
	}
	res := r.try(ctx, ctx, &j.Message, time.Time{})
	for end := time.Now().Add(patience); res.short() && time.Now().Before(end) && sleep(ctx, res.after); {
		res = r.try(ctx, ctx, &j.Message, time.Time{})
	}
	if died > 0 && (res.verdict == taken || res.verdict == failed) {
		r.count.reclaimed.Add(1)
	}
	return res
}

// The store has less to do if a worker waits for a limiter that wants little more
// than a moment between two messages.
const (
	moment   = 100 * time.Millisecond
	patience = time.Second
)

// short reports whether it is only the limiter, and only for a moment.
func (r result) short() bool {
	return r.verdict == held && r.after <= moment && errors.Is(r.err, errLimited)
}

// settle reports a result.
func (r *runner) settle(ctx context.Context, c *claim, res result) {
	j := &c.job
	until := func() time.Time { return r.leases.end(c) }
	switch res.verdict {
	case taken:
		r.pace.went()
		r.delivered(ctx, until, j.Ref())
		r.count.delivered.Add(1)
		call(r.cfg.hooks.OnDelivered, newEvent(&j.Message, j.Attempt))
	case failed:
		r.pace.went()
		r.settleFailed(ctx, until, j, res.err)
	case held:
		r.settleReleased(ctx, until, j, r.pace.after(res.after))
	case refused:
		c.refusedFor = max(res.after, minDuration)
		r.settleReleased(ctx, until, j, 0)
	case hopeless:
		r.settleBuried(ctx, until, j, res.err)
	case expired:
		r.settleExpired(ctx, until, c)
	case gaveUp: // another worker has it
		r.count.lostLeases.Add(1)
	}
}

// heard reports whether the store took a report.
func (r *runner) heard(err error) bool {
	if errors.Is(err, ErrLost) {
		r.count.lostLeases.Add(1)
	}
	return err == nil
}

func (r *runner) settleFailed(ctx context.Context, until term, j *Job, why error) {
	delay, ok := r.nextDelay(j.Attempt+1, j.Prev)
	if !ok {
		j.Attempt++
		r.settleBuried(ctx, until, j, why)
		return
	}
	if !r.heard(r.retry(ctx, until, j.Ref(), delay, cause(why))) {
		return
	}
	r.count.retried.Add(1)
	ev := newEvent(&j.Message, j.Attempt+1)
	ev.After, ev.Cause = delay, cause(why)
	call(r.cfg.hooks.OnRetry, ev)
}

// settleExpired forgets a message. But one that was still good when it was claimed
// is claimed anew first: a Duplicate may have prolonged it since, and was told that
// it is as good as sent. What remains is the moment from that claim to the report.
func (r *runner) settleExpired(ctx context.Context, until term, c *claim) {
	j := &c.job
	if c.claimed.Before(j.NotAfter) {
		r.settleReleased(ctx, until, j, 0)
		r.alarm.ring(0)
		return
	}
	if r.heard(r.done(ctx, until, j.Ref())) {
		r.count.expired.Add(1)
		call(r.cfg.hooks.OnExpired, newEvent(&j.Message, j.Attempt))
	}
}

func (r *runner) settleReleased(ctx context.Context, until term, j *Job, after time.Duration) {
	if r.heard(r.release(ctx, until, after, j.Ref())) {
		r.count.released.Add(1)
	}
}

func (r *runner) settleBuried(ctx context.Context, until term, j *Job, why error) {
	if r.heard(r.bury(ctx, until, j.Ref(), cause(why))) {
		r.buried(j, why)
	}
}
