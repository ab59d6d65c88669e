package ratelimit_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

// Trap ratelimit/10: a server that forgot the scripts, as after a failover, gets
// them again in the same call.
func TestRedisSendsScriptsAgain(t *testing.T) {
	t.Parallel()
	rdb := realClient(t, realserver.Redis(t))
	for _, a := range ratelimittest.Algorithms() {
		for _, limits := range [][]ratelimit.Limit{fivePerHour, {ratelimit.PerHour(5), ratelimit.PerDay(7)}} {
			l := newRedis(t, rdb, a, limits, ratelimit.WithFolding(4))
			ctx := t.Context()
			key := fmt.Sprint(a, len(limits))
			flush := func() { require.NoError(t, rdb.ScriptFlush(ctx).Err()) }
			flush()
			folded, err := l.Allow(ctx, key)
			require.NoError(t, err)
			flush()
			r, err := l.AllowN(ctx, key, 3)
			require.NoError(t, err)
			require.Equal(t, 1, r.Remaining)
			flush()
			require.NoError(t, l.Refund(ctx, folded.Receipt))
			flush()
			r, err = l.Peek(ctx, key)
			require.NoError(t, err)
			require.Equal(t, 2, r.Remaining)
			flush()
			rs, err := l.AllowAll(ctx, "tag", ratelimit.Demand{Key: key, N: 2})
			require.NoError(t, err)
			require.Equal(t, 3, rs[0].Remaining)
			flush()
			require.NoError(t, l.Reset(ctx, key))
			flush()
			r, err = l.AllowAtMost(ctx, key, 9)
			require.NoError(t, err)
			require.Equal(t, 5, r.Allowed)
		}
	}
}

// A server that lost its data admits anew, as documented, and a Receipt from
// before gives nothing back.
func TestRedisRestartForgets(t *testing.T) {
	t.Parallel()
	s := realserver.Redis(t)
	for _, a := range ratelimittest.Algorithms() {
		l := newRedis(t, realClient(t, s), a, fivePerHour)
		old, err := l.AllowN(t.Context(), "k", 5)
		require.NoError(t, err)
		s.Kill()
		s.Restart()
		require.NoError(t, l.Refund(t.Context(), old.Receipt))
		r, err := l.AllowN(t.Context(), "k", 5)
		require.NoError(t, err)
		require.True(t, r.OK())
		r, err = l.Allow(t.Context(), "k")
		require.NoError(t, err)
		require.False(t, r.OK())
	}
}

func TestNewRedisRefusesBadArguments(t *testing.T) {
	var none *redis.Client
	var local *ratelimit.Local
	_, err := ratelimit.NewRedis(none, ratelimit.SlidingCounter, []ratelimit.Limit{ratelimit.PerDay(105_000)},
		ratelimit.WithPrefix("a{b"), ratelimit.WithTimeout(-time.Second), ratelimit.WithFolding(-2), ratelimit.WithDenyCache(-3),
		ratelimit.WithFailPolicy(ratelimit.FailLocal(local)))
	require.ErrorIs(t, err, ratelimit.ErrInput)
	for _, want := range []string{
		"the client is nil (*redis.Client)", `WithPrefix("a{b")`, "WithTimeout(-1s)", "WithFolding(-2)", "WithDenyCache(-3)",
		"FailLocal(*ratelimit.Local)", "105000 per 24h0m0s",
	} {
		require.ErrorContains(t, err, want)
	}
	_, err = ratelimit.NewRedis(nil, ratelimit.GCRA, fivePerHour)
	require.ErrorContains(t, err, "the client is nil")
	rdb := redistest.New(t)
	_, err = ratelimit.NewRedis(rdb.Pipeline(), ratelimit.GCRA, fivePerHour)
	require.ErrorContains(t, err, "*redis.Pipeline queues calls")
	_, err = ratelimit.NewRedis(rdb, ratelimit.GCRA, []ratelimit.Limit{ratelimit.PerSecond(1_000_001)})
	require.ErrorContains(t, err, "one hit per microsecond")
	_, err = ratelimit.NewRedis(rdb, ratelimit.GCRA, fivePerHour, ratelimit.WithFailPolicy(ratelimit.FailLocal(nil)))
	require.ErrorContains(t, err, "the limiter is nil")
	_, err = ratelimit.NewRedis(rdb, ratelimit.Algorithm(9), nil)
	require.ErrorIs(t, err, ratelimit.ErrInput)
}

// The largest that is taken is counted right.
func TestRedisCountsLargeLimits(t *testing.T) {
	t.Parallel()
	rdb := realClient(t, realserver.Redis(t))
	for a, limit := range map[ratelimit.Algorithm]ratelimit.Limit{
		ratelimit.SlidingLog:     {N: 3000, Per: 50 * 365 * 24 * time.Hour},
		ratelimit.SlidingCounter: ratelimit.PerDay(104_000),
		ratelimit.GCRA:           {N: 1_000_000, Per: time.Second, Burst: 1 << 30},
		ratelimit.FixedWindow:    ratelimit.PerDay(100_000_000),
	} {
		l := newRedis(t, rdb, a, []ratelimit.Limit{limit})
		most := max(limit.N, limit.Burst)
		r, err := l.AllowN(t.Context(), "k", most-1)
		require.NoError(t, err)
		require.Equal(t, most-1, r.Allowed, "%v", a)
		if a != ratelimit.GCRA { // which refills by a hit each microsecond
			require.Equal(t, 1, r.Remaining, "%v", a)
			r, err = l.AllowN(t.Context(), "k", 2)
			require.NoError(t, err)
			require.False(t, r.OK(), "%v", a)
		}
	}
}

// A scripter answers what no script of ours does.
type scripter struct {
	redis.Scripter
	reply any
}

func (s scripter) EvalSha(ctx context.Context, _ string, _ []string, _ ...any) *redis.Cmd {
	cmd := redis.NewCmd(ctx)
	cmd.SetVal(s.reply)
	return cmd
}

func TestRedisUnexpectedRepliesAreOutages(t *testing.T) {
	numbers := func(n ...int64) (list []any) {
		for _, x := range n {
			list = append(list, x)
		}
		return list
	}
	for _, reply := range []any{
		nil, "OK", 1.5, int64(1),
		[]any{},
		[]any{"1"},
		map[any]any{},
		numbers(0, 1), numbers(0, 1, 1, 0, 1, 1),
		numbers(0, 2, 1, 0, 1, 1, 0), numbers(0, -1, 1, 0, 1, 1, 0),
		numbers(0, 1, 1, -2, 1, 1, 0), numbers(0, 1, 1, 0, -1, 1, 0), numbers(-1, 1, 1, 0, 1, 1, 0),
	} {
		t.Run(strings.ReplaceAll(fmt.Sprintf("%T %v", reply, reply), "/", ""), func(t *testing.T) {
			for _, fold := range []int{0, 4} {
				l := newRedis(t, scripter{reply: reply}, ratelimit.GCRA, fivePerHour, ratelimit.WithFolding(fold))
				r, err := l.Allow(t.Context(), "k")
				require.ErrorIs(t, err, ratelimit.ErrUnavailable)
				require.ErrorContains(t, err, "unexpected reply")
				require.Equal(t, 1, strings.Count(err.Error(), "ratelimit:"), "%v", err)
				require.Zero(t, r.Allowed)
			}
		})
	}
}
