package session_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/examples/tinybook/internal/session"
	"github.com/ycvk/tinybook/internal/realserver"
)

const endedKey = "tb:session:ended"

// onBoth runs a test on the embedded Redis and on a real one.
func onBoth(t *testing.T, test func(t *testing.T, rdb redis.UniversalClient)) {
	t.Run("embedded", func(t *testing.T) {
		r, err := platform.OpenEmbeddedRedis("")
		require.NoError(t, err)
		defer func() { require.NoError(t, r.Close()) }()
		test(t, r)
	})
	t.Run("real", func(t *testing.T) {
		r, err := platform.OpenRedis(t.Context(), realserver.Redis(t).Addr(), "")
		require.NoError(t, err)
		defer func() { require.NoError(t, r.Close()) }()
		test(t, r)
	})
}

func managerOn(t *testing.T, store session.Store, accessTTL time.Duration) *session.Manager {
	t.Helper()
	m, err := session.New(store, session.Config{
		Keys: []session.Key{testKey}, AccessTTL: accessTTL, RefreshTTL: 24 * time.Hour,
		Poll: 250 * time.Millisecond, MaxStale: 10 * time.Second,
	})
	require.NoError(t, err)
	require.NoError(t, m.Load(t.Context()))
	return m
}

// Access tokens that were made under an earlier configuration may live longer
// than those of now. Their session is listed as ended for as long as they live,
// whichever token ends it.
func TestEndOutlivesTheToken(t *testing.T) {
	onBoth(t, func(t *testing.T, rdb redis.UniversalClient) {
		store := session.NewRedisStore(rdb)
		before, now := managerOn(t, store, 10*time.Hour), managerOn(t, store, time.Minute)
		for name, end := range map[string]func(session.Tokens) error{
			"by the access token": func(old session.Tokens) error {
				id, err := now.Verify(t.Context(), old.Access)
				require.NoError(t, err)
				return now.End(t.Context(), id)
			},
			"by the refresh token": func(old session.Tokens) error {
				id, err := now.Holder(old.Refresh)
				require.NoError(t, err)
				return now.End(t.Context(), id)
			},
			"by a newer token": func(old session.Tokens) error {
				id, renewed, err := now.Refresh(t.Context(), old.Refresh)
				require.NoError(t, err)
				newer, err := now.Verify(t.Context(), renewed.Access)
				require.NoError(t, err)
				require.Equal(t, id.Session, newer.Session)
				return now.End(t.Context(), newer)
			},
			"by reuse": func(old session.Tokens) error {
				_, _, err := now.Refresh(t.Context(), old.Refresh)
				require.NoError(t, err)
				_, _, err = now.Refresh(t.Context(), old.Refresh)
				require.ErrorIs(t, err, session.ErrReused)
				return nil
			},
		} {
			t.Run(name, func(t *testing.T) {
				tokens, err := before.Start(t.Context(), 7)
				require.NoError(t, err)
				id, err := before.Verify(t.Context(), tokens.Access)
				require.NoError(t, err)
				require.NoError(t, end(tokens))
				ended, err := store.Ended(t.Context(), time.Time{})
				require.NoError(t, err)
				last := ended[len(ended)-1]
				for _, e := range ended {
					if e.Session == id.Session {
						last = e
					}
				}
				require.Equal(t, id.Session, last.Session)
				require.InDelta(t, 10*time.Hour, last.Left, float64(5*time.Minute))
				require.Greater(t, rdb.PTTL(t.Context(), endedKey).Val(), 9*time.Hour)
				_, _, err = now.Refresh(t.Context(), tokens.Refresh)
				require.ErrorIs(t, err, session.ErrRevoked)
			})
		}
	})
}

// A list that holds ends until their tokens are dead forgets them then.
func TestDeadSessionsLeaveTheList(t *testing.T) {
	onBoth(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx := t.Context()
		store := session.NewRedisStore(rdb)
		require.NoError(t, store.End(ctx, "old", time.Now()))
		past := float64(time.Now().Add(-time.Second).UnixMilli())
		require.NoError(t, rdb.ZAdd(ctx, "{"+endedKey+"}:dead", redis.Z{Score: past, Member: "old"}).Err())
		require.NoError(t, store.End(ctx, "new", time.Now().Add(time.Hour)))
		require.Equal(t, []string{"new"}, rdb.ZRange(ctx, endedKey, 0, -1).Val())
		// An earlier end of the same session shortens nothing.
		require.NoError(t, store.End(ctx, "new", time.Now()))
		all, err := store.Ended(ctx, time.Time{})
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.Greater(t, all[0].Left, 59*time.Minute)
	})
}

