package ratelimit_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/ratelimit"
)

// outage returns a client of a server that answers, and a function that makes it
// refuse everything.
func outage(t *testing.T) (rdb *redis.Client, begin func()) {
	t.Helper()
	server, rdb := redistest.NewServer(t)
	rdb.Options().MaxRetries = 0 // 0 is none once the client is made
	return rdb, func() { server.SetError("LOADING Redis is loading the dataset in memory") }
}

// A server that doesn't know the command repeats its arguments, of which one is
// the key.
func TestRedisErrorsDontRepeatTheKey(t *testing.T) {
	server, rdb := redistest.NewServer(t)
	rdb.Options().MaxRetries = 0
	l := newRedis(t, rdb, ratelimit.SlidingLog, fivePerHour)
	for _, quote := range []string{"'", "`"} {
		server.SetError(fmt.Sprintf("ERR unknown command 'evalsha', with args beginning with: %[1]s2a8d%[1]s %[1]s1%[1]s %[1]sratelimit:l:{+8613800138000}%[1]s ", quote))
		_, err := l.Allow(t.Context(), "+8613800138000")
		require.ErrorIs(t, err, ratelimit.ErrUnavailable)
		require.ErrorContains(t, err, "unknown command 'evalsha'")
		require.True(t, redis.HasErrorPrefix(err, "unknown command"), "%v", err)
		require.NotContains(t, err.Error(), "138")
		said, ok := errors.AsType[redis.Error](err)
		require.True(t, ok)
		require.NotContains(t, said.Error(), "138", "nor what is wrapped")
	}
}

// onlyAllows has AllowAll, but no PeekAll.
type onlyAllows struct {
	ratelimit.Limiter
	asked int
}

func (l *onlyAllows) AllowAll(_ context.Context, _ string, d ...ratelimit.Demand) ([]ratelimit.Result, error) {
	l.asked++
	return make([]ratelimit.Result, len(d)), nil
}

// PeekAll takes nothing, whatever the limiter that stands in can do.
func TestRedisPeekAllAsksNoAllowAll(t *testing.T) {
	rdb, begin := outage(t)
	begin()
	local := &onlyAllows{Limiter: newLocalLimiter(t, fivePerHour...)}
	l := newRedis(t, rdb, ratelimit.GCRA, fivePerHour, ratelimit.WithFailPolicy(ratelimit.FailLocal(local)))
	_, err := l.PeekAll(t.Context(), "tag", ratelimit.Demand{Key: "k", N: 1})
	require.ErrorIs(t, err, ratelimit.ErrUnavailable)
	require.Zero(t, local.asked)
	_, err = l.AllowAll(t.Context(), "tag", ratelimit.Demand{Key: "k", N: 1})
	require.NoError(t, err)
	require.Equal(t, 1, local.asked)
}

// A Demand that the local limiter has no room for, as it has fewer hits per
// process, doesn't keep it from seeing the others of the call.
func TestRedisKeepsTheLocalFallbackWarmForEachDemand(t *testing.T) {
	rdb, begin := outage(t)
	half := newLocalLimiter(t, ratelimit.PerHour(2))
	l := newRedis(t, rdb, ratelimit.SlidingLog, fivePerHour, ratelimit.WithFailPolicy(ratelimit.FailLocal(half)))
	var last []ratelimit.Result
	for _, phone := range []string{"one", "one", "two", "two"} {
		rs, err := l.AllowAll(t.Context(), "tag", ratelimit.Demand{Key: "address", N: 1}, ratelimit.Demand{Key: phone, N: 1})
		require.NoError(t, err)
		require.True(t, rs[0].OK())
		last = rs
	}
	require.NoError(t, l.Refund(t.Context(), last[1].Receipt))
	_, err := l.AllowAll(t.Context(), "tag", ratelimit.Demand{Key: "many", N: 3})
	require.NoError(t, err)
	begin()
	for key, want := range map[string]int{"address": 0, "one": 0, "two": 1, "many": 0, "new": 2} {
		rs, err := l.PeekAll(t.Context(), "tag", ratelimit.Demand{Key: key, N: 1})
		require.NoError(t, err)
		require.Equal(t, ratelimit.InProcess, rs[0].Source)
		require.Equal(t, want, rs[0].Remaining, key)
	}
}

// Every kind of call without an answer is counted, once.
func TestRedisCountsWhatHadNoAnswer(t *testing.T) {
	for name, policy := range map[string]ratelimit.FailPolicy{
		"closed": ratelimit.FailClosed(), "open": ratelimit.FailOpen(),
		"local": ratelimit.FailLocal(newLocalLimiter(t, fivePerHour...)),
	} {
		rdb, begin := outage(t)
		l := newRedis(t, rdb, ratelimit.SlidingLog, fivePerHour, ratelimit.WithFailPolicy(policy))
		ctx, d := t.Context(), ratelimit.Demand{Key: "k", N: 1}
		r, err := l.Allow(ctx, "k")
		require.NoError(t, err)
		begin()
		for i, ask := range []func() error{
			func() error { _, err := l.Allow(ctx, "k"); return err },
			func() error { _, err := l.Peek(ctx, "k"); return err },
			func() error { _, err := l.AllowAll(ctx, "tag", d); return err },
			func() error { _, err := l.PeekAll(ctx, "tag", d); return err },
			func() error { return l.Refund(ctx, r.Receipt) },
			func() error { return l.Reset(ctx, "k") },
		} {
			err := ask()
			require.Equal(t, name == "closed" || i > 3, err != nil, "%s: call %d: %v", name, i, err)
			require.EqualValues(t, i+1, l.Stats().Unavailable, "%s: call %d", name, i)
		}
	}
}
