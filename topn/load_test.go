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

// Trap topn/9: a thousand goroutines in each of ten processes miss at once: each
// process asks the database once at most, one of them rebuilds, and all get the
// same.
func TestMissStorm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		db := numbered(300)
		dbs := make([]atomic.Int64, 10)
		var boards []*topn.Board[int64]
		for pod := range dbs {
			b, err := topn.New(redistest.Dial(t, server), "likes", topn.Int64Codec(), func(ctx context.Context, n int) ([]entry, error) {
				dbs[pod].Add(1)
				time.Sleep(100 * time.Millisecond) // a query
				return db.source(ctx, n)
			})
			require.NoError(t, err)
			boards = append(boards, b)
			run(t, b)
		}
		var storm sync.WaitGroup
		for _, b := range boards {
			for range 1000 {
				storm.Go(func() {
					s, err := b.Load(t.Context(), 3)
					if err != nil || len(s.Items) != 3 || s.Items[0].Member != 300 {
						t.Errorf("Load: %v, %v", s.Items, err)
					}
				})
			}
		}
		storm.Wait()
		var rebuilds uint64
		for pod, b := range boards {
			require.LessOrEqual(t, dbs[pod].Load(), int64(1), "pod %d", pod)
			rebuilds += b.Stats().Rebuilds
		}
		require.EqualValues(t, 1, rebuilds)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		for pod, b := range boards {
			require.LessOrEqual(t, dbs[pod].Load(), int64(1), "pod %d", pod)
			require.Equal(t, topn.FromRedis, b.Snapshot().From)
			require.Equal(t, db.items(100), b.Snapshot().Items)
		}
		require.NoError(t, rdb.Get(t.Context(), "topn:{likes}:mark").Err())
	})
}

// Trap topn/9: the same on a real server, with one of the processes alone.
func TestMissStormOnARealServer(t *testing.T) {
	t.Parallel()
	rdb := realBoardServer(t)
	db := numbered(300)
	var boards []*topn.Board[int64]
	var calls []*table
	for range 10 {
		own := newTable(db.top(300)...)
		calls = append(calls, own)
		boards = append(boards, newBoard(t, rdb, own))
	}
	var storm sync.WaitGroup
	for _, b := range boards {
		for range 100 {
			storm.Go(func() {
				s, err := b.Load(t.Context(), 100)
				if err != nil || len(s.Items) != 100 {
					t.Errorf("Load: %d, %v", len(s.Items), err)
				}
			})
		}
	}
	storm.Wait()
	var rebuilds uint64
	for pod, b := range boards {
		require.LessOrEqual(t, calls[pod].calls.Load(), int64(1))
		rebuilds += b.Stats().Rebuilds
	}
	require.EqualValues(t, 1, rebuilds)
}

// An empty board is known to be empty; a failure is remembered for a tick.
func TestNegativeCaching(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := newTable()
		b := newBoard(t, redistest.New(t), db)
		down := errors.New("the database is down")
		db.breakDown(down)
		for range 100 {
			_, err := b.Load(t.Context(), 3)
			require.ErrorIs(t, err, down)
			time.Sleep(9 * time.Millisecond)
		}
		require.EqualValues(t, 1, db.calls.Load())
		require.Equal(t, topn.Snapshot[int64]{Stale: true}, b.Snapshot())
		time.Sleep(100 * time.Millisecond)
		_, err := b.Load(t.Context(), 3)
		require.ErrorIs(t, err, down)
		require.EqualValues(t, 2, db.calls.Load())
		time.Sleep(time.Second)
		db.repair()
		for range 100 {
			s, err := b.Load(t.Context(), 3)
			require.NoError(t, err)
			require.Empty(t, s.Items)
			require.Equal(t, topn.FromRedis, s.From)
		}
		require.EqualValues(t, 3, db.calls.Load())
	})
}

