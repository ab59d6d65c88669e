package ratelimit_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/ratelimit"
)

// Many hits go back as they came, in one short script: one that looked for each
// from the wrong end of the log would hold the server up for a minute.
func TestRedisRefundsManyHitsAtOnce(t *testing.T) {
	t.Parallel()
	l := newRedis(t, realClient(t, realserver.Redis(t)), ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerHour(100_000)},
		ratelimit.WithTimeout(10*time.Second))
	r, err := l.AllowAtMost(t.Context(), "k", 99_999)
	require.NoError(t, err)
	require.Equal(t, 99_999, r.Allowed)
	require.NoError(t, l.Refund(t.Context(), r.Receipt))
	r, err = l.Peek(t.Context(), "k")
	require.NoError(t, err)
	require.Equal(t, 100_000, r.Remaining)
}
