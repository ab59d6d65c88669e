package web

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	requestIDHeader = "X-Request-Id"
	requestIDKey    = "tinybook/requestID"
	uidKey          = "tinybook/uid"
	maxRequestID    = 64
)

// requestID takes the id that a proxy gave the request, if it looks like one,
// and draws one otherwise.
func requestID(c *gin.Context) {
	id := c.GetHeader(requestIDHeader)
	if !saneID(id) {
		id = rand.Text()
	}
	c.Set(requestIDKey, id)
	c.Header(requestIDHeader, id)
	c.Next()
}

func saneID(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for _, r := range []byte(id) {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '_', r == '-':
		default:
			return false
		}
	}
	return true
}

// RequestID returns the id of the request, which every log line about it has.
func RequestID(c *gin.Context) string { return c.GetString(requestIDKey) }

// SetUID names the user in the log lines about the request.
func SetUID(c *gin.Context, uid int64) { c.Set(uidKey, uid) }

// UID returns the user of the request, and 0 for nobody.
func UID(c *gin.Context) int64 { return c.GetInt64(uidKey) }

// route returns the pattern of the route, never the path: a path is the
// client's and may hold anything.
func route(c *gin.Context) string {
	if pattern := c.FullPath(); pattern != "" {
		return pattern
	}
	return "unmatched"
}

// access logs each request in one line after it was answered, and a failure
// with what [Errors] left about it. The client's mistakes and refusals that are
// meant are no warning: a client can make any number of them.
func access(log *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		start := time.Now()
		c.Next()
		level, text, status := slog.LevelInfo, "request", c.Writer.Status()
		failed, ok := c.Value(failureKey).(failure)
		if ok {
			text, status = "request failed", failed.status
		}
		if ok && status >= http.StatusInternalServerError && !failed.expected {
			level = slog.LevelError
		}
		attrs := []slog.Attr{
			slog.String("method", method(c.Request)),
			slog.String("route", route(c)),
			slog.Int("status", status),
			slog.Duration("took", time.Since(start)),
			slog.String("request_id", RequestID(c)),
			slog.Int64("uid", UID(c)),
		}
		if ok {
			attrs = append(attrs, slog.String("error", failed.err.Error()))
		}
		if p, ok := errors.AsType[*panicError](failed.err); ok {
			attrs = append(attrs, slog.String("stack", p.stack))
		}
		log.LogAttrs(c.Request.Context(), level, text, attrs...)
	}
}

// failureKey holds the failure of a request, if it failed.
const failureKey = "tinybook/failure"

type failure struct {
	err      error
	status   int // that the client should have seen; it may have been too late
	expected bool
}

// Errors answers every request that failed, by a handler's error or by a
// panic, and leaves the failure for the line in the log.
func Errors(mappers []Mapper) gin.HandlerFunc {
	return func(c *gin.Context) {
		gone := c.Request.Context() // done when the client has gone; later ones have a deadline
		defer func() {
			if v := recover(); v != nil {
				if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
					panic(v)
				}
				fail(gone, c, mappers, &panicError{value: v, stack: string(debug.Stack())})
			}
		}()
		c.Next()
		if last := c.Errors.Last(); last != nil {
			fail(gone, c, mappers, last.Err)
		}
	}
}

func fail(gone context.Context, c *gin.Context, mappers []Mapper, err error) {
	known := classify(gone, c.Request.Context(), err, mappers)
	c.Set(failureKey, failure{err: err, status: known.Status, expected: known.Expected})
	c.Abort()
	if c.Writer.Written() {
		return
	}
	if known.RetryAfter > 0 {
		c.Header("Retry-After", retryAfter(known.RetryAfter))
	}
	if !writePage(c, known.Status) {
		writeError(c, known)
	}
}

// method bounds what a client can put into logs and metrics.
func method(r *http.Request) string {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
		http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return r.Method
	default:
		return "other"
	}
}
