package code

import (
	"errors"
	"net/http"
	"time"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/examples/tinybook/internal/fields"
	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
	"github.com/ycvk/tinybook/ratelimit"
)

// field is the form field that holds a code.
const field = "code"

// fullRetry is what a client is told when the cache has no room. A phone that
// asked for a code takes a place until its daily budget starts anew, so a full
// cache may stay full for up to a day; nobody knows when there will be room.
const fullRetry = 10 * time.Minute

// Left is the data of an answer to a wrong code.
type Left struct {
	Left int `json:"left"` // tries
}

// MapError maps the errors of this package and of the cache. Whoever shows a
// code that doesn't open the account isn't signed in: 401, whatever is wrong
// with the code. Whoever has to wait gets 429 and Retry-After.
func MapError(err error) *web.Error {
	if errors.Is(err, ErrNotSent) {
		return &web.Error{Status: http.StatusServiceUnavailable, Key: "not_sent", RetryAfter: time.Second, Err: err}
	}
	if errors.Is(err, cachex.ErrUnknown) {
		return &web.Error{Status: http.StatusServiceUnavailable, Key: "code_unknown", RetryAfter: time.Second, Err: err}
	}
	if errors.Is(err, ratelimit.ErrUnavailable) || errors.Is(err, ErrUnavailable) {
		return &web.Error{Status: http.StatusServiceUnavailable, Key: "unavailable", RetryAfter: time.Second, Err: err}
	}
	if limited, ok := errors.AsType[*LimitedError](err); ok {
		return &web.Error{Status: http.StatusTooManyRequests, Key: "too_many", RetryAfter: max(limited.RetryAfter, time.Second), Err: limited}
	}
	denied, ok := errors.AsType[*cachex.DeniedError](err)
	if !ok {
		return nil
	}
	switch {
	case errors.Is(denied, cachex.ErrTooSoon):
		return wait(http.StatusTooManyRequests, "too_soon", denied)
	case errors.Is(denied, cachex.ErrLocked):
		return wait(http.StatusTooManyRequests, "locked", denied)
	case errors.Is(denied, cachex.ErrFull):
		return &web.Error{Status: http.StatusServiceUnavailable, Key: "unavailable", RetryAfter: fullRetry, Err: denied}
	case errors.Is(denied, cachex.ErrMismatch):
		return refused("code_wrong", denied, fields.Fault{Field: field, Code: "wrong_code", Args: []any{denied.Left}})
	case errors.Is(denied, cachex.ErrTooMany):
		return refused("code_spent", denied, fields.Fault{Field: field, Code: "code_spent"})
	case errors.Is(denied, cachex.ErrNotFound):
		return refused("code_gone", denied, fields.Fault{Field: field, Code: "code_gone"})
	default:
		return nil
	}
}

func wait(status int, key string, denied *cachex.DeniedError) *web.Error {
	return &web.Error{Status: status, Key: key, RetryAfter: max(denied.RetryAfter, time.Second), Err: denied}
}

func refused(key string, denied *cachex.DeniedError, fault fields.Fault) *web.Error {
	return &web.Error{
		Status: http.StatusUnauthorized, Key: key, Err: denied,
		Fields: fields.Errors{fault}, Data: Left{Left: denied.Left},
	}
}
