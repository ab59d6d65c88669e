package cachex_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/ycvk/tinybook/cachex"
)

func ExampleNewCodeRedisCache() {
	server, err := miniredis.Run() // in the place of a real Redis
	if err != nil {
		panic(err)
	}
	defer server.Close()
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr()})
	defer rdb.Close()

	codes, err := cachex.NewCodeRedisCache(rdb, cachex.WithPepper([]byte("a secret of 16 bytes or more")))
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	login := cachex.Key{Biz: "login", To: "+8613800138000"}
	if _, err := codes.Set(ctx, login, "271828"); err != nil {
		panic(err)
	}
	_, err = codes.Set(ctx, login, "271828")
	fmt.Println("again at once:", errors.Is(err, cachex.ErrTooSoon))
	fmt.Println(codes.Verify(ctx, login, "314159"))
	fmt.Println(codes.Verify(ctx, login, "271828"))
	fmt.Println(codes.Verify(ctx, login, "271828"))
	// Output:
	// again at once: true
	// cachex: wrong code, 2 tries left
	// <nil>
	// cachex: no live code
}

func ExampleNewFallback() {
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1})
	defer rdb.Close()
	primary, err := cachex.NewCodeRedisCache(rdb)
	if err != nil {
		panic(err)
	}
	backup, err := cachex.NewCodeLocalCache()
	if err != nil {
		panic(err)
	}
	codes, err := cachex.NewFallback(primary, backup, cachex.WithOnSwitch(func(error) {
		fmt.Println("Redis is down")
	}))
	if err != nil {
		panic(err)
	}

	server.Close()
	ctx := context.Background()
	login := cachex.Key{Biz: "login", To: "+8613800138000"}
	if _, err := codes.Set(ctx, login, "271828"); err != nil {
		panic(err)
	}
	fmt.Println(codes.Verify(ctx, login, "271828"))
	// Output:
	// Redis is down
	// <nil>
}
