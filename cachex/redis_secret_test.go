package cachex_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/internal/realserver"
)

var (
	pepper1 = bytes.Repeat([]byte{1}, 32)
	pepper2 = bytes.Repeat([]byte{2}, 32)
)

// Two processes during a rotation of the pepper, with codes pending: the one
// that has both secrets takes the codes of both.
func TestRedisPepperRotation(t *testing.T) {
	s := realserver.Redis(t)
	before := newRedisCache(t, realClient(t, s), free(), cachex.WithPepper(pepper1))
	after := newRedisCache(t, realClient(t, s), free(), cachex.WithPepper(pepper2, pepper1))
	for _, setter := range []*cachex.CodeRedisCache{before, after} {
		_, err := setter.Set(t.Context(), someone, code)
		require.NoError(t, err)
		require.Equal(t, 2, leftAfter(t, after, someone), "a wrong code is one try, under how many secrets it may be")
		require.NoError(t, after.Verify(t.Context(), someone, code))
		require.ErrorIs(t, before.Verify(t.Context(), someone, code), cachex.ErrNotFound)
	}
	_, err := after.Set(t.Context(), someone, code)
	require.NoError(t, err)
	require.ErrorIs(t, before.Verify(t.Context(), someone, code), cachex.ErrMismatch, "a secret it doesn't know")
	gone := newRedisCache(t, realClient(t, s), free(), cachex.WithPepper(pepper2))
	require.NoError(t, gone.Verify(t.Context(), someone, code), "the rotation is over")
}

func TestRedisNameKey(t *testing.T) {
	rdb := realClient(t, realserver.Redis(t))
	one := newRedisCache(t, rdb, free(), cachex.WithNameKey(pepper1), cachex.WithPepper(pepper1))
	two := newRedisCache(t, rdb, free(), cachex.WithNameKey(pepper2), cachex.WithPepper(pepper1))
	builtin := newRedisCache(t, rdb, free(), cachex.WithPepper(pepper1))
	for _, c := range []*cachex.CodeRedisCache{one, two, builtin} {
		_, err := c.Set(t.Context(), someone, code)
		require.NoError(t, err)
	}
	require.Len(t, keysOf(t, rdb), 3, "name keys that give the same names")
	other := newRedisCache(t, rdb, free(), cachex.WithNameKey(pepper1), cachex.WithPepper(pepper2, pepper1))
	require.NoError(t, other.Verify(t.Context(), someone, code), "the pepper changes names")
}

// Trap cachex/12: a:b with c and a with b:c are two people.
func TestRedisNamesKeepKeysApart(t *testing.T) {
	rdb := realClient(t, realserver.Redis(t))
	c := newRedisCache(t, rdb, free(), cachex.WithPrefix("codes/"))
	keys := []cachex.Key{
		{Biz: "a:b", To: "c"},
		{Biz: "a", To: "b:c"},
		{Biz: "a\x00b", To: "c"},
		{Biz: "a", To: "b\x00c"},
		{Biz: "ab", To: "c"},
		{Biz: "a", To: "bc"},
		{Biz: "a{b}", To: "c"},
		{Biz: "a", To: "{b}c"},
	}
	for _, k := range keys {
		_, err := c.Set(t.Context(), k, code)
		require.NoError(t, err)
	}
	names := keysOf(t, rdb)
	require.Len(t, names, len(keys))
	for _, name := range names {
		require.Regexp(t, `^codes/\{[-_A-Za-z0-9]{22}\}$`, name)
	}
}

// Trap cachex/2: wrong tries that run at once are counted exactly. So are sends.
func TestRedisCountsExactlyUnderManyGoroutines(t *testing.T) {
	rdb := clientOf(t, &redis.Options{Addr: realserver.Redis(t).Addr(), PoolSize: 64})
	p := cachex.Policy{
		TTL: time.Hour, MaxAttempts: 37,
		Guesses: cachex.Budget{Max: 50, Window: time.Hour},
		Sends:   []cachex.Budget{{Max: 11, Window: time.Hour}},
	}
	c := newRedisCache(t, rdb, p)
	got := countErrors(64*3, func(int) error {
		_, err := c.Set(t.Context(), someone, code)
		return err
	})
	require.Equal(t, map[error]int{nil: 11, cachex.ErrLocked: 64*3 - 11}, got, "sends")
	got = countErrors(64*5, func(int) error { return c.Verify(t.Context(), someone, other) })
	require.Equal(t, map[error]int{cachex.ErrMismatch: 37, cachex.ErrTooMany: 64*5 - 37}, got, "wrong tries of one code")
}

