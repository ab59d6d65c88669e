package ratelimit

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// run calls script and returns what it answered, within the limiter's timeout
// and as long as ctx lasts. Without an answer the error says why ctx is done, or
// else wraps [ErrUnavailable].
func (l *Redis) run(ctx context.Context, op string, script *redis.Script, keys []string, args []any) (any, error) {
	return l.runWithin(ctx, l.timeout, op, script, keys, args)
}

// runWithin is run with a timeout of its own.
func (l *Redis) runWithin(ctx context.Context, d time.Duration, op string, script *redis.Script, keys []string, args []any) (any, error) {
	if err := contextError(ctx); err != nil {
		return nil, err
	}
	var answer any
	var err error
	if l.punctual {
		answer, err = evalScript(l.patience.begin(ctx, d), l.rdb, script, keys, args)
	} else {
		answer, err = evalAside(ctx, d, l.rdb, script, keys, args)
	}
	if err != nil {
		return nil, whyNot(ctx, op, err)
	}
	return answer, nil
}

// whyNot tells the end of the caller's patience from that of ours. A connection
// may give up at the caller's deadline a moment before the context does.
func whyNot(ctx context.Context, op string, err error) error {
	if end, ok := ctx.Deadline(); ok && !time.Now().Before(end) {
		moment := time.NewTimer(time.Second)
		defer moment.Stop()
		select {
		case <-ctx.Done():
		case <-moment.C: // a context of somebody's own making
		}
	}
	if err := contextError(ctx); err != nil {
		return err
	}
	return unavailable(op, err)
}

// evalScript is one round trip, or two when the server hasn't seen the script yet.
func evalScript(ctx context.Context, rdb redis.Scripter, script *redis.Script, keys []string, args []any) (any, error) {
	answer, err := script.EvalSha(ctx, rdb, keys, args...).Result()
	if err != nil && redis.HasErrorPrefix(err, "NOSCRIPT") {
		answer, err = script.Eval(ctx, rdb, keys, args...).Result()
	}
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	return answer, nil
}

// evalAside is evalScript in a goroutine of its own, which is left to itself after
// d or when ctx ends: it ends when the client's own patience does. The client's
// pool bounds how many there are that wait for an answer.
func evalAside(ctx context.Context, d time.Duration, rdb redis.Scripter, script *redis.Script, keys []string, args []any) (any, error) {
	type reply struct {
		answer any
		err    error
	}
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	c := make(chan reply, 1)
	go func() {
		answer, err := evalScript(ctx, rdb, script, keys, args)
		c <- reply{answer, err}
	}()
	select {
	case r := <-c:
		return r.answer, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
