package cachex_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/ycvk/tinybook/cachex"
)

// The README's first lines of code.
func Example_readme() {
	ctx, send := context.Background(), func(to, code string) error { return nil }
	typed := "not it"

	cache, err := cachex.NewCodeLocalCache() // or NewCodeRedisCache(client), for many pods
	if err != nil {
		panic(err)
	}
	key := cachex.Key{Biz: "login", To: "+8613800138000"}
	code, _ := cachex.Digits(6)()
	ticket, err := cache.Set(ctx, key, code) // refused: 60 s between sends, 5 an hour, 10 a day
	if err == nil {
		if err = send(key.To, code); err != nil {
			_, revokeErr := cache.Revoke(ctx, key, ticket.Gen) // the SMS never left: may be asked for again
			err = errors.Join(err, revokeErr)
		}
	}
	fmt.Println(err)
	fmt.Println(cache.Verify(ctx, key, typed)) // nil once; else what is wrong, and how many tries are left
	// Output:
	// <nil>
	// cachex: wrong code, 2 tries left
}