// Trap cachex/3: the right code, many times at once, is right once.
func TestRedisLetsOneInUnderManyGoroutines(t *testing.T) {
	rdb := clientOf(t, &redis.Options{Addr: realserver.Redis(t).Addr(), PoolSize: 64})
	c := newRedisCache(t, rdb, cachex.Policy{TTL: time.Hour, MaxAttempts: 65535})
	for round := range 20 {
		k := cachex.Key{Biz: "login", To: fmt.Sprint(round)}
		_, err := c.Set(t.Context(), k, code)
		require.NoError(t, err)
		got := countErrors(64, func(int) error { return c.Verify(t.Context(), k, code) })
		require.Equal(t, map[error]int{nil: 1, cachex.ErrNotFound: 63}, got, "round %d", round)
	}
}

func TestNewCodeRedisCacheNamesWhatIsWrong(t *testing.T) {
	_, err := cachex.NewCodeRedisCache(nil, cachex.WithPrefix("{"), cachex.WithPepper(nil), nil)
	for _, want := range []string{"client is nil", "WithPrefix", "WithPepper", "option 2 is nil"} {
		require.ErrorContains(t, err, want)
	}
}

func TestRedisRefusesBadInputWithoutACall(t *testing.T) {
	c := newRedisCache(t, scripter{reply: errors.New("a call")}, free())
	_, err := c.Set(t.Context(), cachex.Key{}, code)
	require.ErrorIs(t, err, cachex.ErrInput)
	require.ErrorIs(t, c.Verify(t.Context(), someone, string(make([]byte, cachex.MaxCodeLen+1))), cachex.ErrInput)
	_, err = c.Revoke(t.Context(), cachex.Key{Biz: "login"}, 1)
	require.ErrorIs(t, err, cachex.ErrInput)
	_, err = c.Status(t.Context(), cachex.Key{To: "x"})
	require.ErrorIs(t, err, cachex.ErrInput)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, c.Verify(ctx, someone, code), context.Canceled)
	ok, err := c.Revoke(t.Context(), someone, 0)
	require.NoError(t, err)
	require.False(t, ok)
}

// A pipeline would answer every call with nothing, and a typed nil panic.
func TestNewCodeRedisCacheWantsAClient(t *testing.T) {
	rdb := realClient(t, realserver.Redis(t))
	for want, client := range map[string]redis.Scripter{
		"want a client":                        rdb.Pipeline(),
		"*redis.Pipeline queues calls":         rdb.TxPipeline(),
		"client is nil (<nil>)":                nil,
		"client is nil (*redis.Client)":        (*redis.Client)(nil),
		"client is nil (*redis.ClusterClient)": (*redis.ClusterClient)(nil),
		"client is nil (*redis.Ring)":          (*redis.Ring)(nil),
		"client is nil (*redis.Conn)":          (*redis.Conn)(nil),
		"client is nil (*redis.Tx)":            (*redis.Tx)(nil),
	} {
		c, err := cachex.NewCodeRedisCache(client)
		require.ErrorContains(t, err, want)
		require.Nil(t, c)
	}
	conn := rdb.Conn()
	t.Cleanup(func() { _ = conn.Close() })
	require.Equal(t, 2, leftOnNew(t, conn))
}

func leftOnNew(t *testing.T, client redis.Scripter) int {
	t.Helper()
	c := newRedisCache(t, client, policyOf3())
	_, err := c.Set(t.Context(), someone, code)
	require.NoError(t, err)
	return leftAfter(t, c, someone)
}
