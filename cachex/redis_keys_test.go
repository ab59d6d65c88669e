package cachex_test

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/internal/redistest"
)

// keysOf returns every key of a server.
func keysOf(t testing.TB, rdb *redis.Client) []string {
	t.Helper()
	keys, err := rdb.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	return keys
}

// onlyKey returns the one key of a server.
func onlyKey(t testing.TB, rdb *redis.Client) string {
	t.Helper()
	keys := keysOf(t, rdb)
	require.Len(t, keys, 1)
	return keys[0]
}

func ttlOf(t testing.TB, rdb *redis.Client, key string) time.Duration {
	t.Helper()
	ttl, err := rdb.PTTL(t.Context(), key).Result()
	require.NoError(t, err)
	return ttl
}

// Trap cachex/7: immortal keys. After any run of calls every key expires.
func TestRedisKeysAlwaysExpire(t *testing.T) {
	t.Run("miniredis", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { randomCallsLeaveNoImmortalKey(t, redistest.New(t)) })
	})
	t.Run("server", func(t *testing.T) {
		randomCallsLeaveNoImmortalKey(t, realClient(t, realserver.Redis(t)))
	})
}

func randomCallsLeaveNoImmortalKey(t *testing.T, rdb *redis.Client) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	policies := []cachex.Policy{
		cachex.DefaultPolicy(),
		free(),
		{TTL: 3 * time.Millisecond, MaxAttempts: 1, Guesses: cachex.Budget{Max: 2, Window: 5 * time.Millisecond}},
		{TTL: time.Minute, MaxAttempts: 5, Sends: []cachex.Budget{{Max: 2, Window: time.Millisecond}, {Max: 3, Window: time.Hour}}},
	}
	var caches []*cachex.CodeRedisCache
	for _, p := range policies {
		caches = append(caches, newRedisCache(t, rdb, p))
	}
	var gens []uint64
	for range 3000 {
		// The same Keys under changing policies, as while a new version rolls out.
		c := caches[r.IntN(len(caches))]
		k := cachex.Key{Biz: "login", To: fmt.Sprint(r.IntN(8))}
		switch r.IntN(6) {
		case 0, 1:
			if ticket, err := c.Set(t.Context(), k, code); err == nil {
				gens = append(gens, ticket.Gen)
			}
		case 2:
			_ = c.Verify(t.Context(), k, code)
		case 3:
			_ = c.Verify(t.Context(), k, other)
		case 4:
			if len(gens) > 0 {
				_, err := c.Revoke(t.Context(), k, gens[len(gens)-1])
				require.NoError(t, err)
			}
		case 5:
			_, err := c.Status(t.Context(), k)
			require.NoError(t, err)
		}
		for _, key := range keysOf(t, rdb) {
			// -2: it expired between the two commands.
			if ttl := ttlOf(t, rdb, key); ttl == -1 || ttl > 25*time.Hour {
				t.Fatalf("key %q expires in %v", key, ttl)
			}
		}
	}
	for _, c := range caches {
		require.Zero(t, c.Stats(), "a cache healed what caches wrote")
	}
}

// Trap cachex/8: a write-back that loses or moves the expiry. No try touches it.
func TestRedisTriesLeaveTheExpiryAlone(t *testing.T) {
	rdb := realClient(t, realserver.Redis(t))
	c := newRedisCache(t, rdb, cachex.DefaultPolicy())
	ticket, err := c.Set(t.Context(), someone, code)
	require.NoError(t, err)
	key := onlyKey(t, rdb)
	expiry := func() time.Duration {
		at, err := rdb.PExpireTime(t.Context(), key).Result()
		require.NoError(t, err)
		return at
	}
	before := expiry()
	require.ErrorIs(t, c.Verify(t.Context(), someone, other), cachex.ErrMismatch)
	require.ErrorIs(t, c.Verify(t.Context(), someone, other), cachex.ErrMismatch)
	require.Equal(t, before, expiry(), "a wrong try moved the expiry")
	status, err := c.Status(t.Context(), someone)
	require.NoError(t, err)
	require.Equal(t, ticket.ExpiresAt, status.ExpiresAt, "a wrong try changed the code's life")
	require.NoError(t, c.Verify(t.Context(), someone, code))
	require.Equal(t, before, expiry(), "the right try moved the expiry")
	require.ErrorIs(t, c.Verify(t.Context(), someone, code), cachex.ErrNotFound)
	require.Equal(t, before, expiry(), "a refused try moved the expiry")
}

