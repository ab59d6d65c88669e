package ratelimit_test

import (
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/internal/redistest"
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

// Refunds move the hits that are still to drain: what a hit gives back depends on
// the refunds of hits before it. Hits are taken one by one, and most go back again
// in any order while others come.
func TestRedisRefundsGCRAInAnyOrder(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for round := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			limit := ratelimit.Limit{N: 10, Per: 100 * time.Millisecond, Burst: 5 + int(round)%30}
			p := &pair{
				t: t, rng: rand.New(rand.NewPCG(seed, round)),
				redis: newRedis(t, redistest.New(t), ratelimit.GCRA, []ratelimit.Limit{limit}), local: newLocal(t, ratelimit.GCRA, limit),
			}
			for range 200 {
				p.alike("AllowAtMost", func(l ratelimit.Limiter) (ratelimit.Result, error) {
					return l.AllowAtMost(t.Context(), "k", 1+int(round)%2)
				})
				for len(p.receipts) > 0 && p.rng.IntN(3) > 0 {
					p.refundOne(p.rng.IntN(len(p.receipts)))
				}
				if p.rng.IntN(2) == 0 {
					time.Sleep(time.Duration(1+p.rng.IntN(40)) * grid)
				}
			}
		})
	}
}

// What a Reset forgot is not given back, nor what a clock that jumped put back.
func TestRedisRefundsNothingFromBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := t.Context()
		l := newRedis(t, redistest.New(t), ratelimit.GCRA, []ratelimit.Limit{ratelimit.PerHour(5)})
		var old []ratelimit.Receipt
		for range 4 {
			r, err := l.Allow(ctx, "k")
			require.NoError(t, err)
			old = append(old, r.Receipt)
		}
		require.NoError(t, l.Refund(ctx, old[1]))
		require.NoError(t, l.Reset(ctx, "k"))
		_, err := l.AllowN(ctx, "k", 5)
		require.NoError(t, err)
		for _, r := range old {
			require.NoError(t, l.Refund(ctx, r))
		}
		r, err := l.Peek(ctx, "k")
		require.NoError(t, err)
		require.Zero(t, r.Remaining)
	})
}
