package peers

import (
	"fmt"

	"github.com/ycvk/tinybook/cachex"
)

// An Impl is a store to compare.
type Impl struct {
	Name string
	Open func(capacity int) Store
}

// Impls returns the stores. The first is the one the others are compared with.
func Impls() []Impl {
	plain := cachex.Policy{TTL: ttl, MaxAttempts: tries}
	return []Impl{
		{"local", func(capacity int) Store { return openLocal(capacity, plain) }},
		{"local-budgets", func(capacity int) Store { return openLocal(capacity, cachex.DefaultPolicy()) }},
		{"guarded-theine", func(capacity int) Store {
			c, err := cachex.NewCodeTheineCache(cachex.WithPolicy("", plain), cachex.WithCapacity(capacity))
			if err != nil {
				panic(err)
			}
			return c
		}},
		{"theine", func(capacity int) Store { return newTheineStore(capacity) }},
		{"go-cache", func(int) Store { return newGoCacheStore() }},
	}
}

func openLocal(capacity int, p cachex.Policy) Store {
	c, err := cachex.NewCodeLocalCache(cachex.WithPolicy("", p), cachex.WithCapacity(capacity))
	if err != nil {
		panic(err)
	}
	return c
}

// Key returns the i-th of many recipients.
func Key(i int) cachex.Key {
	return cachex.Key{Biz: "login", To: fmt.Sprintf("+86138%08d", i)}
}
