package ratelimit

import (
	"fmt"
	"strings"
)

// maxKey is how long a key or a tag of a Redis limiter may be, in bytes.
const maxKey = 1024

// checkName refuses what can't be a key or a tag of a Redis limiter. The name
// may be a phone number, so the error has its length at most.
func checkName(what, s string) error {
	if s == "" {
		return fmt.Errorf("%w: the %s is empty", ErrInput, what)
	}
	if len(s) > maxKey {
		return fmt.Errorf("%w: the %s has %d bytes, want at most %d", ErrInput, what, len(s), maxKey)
	}
	return nil
}

var braces = strings.NewReplacer("%", "%25", "{", "%7B", "}", "%7D")

// escape returns s without braces, which would end a hash tag. No two strings
// become one.
func escape(s string) string {
	for i := range len(s) {
		if c := s[i]; c == '%' || c == '{' || c == '}' {
			return braces.Replace(s)
		}
	}
	return s
}
