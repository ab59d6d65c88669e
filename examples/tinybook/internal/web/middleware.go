package web

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// policy admits what this origin serves and nothing inline.
const policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

// The headers in which an answer carries tokens.
const (
	AccessHeader  = "X-Jwt-Token"
	RefreshHeader = "X-Refresh-Token"
)

// headers sets what protects a browser on every answer.
func headers(secure bool) gin.HandlerFunc {
	return func(c *gin.Context) {
		h := c.Writer.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		if secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		c.Next()
	}
}

// clientKey holds the context of a request without the limit on its time.
const clientKey = "tinybook/client"

// Client returns a context that is done when the client has gone, for an answer
// that has no end: the request's own is done after the time that a request may
// take.
func Client(c *gin.Context) context.Context {
	if ctx, ok := c.Value(clientKey).(context.Context); ok {
		return ctx
	}
	return c.Request.Context()
}

// bound limits what one request may take: bytes of its body, and time.
func bound(body int64, timeout time.Duration) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Set(clientKey, c.Request.Context())
		ctx, cancel := context.WithTimeout(c.Request.Context(), timeout)
		defer cancel()
		c.Request = c.Request.WithContext(ctx)
		c.Set(bodyKey, sized{c.Request.Body, body})
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, body)
		c.Next()
	}
}

// bodyKey holds the body of a request without the limit on its bytes.
const bodyKey = "tinybook/body"

// sized is a body and how many bytes of it are read at most.
type sized struct {
	io.ReadCloser
	most int64
}

// Room lets bodies have so many bytes, for what doesn't fit into the limit of the
// site. A limit that is higher stays.
func Room(bytes int64) gin.HandlerFunc {
	return func(c *gin.Context) {
		if body, ok := c.Value(bodyKey).(sized); ok && body.most < bytes {
			c.Request.Body = http.MaxBytesReader(c.Writer, body.ReadCloser, bytes)
		}
		c.Next()
	}
}

// cors lets the pages of exactly these origins call the API with cookies. A
// preflight of any other origin is refused. What is for this machine only is
// for no other origin.
func cors(origins []string) gin.HandlerFunc {
	allowed := make(map[string]bool, len(origins))
	for _, origin := range origins {
		allowed[origin] = true
	}
	return func(c *gin.Context) {
		h := c.Writer.Header()
		h.Add("Vary", "Origin")
		origin := c.GetHeader("Origin")
		preflight := c.Request.Method == http.MethodOptions && c.GetHeader("Access-Control-Request-Method") != ""
		if !allowed[origin] || strings.HasPrefix(c.Request.URL.Path, devPrefix) {
			if origin != "" && preflight {
				Fail(c, &Error{Status: http.StatusForbidden, Key: "cross_origin"})
			}
			return
		}
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Allow-Credentials", "true")
		h.Set("Access-Control-Expose-Headers", strings.Join([]string{AccessHeader, RefreshHeader, requestIDHeader, "Retry-After", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"}, ", "))
		if preflight {
			h.Set("Access-Control-Allow-Methods", "GET, POST")
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Accept-Language, "+requestIDHeader)
			h.Set("Access-Control-Max-Age", "600")
			c.AbortWithStatus(http.StatusNoContent)
		}
	}
}

// sameOrigin refuses unsafe requests that a page of another site makes a
// browser send. A Bearer token is proof that the client meant it: no other
// site can add one.
func sameOrigin(protection *http.CrossOriginProtection) gin.HandlerFunc {
	return func(c *gin.Context) {
		if _, ok := Bearer(c.Request); ok {
			return
		}
		if err := protection.Check(c.Request); err != nil {
			Fail(c, &Error{Status: http.StatusForbidden, Key: "cross_origin"})
		}
	}
}

// Bearer returns the token of the Authorization header, and reports whether
// the header has one. It may be empty: who sends that means to be known by it,
// and not by a cookie.
func Bearer(r *http.Request) (string, bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	return strings.TrimSpace(token), true
}
