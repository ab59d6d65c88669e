package cachex_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ycvk/tinybook/cachex"
)

// A login by SMS from the request for a code to its use.
func Example() {
	cache, err := cachex.NewCodeLocalCache()
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, k := context.Background(), cachex.Key{Biz: "login", To: "+8613800138000"}
	code, err := cachex.Digits(6)()
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = cache.Set(ctx, k, code)
	fmt.Println("set:", err)

	_, err = cache.Set(ctx, k, code)
	if d, ok := errors.AsType[*cachex.DeniedError](err); ok {
		fmt.Println("again:", d.Reason, "- wait", d.RetryAfter.Round(time.Second))
	}
	fmt.Println("wrong:", cache.Verify(ctx, k, "not it"))
	fmt.Println("right:", cache.Verify(ctx, k, code))
	fmt.Println("twice:", cache.Verify(ctx, k, code))
	// Output:
	// set: <nil>
	// again: cachex: sent too recently - wait 1m0s
	// wrong: cachex: wrong code, 2 tries left
	// right: <nil>
	// twice: cachex: no live code
}

// One policy for every purpose, and a stricter one for payments.
func ExampleNewCodeLocalCache() {
	strict := cachex.DefaultPolicy()
	strict.TTL = 2 * time.Minute
	strict.MaxAttempts = 1
	cache, err := cachex.NewCodeLocalCache(
		cachex.WithPolicy("pay", strict),
		cachex.WithCapacity(10_000),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	for _, biz := range []string{"login", "pay"} {
		k := cachex.Key{Biz: biz, To: "+8613800138000"}
		if _, err := cache.Set(ctx, k, "271828"); err != nil {
			fmt.Println(err)
		}
		fmt.Println(biz, "-", cache.Verify(ctx, k, "314159"))
	}
	fmt.Println(cache.Stats().Records, "records")
	// Output:
	// login - cachex: wrong code, 2 tries left
	// pay - cachex: wrong code, 0 tries left
	// 2 records
}

func ExampleNewCodeLocalCache_invalid() {
	_, err := cachex.NewCodeLocalCache(
		cachex.WithPepper([]byte("short")),
		cachex.WithPolicy("login", cachex.Policy{TTL: time.Minute}),
	)
	fmt.Println(err)
	// Output:
	// cachex: WithPepper: key 0 has 5 bytes, want 16 or more
	// cachex: WithPolicy("login"): Policy.MaxAttempts is 0, want 1 to 65535
}

func ExampleNewCodeTheineCache() {
	cache, err := cachex.NewCodeTheineCache(cachex.WithCapacity(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer cache.Close()
	for _, to := range []string{"+8613800138000", "+8613800138001"} {
		_, err := cache.Set(context.Background(), cachex.Key{Biz: "login", To: to}, "271828")
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// cachex: cache is full
}

// The message failed, so neither the pause nor the budget should hold it
// against the recipient.
func ExampleCodeCache_revoke() {
	cache, err := cachex.NewCodeLocalCache()
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, k := context.Background(), cachex.Key{Biz: "login", To: "+8613800138000"}
	ticket, err := cache.Set(ctx, k, "271828")
	if err != nil {
		fmt.Println(err)
		return
	}
	revoked, err := cache.Revoke(ctx, k, ticket.Gen)
	fmt.Println(revoked, err)
	_, err = cache.Set(ctx, k, "314159")
	fmt.Println("set again:", err)
	// Output:
	// true <nil>
	// set again: <nil>
}

func ExampleDigits() {
	code, err := cachex.Digits(6)()
	fmt.Println(len(code), err)

	_, err = cachex.Digits(0)()
	fmt.Println(errors.Is(err, cachex.ErrInput))
	// Output:
	// 6 <nil>
	// true
}
