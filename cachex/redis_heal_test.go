package cachex_test

import (
	"errors"
	"math/rand/v2"
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

// healed checks how many values c has put right.
func healed(t testing.TB, c *cachex.CodeRedisCache, want uint64) {
	t.Helper()
	require.Equal(t, cachex.RedisStats{Healed: want}, c.Stats())
}

// Values that are no record: every call treats them as absent, removes them and
// counts them.
func TestRedisHealsWhatIsNoRecord(t *testing.T) {
	rdb := realClient(t, realserver.Redis(t))
	var record string
	spoil := map[string]func(key string) error{
		"empty": func(key string) error { return rdb.Set(t.Context(), key, "", 0).Err() },
		"text":  func(key string) error { return rdb.Set(t.Context(), key, code, time.Hour).Err() },
		"layout": func(key string) error {
			return rdb.Set(t.Context(), key, "\x02"+record[1:], 0).Err()
		},
		"short": func(key string) error { return rdb.Set(t.Context(), key, record[:63], 0).Err() },
		"future": func(key string) error {
			return rdb.Set(t.Context(), key, "\x01\x1f\xff"+record[3:], time.Hour).Err()
		},
		"list": func(key string) error { return rdb.LPush(t.Context(), key, 1).Err() },
		"hash": func(key string) error { return rdb.HSet(t.Context(), key, "a", 1).Err() },
	}
	for name, spoil := range spoil {
		t.Run(name, func(t *testing.T) {
			c := newRedisCache(t, rdb, cachex.DefaultPolicy())
			var key string
			again := func() {
				t.Helper()
				require.NoError(t, rdb.FlushAll(t.Context()).Err())
				_, err := c.Set(t.Context(), someone, code)
				require.NoError(t, err)
				key = onlyKey(t, rdb)
				record, err = rdb.Get(t.Context(), key).Result()
				require.NoError(t, err)
				require.NoError(t, rdb.Del(t.Context(), key).Err())
				require.NoError(t, spoil(key))
			}
			gone := func() {
				t.Helper()
				require.Empty(t, keysOf(t, rdb))
			}
			again()
			require.ErrorIs(t, c.Verify(t.Context(), someone, code), cachex.ErrNotFound)
			healed(t, c, 1)
			gone()
			again()
			status, err := c.Status(t.Context(), someone)
			require.NoError(t, err)
			require.Zero(t, status)
			healed(t, c, 2)
			gone()
			again()
			ok, err := c.Revoke(t.Context(), someone, 1)
			require.NoError(t, err)
			require.False(t, ok)
			healed(t, c, 3)
			gone()
			again()
			_, err = c.Set(t.Context(), someone, other)
			require.NoError(t, err)
			healed(t, c, 4)
			require.NoError(t, c.Verify(t.Context(), someone, other))
			require.Positive(t, ttlOf(t, rdb, key))
			healed(t, c, 4)
		})
	}
}

// A record that lost its expiry, or got one that is too long, gets its own back
// from every call but a counted wrong try, and goes on as it was.
func TestRedisHealsExpiries(t *testing.T) {
	rdb := realClient(t, realserver.Redis(t))
	p := cachex.DefaultPolicy()
	for name, spoil := range map[string]func(key string) error{
		"none":     func(key string) error { return rdb.Persist(t.Context(), key).Err() },
		"too long": func(key string) error { return rdb.Expire(t.Context(), key, 48*time.Hour).Err() },
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, rdb.FlushAll(t.Context()).Err())
			c := newRedisCache(t, rdb, p)
			ticket, err := c.Set(t.Context(), someone, code)
			require.NoError(t, err)
			key := onlyKey(t, rdb)
			var count uint64
			heals := func(call func()) {
				t.Helper()
				require.NoError(t, spoil(key))
				call()
				count++
				healed(t, c, count)
				require.InDelta(t, p.Guesses.Window+p.TTL, ttlOf(t, rdb, key), float64(time.Minute))
			}
			heals(func() {
				_, err := c.Set(t.Context(), someone, other)
				require.ErrorIs(t, err, cachex.ErrTooSoon)
			})
			heals(func() {
				status, err := c.Status(t.Context(), someone)
				require.NoError(t, err)
				require.Equal(t, ticket.ExpiresAt, status.ExpiresAt)
			})
			require.NoError(t, spoil(key))
			require.Equal(t, 2, leftAfter(t, c, someone))
			require.Equal(t, 1, leftAfter(t, c, someone))
			heals(func() { require.Equal(t, 0, leftAfter(t, c, someone), "the code's last try") })
			heals(func() { require.ErrorIs(t, c.Verify(t.Context(), someone, code), cachex.ErrTooMany) })
			heals(func() {
				ok, err := c.Revoke(t.Context(), someone, ticket.Gen)
				require.NoError(t, err)
				require.True(t, ok)
			})
			_, err = c.Set(t.Context(), someone, code)
			require.NoError(t, err)
			heals(func() { require.NoError(t, c.Verify(t.Context(), someone, code)) })
			heals(func() { require.ErrorIs(t, c.Verify(t.Context(), someone, code), cachex.ErrNotFound) })
		})
	}
}

// A record that should have ended long ago is as good as none.
func TestRedisDropsAnImmortalRecordAfterItsTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		p := cachex.DefaultPolicy()
		c := newRedisCache(t, rdb, p)
		ticket, err := c.Set(t.Context(), someone, code)
		require.NoError(t, err)
		require.NoError(t, rdb.Persist(t.Context(), onlyKey(t, rdb)).Err())
		time.Sleep(p.Guesses.Window + p.TTL + time.Minute)
		ok, err := c.Revoke(t.Context(), someone, ticket.Gen)
		require.NoError(t, err)
		require.False(t, ok)
		healed(t, c, 1)
		require.Empty(t, keysOf(t, rdb))
	})
}