// The budget that a guess at the last moment starts outlives the code.
func TestRedisKeepsALateGuess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := free()
		p.Guesses = cachex.Budget{Max: 1, Window: time.Hour}
		c := newRedisCache(t, redistest.New(t), p)
		_, err := c.Set(t.Context(), someone, code)
		require.NoError(t, err)
		time.Sleep(p.TTL - time.Millisecond)
		require.ErrorIs(t, c.Verify(t.Context(), someone, other), cachex.ErrMismatch)
		time.Sleep(p.Guesses.Window - time.Millisecond)
		_, err = c.Set(t.Context(), someone, code)
		require.ErrorIs(t, err, cachex.ErrLocked)
		time.Sleep(time.Millisecond)
		_, err = c.Set(t.Context(), someone, code)
		require.NoError(t, err)
	})
}

// Trap cachex/9: a key that isn't declared lives on another node of a cluster.
func TestRedisScriptsTouchDeclaredKeysOnly(t *testing.T) {
	files, err := filepath.Glob("lua/*.lua")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	call := regexp.MustCompile(`call\('(\w+)'(?:, (\w+))?`)
	calls := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range call.FindAllStringSubmatch(string(text), -1) {
			calls++
			if m[1] != "TIME" && m[2] != "key" {
				t.Errorf("%s: %s names its key %q, want key", file, m[1], m[2])
			}
		}
		if strings.Contains(string(text), "KEYS[2]") || strings.Contains(string(text), "key ..") {
			t.Errorf("%s makes a key of its own", file)
		}
		require.Equal(t, strings.Count(string(text), "call("), len(call.FindAllString(string(text), -1)),
			"%s: a call that this test doesn't understand", file)
	}
	require.GreaterOrEqual(t, calls, 9)
}

// Trap cachex/10: Lua prints a large number as 1.7640000001235e+15, which
// miniredis doesn't. Gens are beyond 2^46 and go to the server and back.
func TestRedisKeepsLargeNumbers(t *testing.T) {
	rdb := realClient(t, realserver.Redis(t))
	p := cachex.Policy{
		TTL:         366 * 24 * time.Hour,
		ResendAfter: 366*24*time.Hour - time.Microsecond,
		MaxAttempts: 65535,
		Guesses:     cachex.Budget{Max: 65535, Window: 366 * 24 * time.Hour},
		Sends:       []cachex.Budget{{Max: 1, Window: 365*24*time.Hour + 123456*time.Microsecond}},
	}
	c := newRedisCache(t, rdb, p)
	ticket, err := c.Set(t.Context(), someone, code)
	require.NoError(t, err)
	require.Greater(t, ticket.Gen, uint64(1<<50))
	require.WithinDuration(t, time.Now().Add(p.TTL), ticket.ExpiresAt, time.Minute)
	require.ErrorIs(t, c.Verify(t.Context(), someone, other), cachex.ErrMismatch)
	status, err := c.Status(t.Context(), someone)
	require.NoError(t, err)
	require.Equal(t, ticket.Gen, status.Gen)
	require.Equal(t, ticket.ExpiresAt, status.ExpiresAt)
	require.Equal(t, 65534, status.Left)
	require.InDelta(t, p.ResendAfter, status.ResendAfter, float64(time.Minute))
	require.InDelta(t, p.Sends[0].Window, status.LockedFor, float64(time.Minute))
	for _, gen := range []uint64{ticket.Gen - 1, ticket.Gen + 1, ticket.Gen + 1<<52, 1 << 63} {
		ok, err := c.Revoke(t.Context(), someone, gen)
		require.NoError(t, err)
		require.False(t, ok, "gen %d", gen)
	}
	ok, err := c.Revoke(t.Context(), someone, ticket.Gen)
	require.NoError(t, err)
	require.True(t, ok)
	require.InDelta(t, 732*24*time.Hour, ttlOf(t, rdb, onlyKey(t, rdb)), float64(time.Minute))
}

