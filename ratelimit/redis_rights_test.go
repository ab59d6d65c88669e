package ratelimit_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

// documentedRights returns the commands that the comment of Redis asks for: for
// all algorithms, and beside them for SlidingLog.
func documentedRights(t *testing.T) (all, log []string) {
	t.Helper()
	source, err := os.ReadFile("redis.go")
	require.NoError(t, err)
	text := strings.ReplaceAll(string(source), "\n//", "")
	parts := regexp.MustCompile(`the right to ([A-Z, and]+); SlidingLog also ([A-Z, and]+)\.`).FindStringSubmatch(text)
	require.Len(t, parts, 3, "the comment of Redis tells no rights")
	command := regexp.MustCompile(`[A-Z]{2,}`)
	return command.FindAllString(parts[1], -1), command.FindAllString(parts[2], -1)
}

// A user with the documented rights and no others may make every call, also those
// that heal or clamp.
func TestRedisNeedsNoRightsButTheDocumented(t *testing.T) {
	t.Parallel()
	s := realserver.Redis(t)
	admin := realClient(t, s)
	all, log := documentedRights(t)
	for _, a := range ratelimittest.Algorithms() {
		user := strings.ReplaceAll(a.String(), " ", "-")
		rules := []any{"ACL", "SETUSER", user, "reset", "on", ">secret", "~*"}
		rights := all
		if a == ratelimit.SlidingLog {
			rights = append(slices.Clip(rights), log...)
		}
		for _, command := range rights {
			rules = append(rules, "+"+strings.ToLower(command))
		}
		require.NoError(t, admin.Do(t.Context(), rules...).Err())
		rdb := redis.NewClient(&redis.Options{Addr: s.Addr(), Username: user, Password: "secret", DisableIdentity: true})
		t.Cleanup(func() { _ = rdb.Close() })
		everyCall(t, newRedis(t, rdb, a, []ratelimit.Limit{ratelimit.PerHour(40), ratelimit.PerDay(50)}, ratelimit.WithPrefix(user)), admin, user)
		require.NoError(t, admin.Do(t.Context(), "SCRIPT", "FLUSH").Err())
	}
}

func everyCall(t *testing.T, l *ratelimit.Redis, admin *redis.Client, prefix string) {
	t.Helper()
	ctx, d := t.Context(), ratelimit.Demand{Key: "k", N: 1}
	for range 12 { // a log of more than a few hits is read in another way
		r, err := l.Allow(ctx, "k")
		require.NoError(t, err, prefix)
		require.NoError(t, l.Refund(ctx, r.Receipt), prefix)
		_, err = l.AllowAtMost(ctx, "k", 2)
		require.NoError(t, err, prefix)
		rs, err := l.AllowAll(ctx, "tag", d)
		require.NoError(t, err, prefix)
		require.NoError(t, l.Refund(ctx, rs[0].Receipt), prefix)
		_, err = l.PeekAll(ctx, "tag", d)
		require.NoError(t, err, prefix)
	}
	names, err := admin.Keys(ctx, prefix+":*{k}").Result()
	require.NoError(t, err)
	require.NotEmpty(t, names)
	for i, name := range names {
		require.NoError(t, admin.Del(ctx, name).Err())
		require.NoError(t, admin.HSet(ctx, name, fmt.Sprint(i), "not ours").Err())
	}
	_, err = l.Peek(ctx, "k")
	require.NoError(t, err, prefix)
	require.EqualValues(t, len(names), l.Stats().Healed, prefix)
	_, err = l.AllowN(ctx, "k", 41)
	require.NoError(t, err, prefix)
	require.NoError(t, l.Reset(ctx, "k"), prefix)
}
