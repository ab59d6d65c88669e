package topn_test

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

var errBoom = errors.New("boom")

// fused returns a board whose Source calls blow the first time.
func fused(t *testing.T, blow func()) (*topn.Board[int64], *table) {
	t.Helper()
	db := numbered(3)
	b, err := topn.New(redistest.New(t), "likes", topn.Int64Codec(), func(ctx context.Context, n int) ([]entry, error) {
		if db.calls.Load() == 0 {
			db.calls.Add(1)
			time.Sleep(time.Second) // until all wait
			blow()
		}
		return db.source(ctx, n)
	})
	require.NoError(t, err)
	return b, db
}

func boom() { panic(errBoom) }

// caught returns what f panicked with, as an error.
func caught(f func()) (err error) {
	defer func() { err, _ = recover().(error) }()
	f()
	return nil
}

// A Run whose Source panicked, and that is called again, goes on.
func TestRunAfterAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, db := fused(t, boom)
		require.ErrorIs(t, caught(func() { _ = b.Run(t.Context()) }), errBoom)
		run(t, b)
		time.Sleep(3 * time.Second)
		require.Equal(t, db.items(3), b.Top(3))
		s, err := b.Load(t.Context(), 3)
		require.NoError(t, err)
		require.Equal(t, topn.FromRedis, s.From)
	})
}

// A Rebuild whose Source panicked leaves neither its lease nor a goroutine, which the
// bubble would tell of.
func TestRebuildAfterAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, db := fused(t, boom)
		require.ErrorIs(t, caught(func() { _ = b.Rebuild(context.Background()) }), errBoom)
		require.NoError(t, b.Rebuild(t.Context()))
		require.Equal(t, db.items(3), b.Top(3))
	})
}

// A panic under Load is that of all who wait, and of no goroutine that nobody
// recovers; one whose Source ends its goroutine returns an error.
func TestLoadPassesAPanicOn(t *testing.T) {
	for name, blow := range map[string]func(){"panic": boom, "exit": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b, db := fused(t, blow)
				var waiters sync.WaitGroup
				for range 5 {
					waiters.Go(func() {
						var err error
						thrown := caught(func() { _, err = b.Load(t.Context(), 3) })
						if name == "panic" && !errors.Is(thrown, errBoom) || name == "exit" && err == nil {
							t.Errorf("Load: panic %v, error %v", thrown, err)
						}
					})
				}
				waiters.Wait()
				s, err := b.Load(t.Context(), 3)
				require.NoError(t, err)
				require.Equal(t, db.items(3), s.Items)
			})
		})
	}
}

// Boards that are refreshed in goroutines of Run pass a panic on to its caller.
func TestBoardsRunPassesAPanicOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		var armed bool
		boards, err := topn.NewBoards(rdb, topn.Int64Codec(), func(context.Context, string, int) ([]entry, error) {
			if armed {
				boom()
			}
			return []entry{{1, 1, 1}}, nil
		})
		require.NoError(t, err)
		ended := make(chan error, 1)
		go func() { ended <- caught(func() { _ = boards.Run(t.Context()) }) }()
		_, err = boards.Get(t.Context(), "a")
		require.NoError(t, err)
		armed = true
		flush(t, rdb)
		require.ErrorIs(t, <-ended, errBoom)
	})
}
