package sms

import (
	"net"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

// Handler returns the handler of GET /dev/sms: the outbox as a list, newest
// first. It answers 404 to anybody who isn't on this machine, and to a Host
// that isn't a name of it, with which a page of another site would read codes
// after pointing its own name here.
func Handler(o *Outbox) gin.HandlerFunc {
	return web.Handle(http.StatusOK, "ok", func(c *gin.Context) ([]Message, error) {
		if !isLoopback(c.Request.RemoteAddr) || !isLocalHost(c.Request.Host) {
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

func isLocalHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	if host == "localhost" || host == "[::1]" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}
