package ratelimit

import (
	"fmt"
	"reflect"

	"github.com/redis/go-redis/v9"
)

func checkClient(rdb redis.Scripter) error {
	if isNil(rdb) {
		return fmt.Errorf("%w: NewRedis: the client is nil (%T)", ErrInput, rdb)
	}
	if _, ok := rdb.(redis.Pipeliner); ok {
		return fmt.Errorf("%w: NewRedis: a %T queues calls and answers none of them, want a client", ErrInput, rdb)
	}
	return nil
}

// isNil reports whether v is nil or holds a pointer that is.
func isNil(v any) bool {
	r := reflect.ValueOf(v)
	return !r.IsValid() || r.Kind() == reflect.Pointer && r.IsNil()
}

// punctual returns a client that ends a call with its context's deadline, and
// true, or rdb and false.
//
// A client of go-redis reads for as long as its ReadTimeout says, unless it was
// made with ContextTimeoutEnabled. A single one has copies over the same
// connections, and a copy can have other options. Of a cluster's there is none.
func punctual(rdb redis.Scripter) (redis.Scripter, bool) {
	switch c := rdb.(type) {
	case *redis.Client:
		if c.Options().ContextTimeoutEnabled {
			return c, true
		}
		mine := c.WithTimeout(c.Options().ReadTimeout)
		if mine.Options() == c.Options() {
			return c, false
		}
		mine.Options().ContextTimeoutEnabled = true
		return mine, mine.Options().ContextTimeoutEnabled
	case *redis.ClusterClient:
		return c, c.Options().ContextTimeoutEnabled
	}
	return rdb, false
}
