package web

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/ycvk/tinybook/examples/tinybook/internal/fields"
)

// StatusClientClosed is logged, and sent to nobody, when the client has gone.
const StatusClientClosed = 499

// An Error is a failure as the client sees it. Err is the cause: it is logged
// and never sent.
type Error struct {
	Status     int
	Key        string        // of the message
	Fields     fields.Errors // what is wrong with which field
	Data       any           // more that the client may use
	RetryAfter time.Duration // above 0: sent as Retry-After
	// Expected says that nothing has failed: the log has no error, whatever the
	// status is.
	Expected bool
	Err      error
}

// Error implements error.
func (e *Error) Error() string {
	text := fmt.Sprintf("%d %s", e.Status, e.Key)
	if len(e.Fields) > 0 {
		text += ": " + e.Fields.Error()
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// A Mapper turns an error of one domain into an [Error]. It returns nil for an
// error that it doesn't know.
type Mapper func(err error) *Error

// classify asks the mappers in turn. What nobody knows is an internal error,
// unless the client has gone or the request's time is over: what a database
// says then is seldom the error of the context. client is done when the client
// has gone; request has the deadline as well, and may have been canceled since.
func classify(client, request context.Context, err error, mappers []Mapper) *Error {
	if known, ok := errors.AsType[*Error](err); ok {
		return known
	}
	if faults, ok := errors.AsType[fields.Errors](err); ok {
		return &Error{Status: http.StatusUnprocessableEntity, Key: "invalid", Fields: faults}
	}
	for _, mapper := range mappers {
		if known := mapper(err); known != nil {
			return known
		}
	}
	switch {
	case client.Err() != nil:
		return &Error{Status: StatusClientClosed, Key: "canceled", Err: err}
	case errors.Is(request.Err(), context.DeadlineExceeded), errors.Is(err, context.DeadlineExceeded):
		return &Error{Status: http.StatusServiceUnavailable, Key: "timeout", RetryAfter: time.Second, Err: err}
	default:
		return &Error{Status: http.StatusInternalServerError, Key: "internal", Err: err}
	}
}

// A panicError carries a recovered panic to the log. Its text names the type
// of a value that is no runtime error, since the value may hold anything.
type panicError struct {
	value any
	stack string
}

func (p *panicError) Error() string {
	if err, ok := p.value.(interface{ RuntimeError() }); ok {
		return fmt.Sprintf("panic: %v", err)
	}
	return fmt.Sprintf("panic: %T", p.value)
}
