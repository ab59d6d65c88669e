package web

import (
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ycvk/tinybook/ratelimit"
)

// staticPrefix begins the paths of the files of pages.
const staticPrefix = "/static/"

// Address returns what counts as one client: an IPv4 address, or the /64
// network of an IPv6 address, of which one subscriber has all. What a proxy
// says counts only where the proxy is trusted.
func Address(c *gin.Context) string {
	ip, err := netip.ParseAddr(c.ClientIP())
	if err != nil { // gin knows no zones
		peer, err := netip.ParseAddrPort(c.Request.RemoteAddr)
		if err != nil {
			return "" // all that can't be told apart count together
		}
		ip = peer.Addr()
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() {
		return ip.String()
	}
	prefix, err := ip.Prefix(64)
	if err != nil {
		return ip.String()
	}
	return prefix.String()
}

// PerAddress returns a middleware that admits requests of a client address as l
// does, and tells clients with every answer how many they have left. The files
// of pages are free: they lie in memory, and to ask l would cost more than to
// send them. Where l can't decide, requests pass: it is the last that should
// take the site down.
func PerAddress(l ratelimit.Limiter) gin.HandlerFunc {
	return func(c *gin.Context) {
		if strings.HasPrefix(c.Request.URL.Path, staticPrefix) {
			return
		}
		r, err := l.Allow(c.Request.Context(), "address:"+Address(c))
		if err != nil {
			return // the request fails by itself where what it needs is away
		}
		ratelimit.SetHeaders(c.Writer.Header(), r)
		if !r.OK() {
			Fail(c, &Error{Status: http.StatusTooManyRequests, Key: "too_many", RetryAfter: max(r.RetryAfter, time.Second)})
		}
	}
}