// Whatever stands in the value: no call fails, none waits for longer than the
// policy says, and a key that is left expires.
func FuzzRedisValue(f *testing.F) {
	rdb := realClient(f, realserver.Redis(f))
	p := cachex.DefaultPolicy()
	c := newRedisCache(f, rdb, p)
	_, err := c.Set(f.Context(), someone, code)
	require.NoError(f, err)
	key := onlyKey(f, rdb)
	record, err := rdb.Get(f.Context(), key).Result()
	require.NoError(f, err)
	for _, seed := range []string{
		"", "1", code, record, record[:64], record + "\x00", record + strings.Repeat("\xff", 100),
		strings.Repeat("\x01", 82), "\x01" + strings.Repeat("\x00", 81), "\x01" + strings.Repeat("\xff", 81),
		record[:14] + strings.Repeat("\xff", 68), record[:8] + strings.Repeat("\xff", 74),
		record[:14] + "\x02" + record[15:], record[:17] + "\xff\xff\xff\xff" + record[21:],
	} {
		f.Add([]byte(seed), true)
		f.Add([]byte(seed), false)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		mutant := []byte(record)
		for range 1 + r.IntN(4) {
			mutant[r.IntN(len(mutant))] = byte(r.Uint32())
		}
		f.Add(mutant, r.IntN(2) == 0)
	}
	f.Fuzz(func(t *testing.T, value []byte, immortal bool) {
		ttl := time.Hour
		if immortal {
			ttl = 0
		}
		for i := range 4 {
			require.NoError(t, rdb.Set(t.Context(), key, value, ttl).Err())
			for step := range 4 {
				checkAnswer(t, c, p, (i+step)%4)
				requireExpiry(t, rdb, key, step == 0 && i == 3)
			}
		}
	})
}

func checkAnswer(t *testing.T, c cachex.CodeCache, p cachex.Policy, op int) {
	t.Helper()
	var err error
	switch op {
	case 0:
		_, err = c.Set(t.Context(), someone, code)
	case 1:
		var s cachex.Status
		s, err = c.Status(t.Context(), someone)
		if s.ResendAfter > p.ResendAfter || s.LockedFor > p.Guesses.Window || s.Left < 0 || s.Live != (s.Gen != 0) {
			t.Errorf("Status is %+v", s)
		}
	case 2:
		_, err = c.Revoke(t.Context(), someone, 1)
	case 3:
		err = c.Verify(t.Context(), someone, other)
	}
	denied, ok := errors.AsType[*cachex.DeniedError](err)
	if err != nil && !ok {
		t.Fatalf("op %d: %v", op, err)
	}
	if ok && (denied.RetryAfter < 0 || denied.RetryAfter > p.Guesses.Window || denied.Left < 0) {
		t.Errorf("op %d: %v", op, denied)
	}
}

// requireExpiry checks that key expires or is gone, unless the only call so far
// may have been a counted wrong try.
func requireExpiry(t *testing.T, rdb *redis.Client, key string, tryOnly bool) {
	t.Helper()
	ttl, err := rdb.PTTL(t.Context(), key).Result()
	require.NoError(t, err)
	if ttl == -1 && !tryOnly {
		t.Fatal("the key never expires")
	}
}

// Only a value of another type is healed. What else GET may answer isn't the
// value's fault: the call fails, and the record stays.
func TestRedisDropsNoRecordItMayNotRead(t *testing.T) {
	s := realserver.Redis(t)
	admin := realClient(t, s)
	require.NoError(t, admin.Do(t.Context(), "ACL", "SETUSER", "blind", "on", ">pw", "~*", "+@all", "-get").Err())
	blind := newRedisCache(t, clientOf(t, &redis.Options{Addr: s.Addr(), Username: "blind", Password: "pw", MaxRetries: -1}), policyOf3())
	c := newRedisCache(t, admin, policyOf3())
	ticket, err := c.Set(t.Context(), someone, code)
	require.NoError(t, err)
	require.Equal(t, 2, leftAfter(t, c, someone))
	_, setErr := blind.Set(t.Context(), someone, code)
	_, revokeErr := blind.Revoke(t.Context(), someone, ticket.Gen)
	_, statusErr := blind.Status(t.Context(), someone)
	for call, err := range map[string]error{
		"Set": setErr, "Verify": blind.Verify(t.Context(), someone, code), "Revoke": revokeErr, "Status": statusErr,
	} {
		_, answered := errors.AsType[redis.Error](err)
		require.True(t, answered, "%s: %v", call, err)
		require.NotErrorIs(t, err, cachex.ErrUnknown)
	}
	healed(t, blind, 0)
	require.Equal(t, 1, leftAfter(t, c, someone), "the record was dropped")
	require.NoError(t, c.Verify(t.Context(), someone, code))
}

// miniredis names the types of its errors as a server does.
func TestRedisHealsAListOnMiniredis(t *testing.T) {
	rdb := redistest.New(t)
	c := newRedisCache(t, rdb, policyOf3())
	_, err := c.Set(t.Context(), someone, code)
	require.NoError(t, err)
	key := onlyKey(t, rdb)
	require.NoError(t, rdb.Del(t.Context(), key).Err())
	require.NoError(t, rdb.LPush(t.Context(), key, 1).Err())
	require.ErrorIs(t, c.Verify(t.Context(), someone, code), cachex.ErrNotFound)
	healed(t, c, 1)
}
