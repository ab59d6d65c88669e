package sms

import (
	"net"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

// Handler returns the handler of GET /dev/sms: the outbox as a list, newest
// first. It answers 404 to whoever isn't on this machine or comes through a
// proxy on it, to a Host that isn't a name of it, with which a page of another
// site would read codes after pointing its own name here, and to the pages of
// every other origin, also of those that may call the API.
func Handler(o *Outbox) gin.HandlerFunc {
	return web.Handle(http.StatusOK, "ok", func(c *gin.Context) ([]Message, error) {
		r := c.Request
		// A page of this origin sends no Origin with a GET.
		if !isLoopback(r.RemoteAddr) || !web.IsLocal(r) || web.ByProxy(r) || r.Header.Get("Origin") != "" {
			return nil, &web.Error{Status: http.StatusNotFound, Key: "not_found"}
		}
		return o.Messages(), nil
	})
}

func isLoopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
