package ratelimit

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// A question is a call about the hits of one key. Of n hits all that have room
// are wanted, but none if those are fewer than least; a Peek wants more than it
// asks for, and so gets none.
type question struct {
	op, key  string
	n, least int
	within   time.Duration // how long there is for it
}

func (q question) peeks() bool { return q.least > q.n }

// single reports whether the call is for one hit, which can be folded and whose
// refusal can be remembered.
func (q question) single() bool { return q.n == 1 && q.least == 1 }

// ask answers q from the deny cache, from Redis, or by the fail policy.
func (l *Redis) ask(ctx context.Context, q question) (Result, error) {
	q.within = l.timeout
	if err := checkCall(ctx, q.key, q.n); err != nil {
		return Result{}, err
	}
	if err := checkName("key", q.key); err != nil {
		return Result{}, err
	}
	if q.single() {
		if r, ok := l.deny.refused(q.key); ok {
			l.counts.cached.Add(1)
			return r, nil
		}
		if l.fold != nil {
			return l.fold.ask(ctx, q)
		}
	}
	r, err := l.send(ctx, q)
	if err != nil {
		return l.decide(ctx, q, err)
	}
	return r, nil
}

// send asks Redis.
func (l *Redis) send(ctx context.Context, q question) (Result, error) {
	asked := l.deny.begin(q.key)
	script, args := l.scripts.take, []any{q.n, q.least}
	if q.single() {
		script, args = l.scripts.single, nil
	}
	v, err := l.verdict(ctx, script, q, args)
	if err != nil {
		return Result{}, err
	}
	r := v.result(l.cells)
	r.Allowed = int(v.got)
	if q.peeks() && r.RetryAfter == 0 {
		r.Allowed = 1
	}
	if v.got > 0 {
		r.Receipt = l.receipt("", q.key, l.cells, v, hits{count: v.got, of: v.got}, l.heat(ctx, q.key, v.got))
	} else if q.single() {
		l.deny.remember(asked, q.key, r)
	}
	return r, nil
}

func (l *Redis) verdict(ctx context.Context, script *redis.Script, q question, args []any) (verdict, error) {
	answer, err := l.runWithin(ctx, q.within, q.op, script, l.names(q.key), args)
	if err != nil {
		return verdict{}, err
	}
	return l.read(q.op, answer, len(l.cells), q.n)
}

// read takes an answer apart, and counts what it says of the state.
func (l *Redis) read(op string, answer any, cells, n int) (verdict, error) {
	v, err := parseVerdict(answer, cells, int64(n))
	if err != nil {
		return verdict{}, unavailable(op, err)
	}
	if v.healed > 0 {
		l.counts.healed.Add(uint64(v.healed))
	}
	if v.clamped > 0 {
		l.counts.clamped.Add(uint64(v.clamped))
	}
	return v, nil
}
