package ratelimit

// A FailPolicy says what a Redis limiter answers when Redis doesn't. Its zero
// value is FailClosed's.
type FailPolicy struct {
	open  bool
	local Limiter
}

// FailClosed refuses: Allowed is 0, and the error wraps [ErrUnavailable]. It is
// the default.
func FailClosed() FailPolicy { return FailPolicy{} }

// FailOpen admits whatever is asked, with a nil error and Source [Assumed].
func FailOpen() FailPolicy { return FailPolicy{open: true} }

// FailLocal lets l decide, with Source [InProcess].
func FailLocal(l Limiter) FailPolicy { return FailPolicy{local: l} }
