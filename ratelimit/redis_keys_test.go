package ratelimit_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

// All Redis keys of one call share one hash tag, whatever the caller's keys are.
func TestRedisKeysShareAHashTag(t *testing.T) {
	for _, a := range ratelimittest.Algorithms() {
		for key, tag := range map[string]string{"k": "{k}", "{k}": "{%7Bk%7D}", "a}b{c": "{a%7Db%7Bc}", "%7B": "{%257B}", ":::": "{:::}"} {
			server, rdb := redistest.NewServer(t)
			limits := []ratelimit.Limit{ratelimit.PerHour(5), ratelimit.PerHour(9), ratelimit.PerDay(10)}
			l := newRedis(t, rdb, a, limits, ratelimit.WithPrefix("my"))
			r, err := l.Allow(t.Context(), key)
			require.NoError(t, err)
			require.NoError(t, l.Refund(t.Context(), r.Receipt))
			rs, err := l.AllowAll(t.Context(), key, ratelimit.Demand{Key: "x{y}", N: 1}, ratelimit.Demand{Key: "y", N: 1})
			require.NoError(t, err)
			require.NoError(t, l.Refund(t.Context(), rs[0].Receipt))
			for _, name := range server.Keys() {
				require.True(t, strings.HasPrefix(name, "my:"), name)
				require.Equal(t, tag, name[strings.Index(name, "{"):strings.Index(name, "}")+1], name)
			}
		}
	}
}

// No two keys, and no key and tag, come to share a Redis key.
func TestRedisKeysStayApart(t *testing.T) {
	ctx := t.Context()
	l := newRedis(t, redistest.New(t), ratelimit.FixedWindow, []ratelimit.Limit{ratelimit.PerHour(1)})
	names := []string{"a", "{a}", "a}", "{a", "%7Ba", "%257Ba", "a:b", "a:b:c", "b:c", "a}:b"}
	for _, key := range names {
		r, err := l.Allow(ctx, key)
		require.NoError(t, err)
		require.True(t, r.OK(), key)
		for _, tag := range names {
			rs, err := l.AllowAll(ctx, tag, ratelimit.Demand{Key: key, N: 1})
			require.NoError(t, err)
			require.True(t, rs[0].OK(), "%s in %s", key, tag)
		}
	}
}

func TestRedisRefusesLongKeys(t *testing.T) {
	l := newRedis(t, redistest.New(t), ratelimit.GCRA, fivePerHour)
	long := strings.Repeat("+86138", 200)
	_, err := l.Allow(t.Context(), long)
	require.ErrorIs(t, err, ratelimit.ErrInput)
	require.NotContains(t, err.Error(), "138")
	_, err = l.AllowAll(t.Context(), long, ratelimit.Demand{Key: long, N: 1})
	require.ErrorIs(t, err, ratelimit.ErrInput)
	require.NotContains(t, err.Error(), "138")
	require.ErrorIs(t, l.Reset(t.Context(), long), ratelimit.ErrInput)
	_, err = l.Allow(t.Context(), long[:1024])
	require.NoError(t, err)
}

// A limit that is raised or lowered takes effect with the next call, and what
// was taken still counts.
func TestRedisLimitsChangeAtOnce(t *testing.T) {
	for _, a := range []ratelimit.Algorithm{ratelimit.SlidingLog, ratelimit.SlidingCounter, ratelimit.FixedWindow} {
		rdb := redistest.New(t)
		ctx := t.Context()
		low := newRedis(t, rdb, a, fivePerHour)
		high := newRedis(t, rdb, a, []ratelimit.Limit{ratelimit.PerHour(8)})
		_, err := low.AllowN(ctx, "k", 5)
		require.NoError(t, err)
		r, err := high.AllowAtMost(ctx, "k", 9)
		require.NoError(t, err)
		require.Equal(t, 3, r.Allowed, "%v", a)
		r, err = low.Peek(ctx, "k")
		require.NoError(t, err)
		require.Zero(t, r.Remaining)
		require.Positive(t, r.RetryAfter, "%v", a)
	}
	// GCRA keeps how full the bucket is, and drains it at the new pace.
	rdb := redistest.New(t)
	low := newRedis(t, rdb, ratelimit.GCRA, fivePerHour)
	high := newRedis(t, rdb, ratelimit.GCRA, []ratelimit.Limit{ratelimit.PerHour(3600)})
	_, err := low.AllowN(t.Context(), "k", 5)
	require.NoError(t, err)
	r, err := high.Allow(t.Context(), "k")
	require.NoError(t, err)
	require.LessOrEqual(t, r.RetryAfter.Seconds(), 1.0)
}

