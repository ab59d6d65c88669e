package topn_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

// A board whose source hangs holds up neither the first reader of another, nor the
// changes of those that are there.
func TestBoardsThatHangHoldUpNoOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		s := newShop()
		boards := runBoards(t, rdb, s)
		getBoard(t, boards, "warm")
		hang := make(chan struct{})
		s.hang("slow", hang)
		got := make(chan error, 3)
		for range cap(got) {
			go func() {
				_, err := boards.Get(t.Context(), "slow")
				got <- err
			}()
		}
		synctest.Wait()
		began := time.Now()
		getBoard(t, boards, "another")
		getBoard(t, boards, "warm")
		require.Zero(t, time.Since(began))
		writer, err := topn.New(redistest.Dial(t, server), "warm", topn.Int64Codec(), noRows)
		require.NoError(t, err)
		_, err = writer.Apply(t.Context(), topn.Entry[int64]{Member: 1, Score: 7, Version: 1})
		require.NoError(t, err)
		time.Sleep(1500 * time.Millisecond) // a tick meets the slow one too
		var c counted
		rdb.AddHook(&c)
		time.Sleep(4 * time.Second)
		require.EqualValues(t, 2*4, c.gets.Load(), "and doesn't ask for it again meanwhile")
		require.EqualValues(t, 7, getBoard(t, boards, "warm").Top(1)[0].Score)
		require.Empty(t, got)
		close(hang)
		for range cap(got) {
			require.NoError(t, <-got)
		}
		require.Equal(t, 1, s.called("slow"), "they waited for the same")
	})
}

// Whoever waits for a board leaves when its own context ends.
func TestBoardsGetHonoursItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShop()
		boards := runBoards(t, redistest.New(t), s)
		synctest.Wait()
		s.hang("slow", make(chan struct{}))
		why := errors.New("went home")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, why)
		defer cancel()
		_, err := boards.Get(ctx, "slow")
		require.ErrorIs(t, err, why)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		_, err = boards.Get(ctx, "other")
		require.ErrorIs(t, err, why)
	})
}

// When Redis has lost every board, the database isn't asked for all of them at once.
func TestBoardsSpareTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		s := newShop()
		boards := runBoards(t, rdb, s)
		const n = 30
		for i := range n {
			getBoard(t, boards, fmt.Sprint(i))
		}
		server.FlushAll()
		hang := make(chan struct{})
		for i := range n {
			s.hang(fmt.Sprint(i), hang)
		}
		time.Sleep(5 * time.Second)
		s.mu.Lock()
		most := s.most
		s.mu.Unlock()
		require.Equal(t, 8, most)
		require.Len(t, getBoard(t, boards, "7").Top(1), 1, "what was read is there")
		close(hang)
		time.Sleep(5 * time.Second)
		for i := range n {
			snapshot := getBoard(t, boards, fmt.Sprint(i)).Snapshot()
			require.Equal(t, topn.FromRedis, snapshot.From)
			require.False(t, snapshot.Stale)
		}
	})
}

// While the sources of forty boards hang that Redis has lost, those that it holds are
// refreshed and loaded, also those that another process has rebuilt.
func TestBoardsWithSourcesThatHangAreStillRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		s := newShop()
		boards := runBoards(t, rdb, s)
		hang := make(chan struct{})
		for i := range 40 {
			getBoard(t, boards, fmt.Sprint(i))
			s.hang(fmt.Sprint(i), hang)
		}
		server.FlushAll()
		time.Sleep(5 * time.Second)
		other, waiting := redistest.Dial(t, server), ""
		for _, key := range []string{"elsewhere", "0", "1", "2", "3", "4", "5", "6", "7", "8"} {
			b, err := topn.New(other, key, topn.Int64Codec(), noRows)
			require.NoError(t, err)
			if err := b.Rebuild(t.Context()); err == nil { // else this process is at it
				waiting = key
			} else {
				require.ErrorIs(t, err, topn.ErrRebuilding)
			}
			_, err = b.Apply(t.Context(), topn.Entry[int64]{Member: 1, Score: 7, Version: 9})
			require.NoError(t, err)
		}
		require.NotEqual(t, "elsewhere", waiting)
		began := time.Now()
		require.EqualValues(t, 7, getBoard(t, boards, "elsewhere").Top(1)[0].Score)
		require.Zero(t, time.Since(began))
		time.Sleep(3 * time.Second)
		require.EqualValues(t, 7, getBoard(t, boards, waiting).Top(1)[0].Score)
		close(hang)
	})
}

// Redis is away: reads go on and say that they are stale, and one error is told for
// each tick, however many boards there are.
func TestBoardsWithoutRedis(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		s, told := newShop(), new(errorLog)
		boards := runBoards(t, rdb, s, topn.WithOnError(told.add))
		for i := range 20 {
			getBoard(t, boards, fmt.Sprint(i))
		}
		server.SetError("DOWN")
		time.Sleep(10*time.Second + 500*time.Millisecond)
		snapshot := getBoard(t, boards, "3").Snapshot()
		require.True(t, snapshot.Stale)
		require.Len(t, snapshot.Items, 1)
		require.Greater(t, time.Since(snapshot.At), 8*time.Second)
		require.GreaterOrEqual(t, told.count(), 10)
		require.LessOrEqual(t, told.count(), 11)
		server.SetError("")
		time.Sleep(2 * time.Second)
		require.False(t, getBoard(t, boards, "3").Snapshot().Stale)
	})
}

// A first load that fails is an error of Get, and the next tries again.
func TestBoardsThatCannotBeLoaded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		s := newShop()
		boards := runBoards(t, rdb, s)
		synctest.Wait()
		errDB := errors.New("no database")
		s.fail(errDB)
		server.SetError("DOWN")
		_, err := boards.Get(t.Context(), "a")
		require.ErrorIs(t, err, errDB)
		require.ErrorContains(t, err, "DOWN")
		s.fail(nil)
		time.Sleep(2 * time.Second)
		require.Equal(t, topn.FromSource, getBoard(t, boards, "a").Snapshot().From)
	})
}
