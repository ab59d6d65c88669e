package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/ycvk/tinybook/ratelimit"
)

// exampleClient stands for the client that a service has anyway.
func exampleClient() (rdb *redis.Client, stop func()) {
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	return redis.NewClient(&redis.Options{Addr: server.Addr()}), server.Close
}

// Three codes per minute and five per hour, counted across all processes.
func ExampleNewRedis() {
	rdb, stop := exampleClient()
	defer stop()
	codes, err := ratelimit.NewRedis(rdb, ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerMinute(3), ratelimit.PerHour(5)})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	for range 4 {
		r, err := codes.Allow(ctx, "+8613800138000")
		if err != nil {
			panic(err)
		}
		fmt.Println(r.OK(), r.Remaining, r.Limit)
	}
	// Output:
	// true 2 3 per 1m0s
	// true 1 3 per 1m0s
	// true 0 3 per 1m0s
	// false 0 3 per 1m0s
}

// A message needs room under its phone's limit and its sender's address's: both
// are taken, or none.
func ExampleRedis_AllowAll() {
	rdb, stop := exampleClient()
	defer stop()
	limiter, err := ratelimit.NewRedis(rdb, ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerHour(5)})
	if err != nil {
		panic(err)
	}
	perAddress := []ratelimit.Limit{ratelimit.PerHour(2)}
	for _, phone := range []string{"+8613800138000", "+8613800138001", "+8613800138002"} {
		r, err := limiter.AllowAll(context.Background(), "sms",
			ratelimit.Demand{Key: "phone:" + phone, N: 1},
			ratelimit.Demand{Key: "ip:192.0.2.1", N: 1, Limits: perAddress},
		)
		if err != nil {
			panic(err)
		}
		fmt.Println(r[0].OK(), r[0].Remaining, r[1].Remaining)
	}
	// Output:
	// true 4 1
	// true 4 0
	// false 5 0
}

// The hit of a message that couldn't be sent is given back.
func ExampleRedis_Refund() {
	rdb, stop := exampleClient()
	defer stop()
	limiter, err := ratelimit.NewRedis(rdb, ratelimit.GCRA, []ratelimit.Limit{ratelimit.PerHour(5)})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	r, err := limiter.Allow(ctx, "+8613800138000")
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Remaining)
	if err := limiter.Refund(ctx, r.Receipt); err != nil {
		panic(err)
	}
	r, err = limiter.Peek(ctx, "+8613800138000")
	fmt.Println(r.Remaining, err)
	// Output:
	// 4
	// 5 <nil>
}

// While Redis is away, each of ten processes admits a tenth on its own.
func ExampleWithFailPolicy() {
	rdb, stop := exampleClient()
	alone, err := ratelimit.NewLocal(ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerMinute(100 / 10)})
	if err != nil {
		panic(err)
	}
	limiter, err := ratelimit.NewRedis(rdb, ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerMinute(100)},
		ratelimit.WithFailPolicy(ratelimit.FailLocal(alone)), ratelimit.WithTimeout(50*time.Millisecond))
	if err != nil {
		panic(err)
	}
	stop()
	r, err := limiter.Allow(context.Background(), "tenant")
	fmt.Println(r.OK(), r.Source, r.Limit, err)
	// Output: true local 10 per 1m0s <nil>
}

// By default nothing is admitted while Redis is away.
func ExampleFailClosed() {
	rdb, stop := exampleClient()
	limiter, err := ratelimit.NewRedis(rdb, ratelimit.GCRA, []ratelimit.Limit{ratelimit.PerSecond(10)},
		ratelimit.WithTimeout(50*time.Millisecond))
	if err != nil {
		panic(err)
	}
	stop()
	r, err := limiter.Allow(context.Background(), "tenant")
	fmt.Println(r.Allowed, errors.Is(err, ratelimit.ErrUnavailable))
	// Output: 0 true
}

// A key that everybody asks about at once: calls share round trips, and what
// was refused is refused in the process until there is room again.
func ExampleWithFolding() {
	rdb, stop := exampleClient()
	defer stop()
	limiter, err := ratelimit.NewRedis(rdb, ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerHour(10)},
		ratelimit.WithFolding(64), ratelimit.WithDenyCache(1000))
	if err != nil {
		panic(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	admitted := 0
	for range 100 {
		wg.Go(func() {
			r, err := limiter.Allow(context.Background(), "sale")
			if err != nil {
				panic(err)
			}
			mu.Lock()
			defer mu.Unlock()
			admitted += r.Allowed
		})
	}
	wg.Wait()
	fmt.Println(admitted)
	// Output: 10
}
