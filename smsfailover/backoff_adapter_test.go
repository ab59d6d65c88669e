package smsfailover_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v4"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// Trap smsfailover/16: backoff overflow/Stop, second half. Stop is -1 ns there; a
// sleep of that is a hot loop.
func TestAdapterStops(t *testing.T) {
	exponential := func() backoff.BackOff { return backoff.NewExponentialBackOff() }
	for _, tc := range []struct {
		name    string
		new     func() backoff.BackOff
		retries int // before it stops
	}{
		{"at once", func() backoff.BackOff { return &backoff.StopBackOff{} }, 0},
		{"WithMaxRetries 0", func() backoff.BackOff { return backoff.WithMaxRetries(exponential(), 0) }, 0},
		{"WithMaxRetries 3", func() backoff.BackOff { return backoff.WithMaxRetries(exponential(), 3) }, 3},
		{"WithMaxRetries 200", func() backoff.BackOff { return backoff.WithMaxRetries(exponential(), 200) }, 200},
		{"a context that is done", func() backoff.BackOff { return backoff.WithContext(exponential(), doneContext()) }, 0},
		{"a negative delay", func() backoff.BackOff { return backoff.NewConstantBackOff(-time.Hour) }, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := smsfailover.FromBackOff(tc.new)
			for n := range tc.retries {
				require.Positive(t, b.Delay(n, 0), "retry %d", n)
			}
			for _, n := range []int{tc.retries, tc.retries + 1, 1_000_000} {
				require.Negative(t, b.Delay(n, 0), "retry %d", n)
			}
		})
	}
}

func TestAdapterReplays(t *testing.T) {
	b := smsfailover.FromBackOff(func() backoff.BackOff {
		return backoff.NewExponentialBackOff(
			backoff.WithInitialInterval(time.Second), backoff.WithMultiplier(2),
			backoff.WithRandomizationFactor(0), backoff.WithMaxInterval(time.Minute))
	})
	for n, seconds := range []int64{1, 2, 4, 8, 16, 32, 60, 60} {
		require.Equal(t, time.Duration(seconds)*time.Second, b.Delay(n, 0))
	}
	// Out of order, as several workers and a restart ask.
	require.Equal(t, 4*time.Second, b.Delay(2, 0))
	require.Equal(t, time.Second, b.Delay(0, 0))
	require.Equal(t, time.Minute, b.Delay(1_000_000, 0))
}

// Its time would count from the call, and its 15 minutes would stop any interval
// that is longer.
func TestAdapterKnowsNoElapsedTime(t *testing.T) {
	b := smsfailover.FromBackOff(func() backoff.BackOff {
		return backoff.NewExponentialBackOff(
			backoff.WithMaxElapsedTime(time.Nanosecond), backoff.WithRandomizationFactor(0),
			backoff.WithInitialInterval(time.Hour), backoff.WithMaxInterval(24*time.Hour))
	})
	for n := range 30 {
		require.GreaterOrEqual(t, b.Delay(n, 0), time.Hour)
	}
}

// One that was written as a literal has no clock, and starts at 0 until it is
// reset.
func TestAdapterResetsLiterals(t *testing.T) {
	b := smsfailover.FromBackOff(func() backoff.BackOff {
		return &backoff.ExponentialBackOff{InitialInterval: time.Second, Multiplier: 2, MaxInterval: time.Minute}
	})
	require.Equal(t, time.Second, b.Delay(0, 0))
	require.Equal(t, 2*time.Second, b.Delay(1, 0))
}

func TestAdapterIsSafeForConcurrentUse(t *testing.T) {
	b := smsfailover.FromBackOff(func() backoff.BackOff {
		return backoff.WithMaxRetries(backoff.NewConstantBackOff(time.Second), 5)
	})
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			for n := range 1000 {
				want := time.Second
				if n%8 >= 5 {
					want = -1
				}
				if got := b.Delay(n%8, 0); got != want {
					t.Errorf("Delay(%d) = %v, want %v", n%8, got, want)
				}
			}
		})
	}
	wg.Wait()
}

func doneContext() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