// A log also knows what a period that it wasn't made for needs.
func TestRedisLogServesAnotherPeriod(t *testing.T) {
	rdb := redistest.New(t)
	day := newRedis(t, rdb, ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerDay(10)})
	_, err := day.AllowN(t.Context(), "k", 4)
	require.NoError(t, err)
	both := newRedis(t, rdb, ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerHour(5), ratelimit.PerDay(10)})
	r, err := both.AllowAtMost(t.Context(), "k", 10)
	require.NoError(t, err)
	require.Equal(t, 1, r.Allowed)
	require.Equal(t, ratelimit.PerHour(5), r.Limit)
}

// Trap ratelimit/13: 100 phones behind one address, in a cluster: their keys lie
// on one node, the tag's, and the address stays under its limit.
func TestRedisAllOfOneAddressInACluster(t *testing.T) {
	t.Parallel()
	rdb := clusterClient(t)
	for _, a := range ratelimittest.Algorithms() {
		l := newRedis(t, rdb, a, fivePerHour)
		address := ratelimit.Demand{Key: "ip:192.0.2.1", N: 1, Limits: []ratelimit.Limit{ratelimit.PerHour(20), ratelimit.PerDay(30)}}
		for _, tag := range []string{"sms", "login", "{x}"} {
			admitted := 0
			for _, phone := range slices.Repeat([]string{"13800138000", "13800138001", "13800138002", "13800138003", "13800138004"}, 20) {
				rs, err := l.AllowAll(t.Context(), tag, ratelimit.Demand{Key: "phone:" + phone, N: 1}, address)
				require.NoError(t, err)
				if rs[0].OK() {
					admitted++
				}
			}
			require.Equal(t, 20, admitted, "%v, %s", a, tag)
		}
	}
}

// A key has one set of limits in a call.
func TestRedisAllOfOneKeyUnderOtherLimits(t *testing.T) {
	l := newRedis(t, redistest.New(t), ratelimit.SlidingLog, fivePerHour)
	_, err := l.AllowAll(t.Context(), "tag", ratelimit.Demand{Key: "secret", N: 1},
		ratelimit.Demand{Key: "secret", N: 1, Limits: []ratelimit.Limit{ratelimit.PerDay(3)}})
	require.ErrorIs(t, err, ratelimit.ErrInput)
	require.ErrorContains(t, err, "demand 1")
	require.NotContains(t, err.Error(), "secret")
}

// What GCRA holds is time: a spent burst stays spent under a larger limit, and
// comes back at its pace.
func TestRedisGCRARaisedComesBackFaster(t *testing.T) {
	servers(t, func(t *testing.T, rdb *redis.Client) {
		small := newRedis(t, rdb, ratelimit.GCRA, fivePerHour)
		r, err := small.AllowN(t.Context(), "k", 5)
		require.NoError(t, err)
		require.True(t, r.OK())
		r, err = newRedis(t, rdb, ratelimit.GCRA, []ratelimit.Limit{ratelimit.PerHour(60)}).Allow(t.Context(), "k")
		require.NoError(t, err)
		require.False(t, r.OK())
		require.LessOrEqual(t, r.RetryAfter, time.Minute)
	})
}