// Trap cachex/14: what Redis is told and what it holds, MONITOR included, names
// neither the code nor the recipient.
func TestRedisIsToldNoSecret(t *testing.T) {
	s := realserver.Redis(t)
	rdb := realClient(t, s)
	c := newRedisCache(t, rdb, cachex.DefaultPolicy())
	monitored := monitor(t, s)
	ticket, err := c.Set(t.Context(), someone, code)
	require.NoError(t, err)
	var texts []string
	texts = append(texts, c.Verify(t.Context(), someone, other).Error())
	_, err = c.Set(t.Context(), someone, code)
	texts = append(texts, fmt.Sprintf("%+v", err))
	_, err = c.Revoke(t.Context(), someone, ticket.Gen+1)
	require.NoError(t, err)
	_, err = c.Status(t.Context(), someone)
	require.NoError(t, err)
	require.NoError(t, c.Verify(t.Context(), someone, code))
	key := onlyKey(t, rdb)
	dump, err := rdb.Dump(t.Context(), key).Result()
	require.NoError(t, err)
	value, err := rdb.Get(t.Context(), key).Result()
	require.NoError(t, err)
	s.Kill()
	texts = append(texts, c.Verify(t.Context(), someone, code).Error())
	log := monitored()
	require.Contains(t, log, "SETRANGE", "MONITOR saw nothing")
	require.Regexp(t, `^cachex:\{[-_A-Za-z0-9]{22}\}$`, key, "no MAC of 128 bits")
	require.Len(t, value, 82)
	for _, text := range append(texts, key, dump, value, log, s.Output()) {
		for _, secret := range []string{someone.To, someone.To[1:], someone.Biz, code, other} {
			for _, as := range disguises(secret) {
				require.NotContains(t, strings.ToLower(text), strings.ToLower(as))
			}
		}
	}
}

// disguises returns a secret as it is, in hexadecimal and in base64, the latter
// as it looks wherever the secret begins in what is encoded, but for the digits
// that it shares with its neighbours.
func disguises(secret string) []string {
	all := []string{secret, hex.EncodeToString([]byte(secret))}
	for before := range 3 {
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := enc.EncodeToString([]byte(strings.Repeat("x", before) + secret))
			all = append(all, text[(before*8+5)/6:(before+len(secret))*8/6])
		}
	}
	return all
}

// What the test above looks for, it finds.
func TestDisguises(t *testing.T) {
	for before := range 4 {
		for after := range 4 {
			text := []byte(strings.Repeat("a", before) + someone.To + strings.Repeat("b", after))
			for _, encoded := range []string{
				string(text), fmt.Sprintf("%x", text), base64.StdEncoding.EncodeToString(text),
				base64.URLEncoding.EncodeToString(text), base64.RawURLEncoding.EncodeToString(text),
			} {
				require.True(t, slices.ContainsFunc(disguises(someone.To), func(as string) bool {
					return strings.Contains(encoded, as)
				}), "%q", encoded)
			}
		}
	}
}

// monitor starts MONITOR; the function it returns waits until the server is
// gone and returns what it said.
func monitor(t *testing.T, s *realserver.Server) func() string {
	t.Helper()
	conn := dial(t, s.Addr())
	_, err := conn.Write([]byte("MONITOR\r\n"))
	require.NoError(t, err)
	ok := make([]byte, len("+OK\r\n"))
	_, err = conn.Read(ok)
	require.NoError(t, err)
	return func() string {
		var b strings.Builder
		_, err := conn.WriteTo(&b)
		t.Logf("MONITOR ended: %v", err)
		return b.String()
	}
}

// A new policy meets the records of the old one.
func TestRedisPolicyChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		old := newRedisCache(t, rdb, cachex.Policy{
			TTL: 10 * time.Minute, ResendAfter: time.Minute, MaxAttempts: 3,
			Guesses: cachex.Budget{Max: 9, Window: time.Hour},
			Sends:   []cachex.Budget{{Max: 3, Window: time.Hour}},
		})
		changed := newRedisCache(t, rdb, cachex.Policy{
			TTL: time.Minute, ResendAfter: 2 * time.Minute, MaxAttempts: 9,
			Guesses: cachex.Budget{Max: 4, Window: time.Hour},
			Sends:   []cachex.Budget{{Max: 2, Window: time.Hour}, {Max: 1, Window: time.Hour}},
		})
		_, err := old.Set(t.Context(), someone, code)
		require.NoError(t, err)
		time.Sleep(time.Minute)
		denied := func(want error, after time.Duration) {
			t.Helper()
			_, err := changed.Set(t.Context(), someone, code)
			d, ok := errors.AsType[*cachex.DeniedError](err)
			require.True(t, ok, "%v", err)
			require.ErrorIs(t, err, want)
			require.Equal(t, after, d.RetryAfter)
		}
		denied(cachex.ErrTooSoon, time.Minute)
		require.Equal(t, 2, leftAfter(t, changed, someone), "the code keeps its tries, and its life")
		time.Sleep(time.Minute)
		_, err = changed.Set(t.Context(), someone, code)
		require.NoError(t, err, "the second budget begins empty")
		denied(cachex.ErrLocked, time.Hour)
		require.Equal(t, 2, leftAfter(t, changed, someone), "two guesses of four, one of them on the old code")
		time.Sleep(time.Minute)
		_, err = old.Set(t.Context(), someone, code)
		require.NoError(t, err, "two of three, and no second budget")
		require.Equal(t, 2, leftAfter(t, old, someone))
	})
}
