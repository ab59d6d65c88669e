package ratelimit_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/ratelimit"
)

// Of Simple, true means limited.
func TestSimple(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := ratelimit.Simple(newLocal(t, ratelimit.SlidingLog, ratelimit.PerMinute(2)))
		for _, want := range []bool{false, false, true, true} {
			limited, err := s.Limit(t.Context(), "k")
			require.NoError(t, err)
			require.Equal(t, want, limited)
		}
		time.Sleep(time.Minute)
		limited, err := s.Limit(t.Context(), "k")
		require.NoError(t, err)
		require.False(t, limited)

		limited, err = s.Limit(t.Context(), "")
		require.ErrorIs(t, err, ratelimit.ErrInput)
		require.True(t, limited, "an error must not look like leave")
	})
}

// Of Taker, 0 means taken, and a wait is true.
func TestTaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLocal(t, ratelimit.GCRA, ratelimit.PerMinute(3))
		taker := ratelimit.Taker(l)
		for range 3 {
			wait, err := taker.Take(t.Context(), "k")
			require.NoError(t, err)
			require.Zero(t, wait)
		}
		wait, err := taker.Take(t.Context(), "k")
		require.NoError(t, err)
		require.Equal(t, 20*time.Second, wait)
		time.Sleep(wait)
		wait, err = taker.Take(t.Context(), "k")
		require.NoError(t, err)
		require.Zero(t, wait)

		never := ratelimit.Taker(newLocal(t, ratelimit.GCRA, ratelimit.PerMinute(0)))
		wait, err = never.Take(t.Context(), "k")
		require.NoError(t, err)
		require.Equal(t, ratelimit.Never, wait)

		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		wait, err = taker.Take(ctx, "k")
		require.ErrorIs(t, err, context.Canceled)
		require.NotZero(t, wait, "an error must not look like leave")
	})
}
