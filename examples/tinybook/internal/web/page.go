package web

import (
	"strings"

	"github.com/gin-gonic/gin"
)

// pageKey holds the function of [ErrorPages].
const pageKey = "tinybook/errorPage"

// A PageFunc answers with a page for people that says what the status means. It
// reports whether it did.
type PageFunc func(c *gin.Context, status int) bool

// ErrorPages makes the requests behind it fail with a page where the client
// would rather have HTML than JSON. The API answers with envelopes only.
func ErrorPages(page PageFunc) gin.HandlerFunc {
	return func(c *gin.Context) {
		if !isAPI(c.Request.URL.Path) {
			c.Set(pageKey, page)
		}
	}
}

func isAPI(path string) bool {
	for _, prefix := range []string{"/users/", "/articles/", "/ops/", devPrefix} {
		if strings.HasPrefix(path, prefix) {
			return true
		}
	}
	return false
}

func writePage(c *gin.Context, status int) bool {
	page, ok := c.Value(pageKey).(PageFunc)
	if !ok {
		return false
	}
	c.Writer.Header().Add("Vary", "Accept")
	return c.NegotiateFormat(gin.MIMEJSON, gin.MIMEHTML) == gin.MIMEHTML && page(c, status)
}
