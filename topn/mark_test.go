package topn_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

// The first Mark is written at once; those that follow within a tick share one at
// its end, and none returns before a mark was written that it was there for.
func TestMarksShareTheTrailingOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		b := loaded(t, rdb, numbered(3), topn.WithTick(time.Second))
		mark := func() int64 {
			v, err := rdb.Get(t.Context(), "topn:{likes}:mark").Int64()
			require.NoError(t, err)
			return v
		}
		var written atomic.Int64
		tapped(rdb).after = func(cmd redis.Cmder) {
			if isScript(cmd, 2) {
				written.Add(1)
			}
		}
		began := time.Now()
		require.NoError(t, b.Mark(t.Context()))
		require.Zero(t, time.Since(began))
		require.EqualValues(t, 1, written.Load())

		var marks sync.WaitGroup
		for i := range 500 {
			marks.Go(func() {
				time.Sleep(time.Duration(i) * 7 * time.Millisecond) // over 3.5 s
				before := mark()
				if err := b.Mark(t.Context()); err != nil {
					t.Errorf("Mark: %v", err)
				}
				if mark() == before {
					t.Errorf("Mark %d returned and nothing was marked", i)
				}
			})
		}
		marks.Wait()
		require.Equal(t, 4*time.Second, time.Since(began), "the last waits for the trailing one")
		require.EqualValues(t, 5, written.Load())
		time.Sleep(time.Hour)
		require.EqualValues(t, 5, written.Load())
	})
}

// Who leaves takes nobody's mark away; when all have left there is none.
func TestCallersOfMarkLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		b := loaded(t, rdb, numbered(3))
		require.NoError(t, b.Mark(t.Context()))
		before := rdb.Get(t.Context(), "topn:{likes}:mark").Val()
		ctx, cancel := context.WithCancelCause(t.Context())
		var all sync.WaitGroup
		cause := errors.New("gone")
		all.Go(func() { require.ErrorIs(t, b.Mark(ctx), cause) })
		synctest.Wait()
		cancel(cause)
		all.Wait()
		time.Sleep(time.Minute)
		require.Equal(t, before, rdb.Get(t.Context(), "topn:{likes}:mark").Val())

		require.NoError(t, b.Mark(t.Context()))
		before = rdb.Get(t.Context(), "topn:{likes}:mark").Val()
		ctx, cancel = context.WithCancelCause(t.Context())
		all.Go(func() { require.ErrorIs(t, b.Mark(ctx), cause) })
		synctest.Wait()
		all.Go(func() { require.NoError(t, b.Mark(t.Context())) })
		synctest.Wait()
		cancel(cause)
		all.Wait()
		require.NotEqual(t, before, rdb.Get(t.Context(), "topn:{likes}:mark").Val())
	})
}

// A board that isn't in Redis has nothing to mark: a mark would make it look as if
// it were.
func TestMarkOfNoBoard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		require.NoError(t, newBoard(t, rdb, numbered(3)).Mark(t.Context()))
		keys, err := rdb.Keys(t.Context(), "*").Result()
		require.NoError(t, err)
		require.Empty(t, keys)
	})
}

// Who comes when a mark has been written, but its answer isn't there yet, gets
// another one: that mark may be older than what this one is for.
func TestMarkAfterTheMarkInTheAir(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		b := loaded(t, rdb, numbered(3))
		held, release := make(chan struct{}), make(chan struct{})
		written := 0
		tapped(rdb).after = func(cmd redis.Cmder) {
			if !isScript(cmd, 2) {
				return
			}
			if written++; written == 1 {
				close(held)
				<-release
			}
		}
		var marks sync.WaitGroup
		marks.Go(func() { require.NoError(t, b.Mark(t.Context())) })
		<-held
		marks.Go(func() { require.NoError(t, b.Mark(t.Context())) })
		time.Sleep(10 * time.Second)
		close(release)
		marks.Wait()
		require.Equal(t, 2, written)
	})
}
