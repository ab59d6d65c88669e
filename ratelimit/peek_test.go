package ratelimit_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/ratelimit"
)

// A PeekAll answers as the AllowAll after it does, and however often it is
// called, that one finds everything as it was.
func TestPeekAllTakesNothing(t *testing.T) {
	type limiter interface {
		AllowAll(ctx context.Context, tag string, d ...ratelimit.Demand) ([]ratelimit.Result, error)
		PeekAll(ctx context.Context, tag string, d ...ratelimit.Demand) ([]ratelimit.Result, error)
	}
	limits := []ratelimit.Limit{ratelimit.PerMinute(5)}
	demands := []ratelimit.Demand{{Key: "phone", N: 1}, {Key: "address", N: 2, Limits: []ratelimit.Limit{ratelimit.PerHour(6)}}}
	test := func(t *testing.T, l limiter) {
		for call := range 4 {
			var peeked []ratelimit.Result
			for range 3 {
				var err error
				peeked, err = l.PeekAll(t.Context(), "tenant", demands...)
				require.NoError(t, err)
				require.Len(t, peeked, len(demands))
			}
			taken, err := l.AllowAll(t.Context(), "tenant", demands...)
			require.NoError(t, err)
			for i := range demands {
				require.Equal(t, taken[i].OK(), peeked[i].OK(), "call %d, demand %d", call, i)
				require.Equal(t, taken[i].Allowed, peeked[i].Allowed)
				require.Equal(t, taken[i].RetryAfter, peeked[i].RetryAfter)
				require.Equal(t, taken[i].Remaining+taken[i].Allowed, peeked[i].Remaining)
				require.Zero(t, peeked[i].Receipt)
			}
			require.Equal(t, call < 3, taken[0].OK())
		}
		_, err := l.PeekAll(t.Context(), "tenant")
		require.ErrorIs(t, err, ratelimit.ErrInput)
	}
	for _, a := range []ratelimit.Algorithm{ratelimit.SlidingLog, ratelimit.SlidingCounter, ratelimit.GCRA, ratelimit.FixedWindow} {
		t.Run(a.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(time.Second) // off the border of a window
				local, err := ratelimit.NewLocal(a, limits)
				require.NoError(t, err)
				test(t, local)
				shared, err := ratelimit.NewRedis(redistest.New(t), a, limits)
				require.NoError(t, err)
				test(t, shared)
			})
		})
	}
}