// Without Redis a cold board is the database's, asked again after MaxStale at the
// soonest, and then that of Redis once it is back.
func TestLoadWithoutRedis(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		server.SetError("ERR away")
		db := numbered(5)
		b := newBoard(t, rdb, db, topn.WithN(2))
		for range 10 {
			s, err := b.Load(t.Context(), 5)
			require.NoError(t, err)
			require.Equal(t, topn.FromSource, s.From)
			require.Equal(t, db.items(2), s.Items)
			require.Zero(t, s.Version)
		}
		require.EqualValues(t, 1, db.calls.Load())
		server.SetError("")
		time.Sleep(31 * time.Second)
		s, err := b.Load(t.Context(), 5)
		require.NoError(t, err)
		require.Equal(t, topn.FromRedis, s.From)
		require.Equal(t, db.items(2), s.Items)
	})
}

// With neither the error says both.
func TestLoadWithoutAnything(t *testing.T) {
	t.Parallel()
	db := newTable()
	down := errors.New("the database is down")
	db.breakDown(down)
	_, err := newBoard(t, nowhere(t), db).Load(t.Context(), 5)
	require.ErrorIs(t, err, down)
	require.ErrorContains(t, err, "nobody is there")
}

// A caller who leaves gets the cause; the others get their answer; when the last
// has left, the query is cancelled, and the next caller begins anew.
func TestCallersOfLoadLeave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := newGate(numbered(5), true)
		b := gated(t, redistest.New(t), g)
		cause := errors.New("the client hung up")
		load := func() (leave context.CancelCauseFunc, answer chan error) {
			ctx, leave := context.WithCancelCause(t.Context())
			answer = make(chan error, 1)
			go func() {
				_, err := b.Load(ctx, 5)
				answer <- err
			}()
			synctest.Wait()
			return leave, answer
		}
		leave1, answer1 := load()
		<-g.asked
		leave2, answer2 := load()
		leave1(cause)
		err := <-answer1
		require.ErrorIs(t, err, cause)
		require.ErrorIs(t, err, context.Canceled)
		leave2(cause)
		require.ErrorIs(t, <-answer2, cause)
		synctest.Wait()
		require.Empty(t, b.Top(5))

		leave3, answer3 := load()
		defer leave3(nil)
		<-g.asked
		leave4, answer4 := load()
		leave4(cause)
		require.ErrorIs(t, <-answer4, cause)
		close(g.open)
		require.NoError(t, <-answer3)
		require.Len(t, b.Top(5), 5)

		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(cause)
		_, err = b.Apply(ctx, entry{1, 1, 1})
		require.ErrorIs(t, err, cause)
		require.ErrorIs(t, b.Mark(ctx), cause)
		require.ErrorIs(t, b.Rebuild(ctx), cause)
		_, _, err = b.Watermark(ctx, "s")
		require.ErrorIs(t, err, cause)
	})
}

// Members that somebody else put into the set are left out, and counted.
func TestForeignMembersAreLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		b := loaded(t, rdb, numbered(3))
		require.NoError(t, rdb.ZAdd(t.Context(), "topn:{likes}:board", redis.Z{Score: 2.5, Member: "not a number"}).Err())
		require.NoError(t, b.Rebuild(t.Context()))
		require.Zero(t, b.Stats().Undecodable, "a rebuild keeps what is not of the database")
		require.NoError(t, rdb.ZAdd(t.Context(), "topn:{likes}:board", redis.Z{Score: 2.5, Member: "not a number"}).Err())
		time.Sleep(time.Minute)
		s, err := b.Load(t.Context(), 100)
		require.NoError(t, err)
		require.Equal(t, numbered(3).items(3), s.Items)
		require.EqualValues(t, 1, b.Stats().Undecodable)
	})
}

// Who has a snapshot needs no ctx for it, fresh or stale; a cold board does.
func TestLoadWithADoneContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db := numbered(5)
		b := newBoard(t, redistest.New(t), db)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := b.Load(gone, 5)
		require.ErrorIs(t, err, context.Canceled)
		require.Zero(t, db.calls.Load())
		_, err = b.Load(t.Context(), 5)
		require.NoError(t, err)
		for _, stale := range []bool{false, true} {
			s, err := b.Load(gone, 5)
			require.NoError(t, err)
			require.Equal(t, db.items(5), s.Items)
			require.Equal(t, stale, s.Stale)
			time.Sleep(time.Minute)
		}
	})
}
