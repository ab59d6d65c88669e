package smsfailover_test

import (
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v4"

	"github.com/ycvk/tinybook/smsfailover"
)

func ExampleFullJitter() {
	b := smsfailover.FullJitter(2*time.Second, time.Minute)
	for attempt, limit := range []int{2, 4, 8, 16, 32, 60, 60} {
		d := b.Delay(attempt, 0)
		fmt.Println("retry", attempt, "within", limit, "s:", d <= time.Duration(limit)*time.Second)
	}
	// Output:
	// retry 0 within 2 s: true
	// retry 1 within 4 s: true
	// retry 2 within 8 s: true
	// retry 3 within 16 s: true
	// retry 4 within 32 s: true
	// retry 5 within 60 s: true
	// retry 6 within 60 s: true
}

func ExampleDecorrelated() {
	b := smsfailover.Decorrelated(2*time.Second, time.Minute)
	prev := time.Duration(0)
	for attempt := range 5 {
		d := b.Delay(attempt, prev) // prev lies in the store
		fmt.Println(d >= 2*time.Second && d <= max(6*time.Second, 3*prev))
		prev = d
	}
	// Output:
	// true
	// true
	// true
	// true
	// true
}

// The formula of the original TinyBook, here without randomization.
func ExampleExponential() {
	b := smsfailover.Exponential(500*time.Millisecond, 2, 0, 5*time.Second)
	for attempt := range 6 {
		fmt.Println(b.Delay(attempt, 0))
	}
	// Output:
	// 500ms
	// 1s
	// 2s
	// 4s
	// 5s
	// 5s
}

// A policy that an application has already, with a last retry.
func ExampleFromBackOff() {
	b := smsfailover.FromBackOff(func() backoff.BackOff {
		return backoff.WithMaxRetries(backoff.NewConstantBackOff(3*time.Second), 2)
	})
	for attempt := range 3 {
		if d := b.Delay(attempt, 0); d < 0 {
			fmt.Println("retry", attempt, "bury")
		} else {
			fmt.Println("retry", attempt, "after", d)
		}
	}
	// Output:
	// retry 0 after 3s
	// retry 1 after 3s
	// retry 2 bury
}
