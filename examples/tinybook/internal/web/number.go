package web

import (
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"
)

// Number returns the number, from 0 on, that text is in its plain form, and reports
// whether it is one: one number has one spelling, or one thing would have many
// addresses.
func Number(text string) (n int64, ok bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != text {
		return 0, false
	}
	return n, true
}

// PlainIDs is a middleware for which nothing is there under an id in a path that is
// no [Number]. It is one for all routes, so that none forgets it.
func PlainIDs(c *gin.Context) {
	if id, ok := c.Params.Get("id"); ok {
		if _, ok := Number(id); !ok {
			Fail(c, &Error{Status: http.StatusNotFound, Key: "not_found"})
		}
	}
}
