package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/redis/go-redis/v9"
)

func checkClient(rdb redis.Scripter) error {
	if isNil(rdb) {
		return fmt.Errorf("%w: NewRedis: the client is nil (%T)", ErrInput, rdb)
	}
	if _, ok := rdb.(redis.Pipeliner); ok {
		return fmt.Errorf("%w: NewRedis: a %T queues calls and answers none of them, want a client", ErrInput, rdb)
	}
	return nil
}

// isNil reports whether v is nil or holds a pointer that is.
func isNil(v any) bool {
	r := reflect.ValueOf(v)
	return !r.IsValid() || r.Kind() == reflect.Pointer && r.IsNil()
}

// A reply is what a script answered.
type reply struct {
	numbers []int64
	err     error
}

// run calls script and returns what it answered, within the limiter's timeout
// and as long as ctx lasts. Without an answer the error is the cause of ctx's
// end, or else wraps [ErrUnavailable].
//
// The call has a goroutine of its own, since a client may sit in a read without
// looking at its context: go-redis does unless told otherwise. One that was left
// to itself ends when the client's own patience does; the client's pool bounds
// how many there are.
func (l *Redis) run(ctx context.Context, op string, script *redis.Script, keys []string, args []any) ([]int64, error) {
	if err := contextError(ctx); err != nil {
		return nil, err
	}
	bounded, cancel := context.WithTimeout(ctx, l.timeout)
	answer := make(chan reply, 1)
	go func() {
		numbers, err := eval(bounded, l.rdb, script, keys, args)
		answer <- reply{numbers, err}
	}()
	defer cancel()
	select {
	case r := <-answer:
		if r.err == nil {
			return r.numbers, nil
		}
		return nil, whyNot(ctx, op, r.err)
	case <-bounded.Done():
		return nil, whyNot(ctx, op, fmt.Errorf("nothing within %v: %w", l.timeout, bounded.Err()))
	}
}

// whyNot tells the end of the caller's patience from that of ours.
func whyNot(ctx context.Context, op string, err error) error {
	if err := contextError(ctx); err != nil {
		return err
	}
	return unavailable(op, err)
}

// eval is one round trip, or two when the server hasn't seen the script yet.
func eval(ctx context.Context, rdb redis.Scripter, script *redis.Script, keys []string, args []any) ([]int64, error) {
	answer, err := script.EvalSha(ctx, rdb, keys, args...).Result()
	if err != nil && redis.HasErrorPrefix(err, "NOSCRIPT") {
		answer, err = script.Eval(ctx, rdb, keys, args...).Result()
	}
	if err != nil && !errors.Is(err, redis.Nil) {
		return nil, err
	}
	return replyNumbers(answer)
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
