package code_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/examples/tinybook/internal/code"
	"github.com/ycvk/tinybook/ratelimit"
)

func TestMapError(t *testing.T) {
	for _, tc := range []struct {
		name   string
		err    error
		status int
		wait   time.Duration
	}{
		{"too soon", &cachex.DeniedError{Reason: cachex.ErrTooSoon, RetryAfter: time.Minute}, http.StatusTooManyRequests, time.Minute},
		{"locked", &cachex.DeniedError{Reason: cachex.ErrLocked, RetryAfter: time.Hour}, http.StatusTooManyRequests, time.Hour},
		// Nobody knows when there will be room; a second it is not.
		{"full", &cachex.DeniedError{Reason: cachex.ErrFull}, http.StatusServiceUnavailable, 10 * time.Minute},
		{"wrong", &cachex.DeniedError{Reason: cachex.ErrMismatch, Left: 1}, http.StatusUnauthorized, 0},
		{"not sent", code.ErrNotSent, http.StatusServiceUnavailable, time.Second},
		{"limited", &code.LimitedError{Scope: "phone", RetryAfter: time.Hour}, http.StatusTooManyRequests, time.Hour},
		{"no store", code.ErrUnavailable, http.StatusServiceUnavailable, time.Second},
		{"no limits", ratelimit.ErrUnavailable, http.StatusServiceUnavailable, time.Second},
	} {
		got := code.MapError(fmt.Errorf("code: %w", tc.err))
		if got == nil || got.Status != tc.status || got.RetryAfter != tc.wait {
			t.Errorf("%s: %v, want status %d and Retry-After %v", tc.name, got, tc.status, tc.wait)
		}
	}
}
