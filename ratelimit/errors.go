package ratelimit

import "errors"

var (
	// ErrUnavailable is wrapped by the errors of calls that got no answer from
	// the shared store: it is down, it hangs, or it refuses. What the store or
	// the client said is wrapped too.
	ErrUnavailable = errors.New("ratelimit: no answer from the shared store")

	// ErrInput is wrapped by the errors of calls and constructors whose
	// arguments make no sense. Nothing was changed.
	ErrInput = errors.New("ratelimit: invalid argument")
)
