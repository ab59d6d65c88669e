package ratelimit

import (
	"context"
	"errors"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// run calls script and returns what it answered, within the limiter's timeout
// and as long as ctx lasts. Without an answer the error says why ctx is done, or
// else wraps [ErrUnavailable].
func (l *Redis) run(ctx context.Context, op string, script *redis.Script, keys []string, args []any) ([]int64, error) {
	if err := contextError(ctx); err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	eval := evalAside
	if l.punctual {
		eval = evalScript
	}
	numbers, err := eval(bounded, l.rdb, script, keys, args)
	if err != nil {
		return nil, whyNot(ctx, op, err)
	}
	return numbers, nil
}

// whyNot tells the end of the caller's patience from that of ours.
func whyNot(ctx context.Context, op string, err error) error {
	if err := contextError(ctx); err != nil {
		return err
	}
	return unavailable(op, err)
}

// evalScript is one round trip, or two when the server hasn't seen the script yet.
func evalScript(ctx context.Context, rdb redis.Scripter, script *redis.Script, keys []string, args []any) ([]int64, error) {
	answer, err := script.EvalSha(ctx, rdb, keys, args...).Result()
	if err != nil && redis.HasErrorPrefix(err, "NOSCRIPT") {
		answer, err = script.Eval(ctx, rdb, keys, args...).Result()
	}
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	return replyNumbers(answer)
}

// evalAside is evalScript in a goroutine of its own, which is left to itself when
// ctx ends: it ends when the client's own patience does. The client's pool bounds
// how many there are that wait for an answer.
func evalAside(ctx context.Context, rdb redis.Scripter, script *redis.Script, keys []string, args []any) ([]int64, error) {
	type answer struct {
		numbers []int64
		err     error
	}
	c := make(chan answer, 1)
	go func() {
		numbers, err := evalScript(ctx, rdb, script, keys, args)
		c <- answer{numbers, err}
	}()
	select {
	case a := <-c:
		return a.numbers, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// replyNumbers names an answer's type only: its content is not ours to print.
func replyNumbers(answer any) ([]int64, error) {
	if n, ok := answer.(int64); ok {
		return []int64{n}, nil
	}
	list, ok := answer.([]any)
	if !ok {
		return nil, fmt.Errorf("unexpected reply of type %T", answer)
	}
	numbers := make([]int64, len(list))
	for i, v := range list {
		if numbers[i], ok = v.(int64); !ok {
			return nil, fmt.Errorf("unexpected reply with a %T in it", v)
		}
	}
	return numbers, nil
}
