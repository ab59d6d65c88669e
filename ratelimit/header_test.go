package ratelimit_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/ratelimit"
)

func TestSetHeaders(t *testing.T) {
	minute := ratelimit.PerMinute(10)
	for _, tc := range []struct {
		name                             string
		r                                ratelimit.Result
		limit, left, reset, policy, wait string
	}{
		{
			"admitted",
			ratelimit.Result{Allowed: 1, Remaining: 9, ResetAfter: time.Minute, Limit: minute},
			"10", "9", "60", "10;w=60", "",
		},
		{
			"reset is rounded up",
			ratelimit.Result{Allowed: 1, Remaining: 9, ResetAfter: time.Second + 1, Limit: minute},
			"10", "9", "2", "10;w=60", "",
		},
		{
			"refused",
			ratelimit.Result{RetryAfter: 2500 * time.Millisecond, ResetAfter: 55 * time.Second, Limit: minute},
			"10", "0", "3", "10;w=60", "3",
		},
		{
			"refused for a nanosecond",
			ratelimit.Result{RetryAfter: 1, ResetAfter: 1, Limit: minute},
			"10", "0", "1", "10;w=60", "1",
		},
		{
			"refused in part",
			ratelimit.Result{Allowed: 3, RetryAfter: time.Second, ResetAfter: time.Minute, Limit: minute},
			"10", "0", "1", "10;w=60", "1",
		},
		{
			"refused for ever",
			ratelimit.Result{Remaining: 4, RetryAfter: ratelimit.Never, Limit: minute},
			"10", "4", "0", "10;w=60", "",
		},
		{
			"a burst",
			ratelimit.Result{Allowed: 1, Remaining: 19, ResetAfter: 3 * time.Second, Limit: ratelimit.Limit{N: 10, Per: time.Minute, Burst: 20}},
			"10", "19", "3", "10;w=60;burst=20", "",
		},
		{
			"a short window",
			ratelimit.Result{Allowed: 1, ResetAfter: time.Millisecond, Limit: ratelimit.Limit{N: 1, Per: 100 * time.Millisecond}},
			"1", "0", "1", "1;w=1", "",
		},
		{
			"a limit of 0",
			ratelimit.Result{RetryAfter: ratelimit.Never, Limit: ratelimit.PerHour(0)},
			"0", "0", "0", "0;w=3600", "",
		},
		{"admitted without a limit", ratelimit.Result{Allowed: 1}, "", "", "", "", ""},
		{"admitted without a limiter", ratelimit.Result{Allowed: 1, Source: ratelimit.Assumed, Limit: minute}, "", "", "", "", ""},
		{"refused without a limiter", ratelimit.Result{Source: ratelimit.Assumed}, "", "", "", "", "1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := http.Header{}
			for _, name := range []string{"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "RateLimit-Policy", "Retry-After"} {
				h.Set(name, "stale")
			}
			h.Set("Other", "kept")
			ratelimit.SetHeaders(h, tc.r)
			require.Equal(t, tc.limit, h.Get("RateLimit-Limit"))
			require.Equal(t, tc.left, h.Get("RateLimit-Remaining"))
			require.Equal(t, tc.reset, h.Get("RateLimit-Reset"))
			require.Equal(t, tc.policy, h.Get("RateLimit-Policy"))
			require.Equal(t, tc.wait, h.Get("Retry-After"))
			require.Equal(t, "kept", h.Get("Other"))
		})
	}
}

// A client that waits for Retry-After seconds is admitted.
func TestRetryAfterHeaderIsTrue(t *testing.T) {
	l := newLocal(t, ratelimit.SlidingLog, ratelimit.PerMinute(1))
	_, err := l.Allow(t.Context(), "k")
	require.NoError(t, err)
	r, err := l.Allow(t.Context(), "k")
	require.NoError(t, err)
	h := http.Header{}
	ratelimit.SetHeaders(h, r)
	wait, err := time.ParseDuration(h.Get("Retry-After") + "s")
	require.NoError(t, err)
	require.GreaterOrEqual(t, wait, r.RetryAfter)
	require.Less(t, wait, r.RetryAfter+time.Second)
}

// An outage isn't a full key: the fields of a policy's answer don't say that
// nothing is left.
func TestHeadersOfAnOutageTellNoNumbers(t *testing.T) {
	for name, tc := range map[string]struct {
		policy ratelimit.FailPolicy
		want   http.Header
	}{
		"open":   {ratelimit.FailOpen(), http.Header{}},
		"closed": {ratelimit.FailClosed(), http.Header{"Retry-After": {"1"}}},
	} {
		rdb, begin := outage(t)
		begin()
		l := newRedis(t, rdb, ratelimit.SlidingLog, fivePerHour, ratelimit.WithFailPolicy(tc.policy))
		r, err := l.Allow(t.Context(), "k")
		require.Equal(t, name == "open", err == nil, name)
		require.Equal(t, ratelimit.Assumed, r.Source, name)
		h := http.Header{}
		ratelimit.SetHeaders(h, r)
		require.Equal(t, tc.want, h, name)
	}
}
