package web

import (
	"net"
	"net/http"
	"strconv"
	"strings"
)

// devPrefix begins the paths that are for this machine only.
const devPrefix = "/dev/"

// IsLocal reports whether a request was meant for a listener on loopback by
// somebody on this machine: its Host is a name of this machine, and no page of
// another site made a browser send it. The first doesn't hold for a page that
// points a name of its own here, the second for one that asks for the real name.
func IsLocal(r *http.Request) bool {
	return isLocalHost(r.Host) && isOwnFetch(r.Header)
}

// ByProxy reports whether a proxy has left its marks on a request. Who sent it
// to the proxy may be anywhere.
func ByProxy(r *http.Request) bool {
	for name := range r.Header {
		switch {
		case name == "Forwarded", name == "Via", name == "X-Real-Ip", strings.HasPrefix(name, "X-Forwarded-"):
			return true
		}
	}
	return false
}

func isLocalHost(hostport string) bool {
	host := hostport
	if name, port, err := net.SplitHostPort(hostport); err == nil {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return false
		}
		host = name
	} else if inner, ok := strings.CutPrefix(hostport, "["); ok {
		host = strings.TrimSuffix(inner, "]")
	}
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// isOwnFetch reports whether a page of this origin, or no page, made a browser
// send the request. What isn't a browser sends no such header.
func isOwnFetch(h http.Header) bool {
	switch h.Get("Sec-Fetch-Site") {
	case "", "none", "same-origin":
		return true
	default:
		return false
	}
}
