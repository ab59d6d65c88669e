package ratelimit

import (
	"context"
	"errors"
)

// decide answers a call to which Redis didn't: by the fail policy, unless the
// caller is to blame for it.
func (l *Redis) decide(ctx context.Context, q question, err error) (Result, error) {
	if ended := contextError(ctx); ended != nil {
		return Result{}, ended
	}
	r := Result{Source: Assumed}
	l.counts.unavailable.Add(1)
	switch l.fail.kind {
	case failOpen:
		r.Allowed = q.n
		return r, nil
	case failLocal:
		return l.decideLocally(ctx, q)
	case failClosed:
	}
	return r, err
}

func (l *Redis) decideLocally(ctx context.Context, q question) (r Result, err error) {
	switch local := l.fail.local; {
	case q.peeks():
		r, err = local.Peek(ctx, q.key)
	case q.least == q.n:
		r, err = local.AllowN(ctx, q.key, q.n)
	default:
		r, err = local.AllowAtMost(ctx, q.key, q.n)
	}
	if err == nil {
		r.Source = InProcess
	}
	return r, err
}

// heat lets the warm limiter see n hits that Redis admitted. Whether they fit
// there doesn't matter: if not, it is as full as can be. Nor does the end of ctx,
// for they are admitted already.
func (l *Redis) heat(ctx context.Context, key string, n int64) Receipt {
	if l.warm == nil {
		return Receipt{}
	}
	r, err := l.warm.AllowAtMost(context.WithoutCancel(ctx), key, int(n))
	if err != nil { // it can't be: key and n are what Redis took
		return Receipt{}
	}
	return r.Receipt
}

// unanswered counts a call that no policy decides if it had no answer, and
// returns its error.
func (l *Redis) unanswered(err error) error {
	if errors.Is(err, ErrUnavailable) {
		l.counts.unavailable.Add(1)
	}
	return err
}
