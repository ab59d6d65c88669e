package ui

import (
	"net/url"
	"strings"
)

const (
	profilePath = "/profile"
	editPath    = "/profile/edit"
	opsPath     = "/ops"
	readPath    = "/read"
	writePath   = "/write"
	minePath    = "/mine"
)

// localPath returns next if it is a path of this site, and the profile page if
// it is anything else: another host, another scheme, or an address that a
// browser reads in another way than Go does.
func localPath(next string) string {
	if !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") {
		return profilePath
	}
	// Browsers read a backslash as a slash, and drop tabs and line ends.
	if strings.ContainsFunc(next, func(r rune) bool { return r == '\\' || r < ' ' || r == 0x7f }) {
		return profilePath
	}
	u, err := url.Parse(next)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil {
		return profilePath
	}
	return next
}

// withQuery returns the address u with one parameter set.
func withQuery(u *url.URL, key, value string) string {
	query := u.Query()
	query.Set(key, value)
	return u.EscapedPath() + "?" + query.Encode()
}
