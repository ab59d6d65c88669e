package ratelimit

import (
	"context"
	"errors"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// A caller who leaves at the moment when an outage is noticed, or a hit was
// admitted: the one is told why, and the other's hit counts.
func TestRedisCallersEndAtTheLastMoment(t *testing.T) {
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:0"}) // nothing is sent
	t.Cleanup(func() { require.NoError(t, rdb.Close()) })
	warm, err := NewLocal(SlidingLog, []Limit{PerHour(5)})
	require.NoError(t, err)
	why := errors.New("the caller went home")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	for _, policy := range []FailPolicy{FailClosed(), FailOpen(), FailLocal(warm)} {
		l, err := NewRedis(rdb, SlidingLog, []Limit{PerHour(5)}, WithFailPolicy(policy))
		require.NoError(t, err)
		cause := unavailable("allow", errors.New("connection refused"))
		r, err := l.decide(ctx, question{key: "k", n: 1, least: 1}, cause)
		require.ErrorIs(t, err, why)
		require.NotErrorIs(t, err, ErrUnavailable)
		require.Zero(t, r)
		d := []Demand{{Key: "k", N: 1}}
		_, err = l.decideAll(ctx, warm, "tag", d, cause)
		require.ErrorIs(t, err, why)
		require.NotErrorIs(t, err, ErrUnavailable)
		require.Zero(t, l.Stats())
		l.heat(ctx, "k", 1)
	}
	r, err := warm.Peek(t.Context(), "k")
	require.NoError(t, err)
	require.Equal(t, 4, r.Remaining)
}
