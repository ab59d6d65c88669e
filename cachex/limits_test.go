package cachex_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/internal/realserver"
)

// As many tries as a policy may allow are counted, and a lock of the longest
// window follows.
func TestMostTries(t *testing.T) {
	const most, longest = 65535, 366 * 24 * time.Hour
	p := cachex.Policy{TTL: longest, MaxAttempts: most, Guesses: cachex.Budget{Max: most, Window: longest}}
	check := func(t *testing.T, c cachex.CodeCache) {
		set(t, c, phone, right)
		got := make(map[error]int)
		for range 17 { // batches, so that a small machine doesn't hold them all at once
			for reason, n := range countErrors(most/15, func(int) error { return c.Verify(t.Context(), phone, wrong) }) {
				got[reason] += n
			}
		}
		require.Equal(t, map[error]int{cachex.ErrMismatch: most, cachex.ErrLocked: 2 * most / 15}, got)
		d, ok := errors.AsType[*cachex.DeniedError](c.Verify(t.Context(), phone, right))
		require.True(t, ok)
		require.InDelta(t, longest, d.RetryAfter, float64(10*time.Minute))
		_, err := c.Set(t.Context(), phone, right)
		require.ErrorIs(t, err, cachex.ErrLocked)
	}
	inMemory(t, check, cachex.WithPolicy("", p))
	t.Run("redis", func(t *testing.T) {
		o := &redis.Options{Addr: realserver.Redis(t).Addr(), PoolTimeout: time.Minute}
		check(t, newRedisCache(t, clientOf(t, o), p))
	})
}
