package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/ycvk/tinybook/ratelimit"
)

// A code by SMS: one a minute, and no more than three a day.
func Example() {
	limiter, err := ratelimit.NewLocal(ratelimit.SlidingLog, []ratelimit.Limit{
		ratelimit.PerMinute(1), ratelimit.PerDay(3),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, phone := context.Background(), "+8613800138000"
	for range 2 {
		r, err := limiter.Allow(ctx, phone)
		switch {
		case err != nil:
			fmt.Println("no decision:", err)
		case r.OK():
			fmt.Println("sent")
		default:
			fmt.Println("refused by", r.Limit, "- wait", r.RetryAfter.Round(time.Second))
		}
	}
	// Output:
	// sent
	// refused by 1 per 1m0s - wait 1m0s
}

// An even flow to a backend, of which eight may come at once.
func ExampleNewLocal() {
	l, err := ratelimit.NewLocal(ratelimit.GCRA, []ratelimit.Limit{
		{N: 100, Per: time.Second, Burst: 8},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	r, err := l.AllowN(context.Background(), "backend", 8)
	fmt.Println(r.OK(), r.Remaining, err)

	_, err = ratelimit.NewLocal(ratelimit.FixedWindow, []ratelimit.Limit{{N: -1, Per: time.Second, Burst: 8}})
	fmt.Println(err)
	// Output:
	// true 0 <nil>
	// ratelimit: invalid argument: limits[0]: N is -1: want 0 to 2147483647
	// ratelimit: invalid argument: limits[0]: Burst is 8: only GCRA has bursts, not the fixed window
}

// A phone, the address that it comes from and the tenant must all have room; if
// one has none, the others lose nothing.
func ExampleLocal_AllowAll() {
	l, err := ratelimit.NewLocal(ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerMinute(1)})
	if err != nil {
		fmt.Println(err)
		return
	}
	perAddress := []ratelimit.Limit{ratelimit.PerHour(2)}
	for _, phone := range []string{"phone 1", "phone 1", "phone 2", "phone 3"} {
		results, err := l.AllowAll(context.Background(), "sms",
			ratelimit.Demand{Key: phone, N: 1},
			ratelimit.Demand{Key: "192.0.2.1", N: 1, Limits: perAddress},
		)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(phone, results[0].OK(), "- left:", results[0].Remaining, results[1].Remaining)
	}
	// Output:
	// phone 1 true - left: 0 1
	// phone 1 false - left: 0 1
	// phone 2 true - left: 0 0
	// phone 3 false - left: 1 0
}

// As many of a batch as fit.
func ExampleLocal_AllowAtMost() {
	l, err := ratelimit.NewLocal(ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerMinute(5)})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 3 {
		r, err := l.AllowAtMost(context.Background(), "batch", 3)
		fmt.Println(r.Allowed, r.OK(), err)
	}
	// Output:
	// 3 true <nil>
	// 2 false <nil>
	// 0 false <nil>
}

// A hit that led to nothing is given back.
func ExampleLocal_Refund() {
	l, err := ratelimit.NewLocal(ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerMinute(1)})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	r, err := l.Allow(ctx, "k")
	fmt.Println(r.OK(), err)
	fmt.Println(l.Refund(ctx, r.Receipt), l.Refund(ctx, r.Receipt)) // the second does nothing
	again, err := l.AllowN(ctx, "k", 1)
	fmt.Println(again.OK(), again.Remaining, err)
	// Output:
	// true <nil>
	// <nil> <nil>
	// true 0 <nil>
}

// To look without taking, and to begin anew.
func ExampleLocal_Peek() {
	l, err := ratelimit.NewLocal(ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerMinute(2)})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	if _, err := l.AllowN(ctx, "k", 2); err != nil {
		fmt.Println(err)
	}
	r, err := l.Peek(ctx, "k")
	fmt.Println(r.OK(), r.Remaining, err)
	fmt.Println(l.Reset(ctx, "k"), l.Stats().Keys)
	r, err = l.Peek(ctx, "k")
	fmt.Println(r.OK(), r.Remaining, err)
	// Output:
	// false 0 <nil>
	// <nil> 0
	// true 2 <nil>
}

// A worker that keeps to a provider's pace, and doesn't wait in vain.
func ExampleWait() {
	l, err := ratelimit.NewLocal(ratelimit.GCRA, []ratelimit.Limit{{N: 1000, Per: time.Second, Burst: 1}})
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for range 3 {
		fmt.Println(ratelimit.Wait(ctx, l, "provider", 1))
	}
	fmt.Println(errors.Is(ratelimit.Wait(ctx, l, "provider", 2), ratelimit.ErrNever))
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// true
}

// Code written for the original TinyBook: true means limited.
func ExampleSimple() {
	l, err := ratelimit.NewLocal(ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerMinute(1)})
	if err != nil {
		fmt.Println(err)
		return
	}
	limiter := ratelimit.Simple(l)
	for range 2 {
		limited, err := limiter.Limit(context.Background(), "k")
		fmt.Println(limited, err)
	}
	// Output:
	// false <nil>
	// true <nil>
}

// For a package that knows no limiters, only how long to wait.
func ExampleTaker() {
	l, err := ratelimit.NewLocal(ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerMinute(1)})
	if err != nil {
		fmt.Println(err)
		return
	}
	taker := ratelimit.Taker(l)
	for range 2 {
		wait, err := taker.Take(context.Background(), "k")
		fmt.Println(wait.Round(time.Second), err)
	}
	// Output:
	// 0s <nil>
	// 1m0s <nil>
}

// A limit per address in front of a handler.
func ExampleSetHeaders() {
	l, err := ratelimit.NewLocal(ratelimit.FixedWindow, []ratelimit.Limit{ratelimit.PerDay(1)})
	if err != nil {
		fmt.Println(err)
		return
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		r, err := l.Allow(req.Context(), req.RemoteAddr)
		if err != nil {
			http.Error(w, "try later", http.StatusServiceUnavailable)
			return
		}
		ratelimit.SetHeaders(w.Header(), r)
		if !r.OK() {
			http.Error(w, "too many requests", http.StatusTooManyRequests)
		}
	})
	for range 2 {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
		fmt.Println(w.Code, w.Header().Get("RateLimit-Remaining"), w.Header().Get("RateLimit-Policy"), w.Header().Get("Retry-After") != "")
	}
	// Output:
	// 200 0 1;w=86400 false
	// 429 0 1;w=86400 true
}
