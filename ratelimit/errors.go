package ratelimit

import (
	"context"
	"errors"
	"fmt"
)

var (
	// ErrUnavailable is wrapped by the errors of calls that got no answer from
	// the shared store: it is down, it hangs, or it refuses. What the store or
	// the client said is wrapped too.
	ErrUnavailable = errors.New("ratelimit: no answer from the shared store")

	// ErrInput is wrapped by the errors of calls and constructors whose
	// arguments make no sense. Nothing was changed.
	ErrInput = errors.New("ratelimit: invalid argument")

	// ErrNever is wrapped by the errors of [Wait] when more is asked for than is
	// ever admitted at once.
	ErrNever = errors.New("ratelimit: no wait is long enough")
)

// checkCall returns why a call can't start: its arguments make no sense, or ctx
// is done.
func checkCall(ctx context.Context, key string, n int) error {
	if err := checkAsk(key, n); err != nil {
		return err
	}
	return contextError(ctx)
}

func checkAsk(key string, n int) error {
	switch {
	case key == "":
		return fmt.Errorf("%w: the key is empty", ErrInput)
	case n < 1:
		return fmt.Errorf("%w: n is %d: want 1 or more", ErrInput, n)
	}
	return nil
}

// contextError returns why ctx is done, both as its cause and as its Err.
func contextError(ctx context.Context) error {
	err := ctx.Err()
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); !errors.Is(cause, err) {
		return fmt.Errorf("ratelimit: %w: %w", err, cause)
	}
	return fmt.Errorf("ratelimit: %w", context.Cause(ctx))
}
