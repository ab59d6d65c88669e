package session_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/session"
)

var errAway = errors.New("away")

// fakeStore is shared by nodes. It counts the questions that requests ask.
type fakeStore struct {
	session.Store
	away  atomic.Bool
	asked atomic.Int64

	mu    sync.Mutex
	ended []session.Ended
}

func (s *fakeStore) Create(context.Context, string, session.Grant) error { return s.err() }

func (s *fakeStore) Probe(context.Context) error { return s.err() }

func (s *fakeStore) Rotate(context.Context, string, string, session.Grant) (session.Rotation, error) {
	return session.Rotated, s.err()
}

func (s *fakeStore) err() error {
	if s.away.Load() {
		return errAway
	}
	return nil
}

func (s *fakeStore) End(_ context.Context, sid string, dead time.Time) error {
	if s.away.Load() {
		return errAway
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = append(s.ended, session.Ended{Session: sid, At: time.Now(), Left: time.Until(dead)})
	return nil
}

func (s *fakeStore) Ended(_ context.Context, since time.Time) ([]session.Ended, error) {
	if s.away.Load() {
		return nil, errAway
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []session.Ended
	for _, e := range s.ended {
		if !e.At.Before(since) {
			found = append(found, e)
		}
	}
	return found, nil
}

func (s *fakeStore) HasEnded(_ context.Context, sid string) (bool, error) {
	s.asked.Add(1)
	if s.away.Load() {
		return false, errAway
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.ended {
		if e.Session == sid {
			return true, nil
		}
	}
	return false, nil
}

var testKey = session.Key{ID: "k", Secret: bytes.Repeat([]byte("k"), session.MinSecret)}

func newManager(t *testing.T, store session.Store) *session.Manager {
	t.Helper()
	m, err := session.New(store, session.Config{
		Keys: []session.Key{testKey}, AccessTTL: 15 * time.Minute, RefreshTTL: time.Hour,
		Poll: 250 * time.Millisecond, MaxStale: 10 * time.Second,
	})
	require.NoError(t, err)
	return m
}

func running(t *testing.T, m *session.Manager) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- m.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
}

func TestOtherNodesSeeTheEndWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{}
		one, two := newManager(t, store), newManager(t, store)
		running(t, one)
		running(t, two)
		tokens, err := one.Start(t.Context(), 7)
		require.NoError(t, err)
		id, err := two.Verify(t.Context(), tokens.Access)
		require.NoError(t, err)
		require.Equal(t, int64(7), id.UID)

		time.Sleep(time.Minute) // in the bubble
		require.NoError(t, one.End(t.Context(), id))
		_, err = one.Verify(t.Context(), tokens.Access)
		require.ErrorIs(t, err, session.ErrRevoked)
		time.Sleep(time.Second)
		_, err = two.Verify(t.Context(), tokens.Access)
		require.ErrorIs(t, err, session.ErrRevoked)
		time.Sleep(13 * time.Minute) // still, for as long as the token lives
		_, err = two.Verify(t.Context(), tokens.Access)
		require.ErrorIs(t, err, session.ErrRevoked)
		time.Sleep(2 * time.Minute)
		_, err = two.Verify(t.Context(), tokens.Access)
		require.ErrorIs(t, err, session.ErrInvalid, "expired by itself")
		require.LessOrEqual(t, store.asked.Load(), int64(1), "requests must not ask the store")
	})
}

func TestStoreAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{}
		m := newManager(t, store)
		require.NoError(t, m.Load(t.Context()))
		running(t, m)
		tokens, err := m.Start(t.Context(), 7)
		require.NoError(t, err)
		store.away.Store(true)
		time.Sleep(9 * time.Second)
		_, err = m.Verify(t.Context(), tokens.Access)
		require.NoError(t, err, "the own list is good for MaxStale")
		time.Sleep(2 * time.Second)
		_, err = m.Verify(t.Context(), tokens.Access)
		require.ErrorIs(t, err, session.ErrUnavailable)
		require.ErrorIs(t, err, errAway)
		store.away.Store(false)
		time.Sleep(time.Second)
		_, err = m.Verify(t.Context(), tokens.Access)
		require.NoError(t, err, "the store is back")
	})
}

// A node whose look at the list fails asks the store itself, so that nobody
// passes on a list that is older than a second while the store answers.
func TestStaleListAsksTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{}
		one, two := newManager(t, store), newManager(t, store) // two doesn't run
		require.NoError(t, two.Load(t.Context()))
		tokens, err := one.Start(t.Context(), 7)
		require.NoError(t, err)
		id, err := one.Verify(t.Context(), tokens.Access)
		require.NoError(t, err)
		require.NoError(t, one.End(t.Context(), id))
		time.Sleep(time.Second + time.Millisecond)
		_, err = two.Verify(t.Context(), tokens.Access)
		require.ErrorIs(t, err, session.ErrRevoked)
	})
}