// The clock of the store was ahead and was set right: what ends from then on
// must not hide behind what ended before.
func TestClockOfTheStoreStepsBack(t *testing.T) {
	onBoth(t, func(t *testing.T, rdb redis.UniversalClient) {
		ctx := t.Context()
		future := float64(time.Now().Add(time.Hour).UnixMilli())
		require.NoError(t, rdb.ZAdd(ctx, endedKey, redis.Z{Score: future, Member: "from the future"}).Err())
		store := session.NewRedisStore(rdb)
		one, two := managerOn(t, store, 15*time.Minute), managerOn(t, store, 15*time.Minute)
		tokens, err := one.Start(ctx, 7)
		require.NoError(t, err)
		id, err := two.Verify(ctx, tokens.Access)
		require.NoError(t, err)
		require.NoError(t, one.End(ctx, id))
		require.NoError(t, two.Load(ctx))
		_, err = two.Verify(ctx, tokens.Access)
		require.ErrorIs(t, err, session.ErrRevoked)

		// A store that doesn't know the future ones any more, as after a
		// failover, hides nothing either.
		other, err := one.Start(ctx, 8)
		require.NoError(t, err)
		id, err = one.Verify(ctx, other.Access)
		require.NoError(t, err)
		require.NoError(t, rdb.Del(ctx, endedKey).Err())
		require.NoError(t, one.End(ctx, id))
		require.NoError(t, two.Load(ctx))
		_, err = two.Verify(ctx, other.Access)
		require.ErrorIs(t, err, session.ErrRevoked)
	})
}

// While the store is away, what can't be done is ErrUnavailable; a sign-out
// counts here at once, and elsewhere when the store is back.
func TestChangesWhileTheStoreIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{}
		one, two := newManager(t, store), newManager(t, store)
		require.NoError(t, one.Load(t.Context()))
		require.NoError(t, two.Load(t.Context()))
		running(t, one)
		running(t, two)
		tokens, err := one.Start(t.Context(), 7)
		require.NoError(t, err)
		id, err := one.Verify(t.Context(), tokens.Access)
		require.NoError(t, err)

		store.away.Store(true)
		_, err = one.Start(t.Context(), 7)
		require.ErrorIs(t, err, session.ErrUnavailable)
		require.NotContains(t, err.Error(), errAway.Error(), "a store may quote anything")
		_, _, err = one.Refresh(t.Context(), tokens.Refresh)
		require.ErrorIs(t, err, session.ErrUnavailable)
		require.ErrorIs(t, one.Available(t.Context()), session.ErrUnavailable)
		require.ErrorIs(t, one.End(t.Context(), id), session.ErrUnavailable)
		_, err = one.Verify(t.Context(), tokens.Access)
		require.ErrorIs(t, err, session.ErrRevoked)
		time.Sleep(2 * time.Second) // in the bubble
		_, err = two.Verify(t.Context(), tokens.Access)
		require.NoError(t, err, "two can't know")

		store.away.Store(false)
		require.NoError(t, one.Available(t.Context()))
		time.Sleep(time.Second)
		_, err = two.Verify(t.Context(), tokens.Access)
		require.ErrorIs(t, err, session.ErrRevoked, "one has told the store")
	})
}

// A request that is over isn't the store's fault.
func TestCanceledChange(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	store := &fakeStore{}
	store.away.Store(true)
	_, err := newManager(t, store).Start(ctx, 7)
	require.ErrorIs(t, err, errAway)
	require.NotErrorIs(t, err, session.ErrUnavailable)
}

func TestHealth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{}
		m := newManager(t, store)
		require.NoError(t, m.Load(t.Context()))
		running(t, m)
		store.away.Store(true)
		time.Sleep(9 * time.Second)
		require.NoError(t, m.Health(), "requests pass on the own list")
		time.Sleep(2 * time.Second)
		require.ErrorIs(t, m.Health(), session.ErrUnavailable)
		store.away.Store(false)
		time.Sleep(time.Second)
		require.NoError(t, m.Health())
	})
}

// What must not be forgotten is synced before the answer, and a sync that fails
// is no success.
func TestSyncedStore(t *testing.T) {
	var synced int
	var fails error
	store := session.NewSyncedStore(&fakeStore{}, func(context.Context) error { synced++; return fails })
	m := newManager(t, store)
	tokens, err := m.Start(t.Context(), 7)
	require.NoError(t, err)
	require.Equal(t, 0, synced, "a session may be lost: its user signs in again")
	_, _, err = m.Refresh(t.Context(), tokens.Refresh)
	require.NoError(t, err)
	require.Equal(t, 1, synced)
	require.NoError(t, m.End(t.Context(), session.Identity{UID: 7, Session: "s"}))
	require.Equal(t, 2, synced)

	fails = errors.New("disk full")
	_, _, err = m.Refresh(t.Context(), tokens.Refresh)
	require.ErrorIs(t, err, fails)
	require.ErrorIs(t, m.End(t.Context(), session.Identity{UID: 7, Session: "s"}), session.ErrUnavailable)
}

func TestKeptKeyThatOthersMayRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "session.key")
	_, err := session.KeptKey(path)
	require.NoError(t, err)
	for _, mode := range []os.FileMode{0o644, 0o640, 0o604, 0o620} {
		require.NoError(t, os.Chmod(path, mode))
		_, err = session.KeptKey(path)
		require.ErrorContains(t, err, "others may read it")
		require.ErrorContains(t, err, path)
	}
	require.NoError(t, os.Chmod(path, 0o600))
	_, err = session.KeptKey(path)
	require.NoError(t, err)
}
