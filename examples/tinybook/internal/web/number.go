package web

import (
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

// PathID returns the id in the path of a request, and 0, which nothing has, for what
// isn't one or is spelled in another way.
func PathID(c *gin.Context) int64 {
	id, _ := Number(c.Param("id"))
	return id
}
