// Package send puts the straight path of smsfailover, with a limiter and a monitor,
// beside the rate limiter and circuit breaker of failsafe-go around the same call.
//
// They don't do the same: a Failover also bounds the call in time, gives it a key
// for idempotency, keeps messages of one number in order, and queues what fails.
// The last peer bounds the call in time as well.
package send

import (
	"context"
	"time"

	"github.com/failsafe-go/failsafe-go"
	"github.com/failsafe-go/failsafe-go/circuitbreaker"
	"github.com/failsafe-go/failsafe-go/ratelimiter"
	"github.com/failsafe-go/failsafe-go/timeout"

	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/smsfailover"
)

const (
	window      = 30 * time.Second
	minSamples  = 10
	threshold   = 0.3
	perSecond   = 1 << 30 // never refused
	sendTimeout = 10 * time.Second
)

// A Provider takes everything, and costs nothing.
type Provider struct{}

// Send is a provider's.
func (Provider) Send(context.Context, string, []string, ...string) error { return nil }

// An Impl is a way to send.
type Impl struct {
	Name string
	Open func() func(ctx context.Context, to string) error
}

// Impls returns the ways. The first is what the others are compared with.
func Impls() []Impl {
	return []Impl{
		{"ours", ours},
		{"failsafe-calls", calls},
		{"failsafe-executor", func() func(context.Context, string) error { return executor(false) }},
		{"failsafe-timeout", func() func(context.Context, string) error { return executor(true) }},
	}
}

var args = []string{"271828"}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func ours() func(context.Context, string) error {
	limiter := must(ratelimit.NewLocal(ratelimit.GCRA, []ratelimit.Limit{{N: perSecond, Per: time.Second}}))
	monitor := must(smsfailover.NewErrorRateMonitor(
		smsfailover.WithWindow(window), smsfailover.WithThreshold(threshold), smsfailover.WithMinSamples(minSamples)))
	f := must(smsfailover.New(Provider{}, smsfailover.NewMemStore(),
		smsfailover.WithLimiter(ratelimit.Taker(limiter), func(smsfailover.Message) string { return "sms" }),
		smsfailover.WithMonitor(monitor), smsfailover.WithSendTimeout(sendTimeout)))
	return func(ctx context.Context, to string) error { return f.Send(ctx, "login", args, to) }
}

func pair() (ratelimiter.RateLimiter[any], circuitbreaker.CircuitBreaker[any]) {
	return ratelimiter.NewBursty[any](perSecond, time.Second),
		circuitbreaker.NewBuilder[any]().WithFailureRateThreshold(threshold, minSamples, window).Build()
}

// calls asks the two one by one, which is the least one can do with them.
func calls() func(context.Context, string) error {
	limiter, breaker := pair()
	return func(ctx context.Context, to string) error {
		if !limiter.TryAcquirePermit() {
			return ratelimiter.ErrExceeded
		}
		if !breaker.TryAcquirePermit() {
			return circuitbreaker.ErrOpen
		}
		err := Provider{}.Send(ctx, "login", args, to)
		if err != nil {
			breaker.RecordFailure()
			return err
		}
		breaker.RecordSuccess()
		return nil
	}
}

// executor composes the two as the documentation of failsafe-go does.
func executor(bounded bool) func(context.Context, string) error {
	limiter, breaker := pair()
	policies := []failsafe.Policy[any]{limiter, breaker}
	if bounded {
		policies = append(policies, timeout.New[any](sendTimeout))
	}
	e := failsafe.With(policies...)
	return func(ctx context.Context, to string) error {
		return e.WithContext(ctx).RunWithExecution(func(exec failsafe.Execution[any]) error {
			return Provider{}.Send(exec.Context(), "login", args, to)
		})
	}
}
