package topn_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

// quick is for tests that wait for a tick of the wall clock.
var quick = topn.WithTick(20 * time.Millisecond)

// flush empties every server behind rdb.
func flush(t testing.TB, rdb redis.UniversalClient) {
	t.Helper()
	if c, ok := rdb.(*redis.ClusterClient); ok {
		require.NoError(t, c.ForEachMaster(t.Context(), func(ctx context.Context, c *redis.Client) error {
			return c.FlushAll(ctx).Err()
		}))
		return
	}
	require.NoError(t, rdb.FlushAll(t.Context()).Err())
}

// Trap topn/5: after a FLUSHALL, or when the set alone was evicted, writes make no
// board of one: it is rebuilt, and equals the database again.
func TestLostBoardIsRebuilt(t *testing.T) { everywhere(t, testLost) }

func testLost(t *testing.T, rdb redis.UniversalClient) {
	for _, lose := range []func(){
		func() { flush(t, rdb) },
		func() { require.NoError(t, rdb.Del(t.Context(), "topn:{likes}:board").Err()) },
		func() { require.NoError(t, rdb.Del(t.Context(), "topn:{likes}:mark").Err()) },
		func() { require.NoError(t, rdb.Set(t.Context(), "topn:{likes}:mark", "nonsense", 0).Err()) },
		func() { require.NoError(t, rdb.Set(t.Context(), "topn:{likes}:mark", "99999999999999999999", 0).Err()) },
	} {
		db := numbered(20)
		b := loaded(t, rdb, db, topn.WithN(5), quick)
		stop := run(t, b)
		lose()
		_, err := b.Apply(t.Context(), db.add(3, 100))
		require.NoError(t, err)
		until(t, func() bool { return b.Top(1)[0].Member == 3 })
		require.Equal(t, db.items(5), b.Snapshot().Items)
		require.Equal(t, db.items(5), reread(t, rdb, topn.WithN(5)).Items)
		stop()
		flush(t, rdb)
		sums := newBoard(t, rdb, db, counter, topn.WithN(5), quick)
		require.NoError(t, sums.Rebuild(t.Context()))
		stop = run(t, sums)
		lose()
		e := db.add(5, 1000)
		require.NoError(t, sums.Incr(t.Context(), 5, 1000))
		until(t, func() bool { top := sums.Top(1); return len(top) == 1 && top[0].Member == 5 })
		require.Equal(t, e.Score, sums.Top(1)[0].Score, "added to nothing, or twice")
		stop()
		flush(t, rdb)
	}
}

// Trap topn/6: a server that lost its data and saw fewer writes since must not get
// back to a mark that was seen before.
func TestVersionGoesBackAndIsSeen(t *testing.T) { everywhere(t, testVersionGoesBack) }

func testVersionGoesBack(t *testing.T, rdb redis.UniversalClient) {
	db := numbered(3)
	b := loaded(t, rdb, db, quick)
	writer := loaded(t, rdb, db)
	run(t, b)
	seen := make(map[int64]bool)
	for round := range 20 {
		for range round % 3 {
			_, err := writer.Apply(t.Context(), db.add(1, 1))
			require.NoError(t, err)
		}
		want := db.items(3)
		until(t, func() bool { return b.Snapshot().Items[0] == want[0] && b.Snapshot().Items[2] == want[2] })
		version := b.Snapshot().Version
		require.False(t, seen[version], "version %d came twice", version)
		seen[version] = true
		flush(t, rdb)
		db.add(2, 7)
		if err := writer.Rebuild(t.Context()); err != nil { // a tick has found it out first
			require.ErrorIs(t, err, topn.ErrRebuilding)
		}
	}
}

// Redis lost its data and the database is away: the snapshot is served, and the
// board comes back when the database does.
func TestLostBoardAndNoDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb, db := redistest.New(t), numbered(3)
		var told []error
		b := newBoard(t, rdb, db, topn.WithOnError(func(err error) { told = append(told, err) }))
		run(t, b)
		time.Sleep(time.Minute)
		require.Empty(t, told)
		flush(t, rdb)
		db.breakDown(context.DeadlineExceeded)
		time.Sleep(10 * time.Second)
		require.Equal(t, db.items(3), b.Snapshot().Items)
		require.True(t, b.Snapshot().Stale)
		synctest.Wait()
		require.ErrorIs(t, told[0], context.DeadlineExceeded)
		require.InDelta(t, 10, len(told), 3, "one attempt a tick")
		db.repair()
		db.add(1, 10)
		time.Sleep(1300 * time.Millisecond)
		require.Equal(t, db.items(3), b.Snapshot().Items)
		require.False(t, b.Snapshot().Stale)
	})
}

// Trap topn/5: where there is no board, writes leave nothing behind but the marks
// of their streams.
func TestWritesToNoBoardLeaveNothing(t *testing.T) { everywhere(t, testNoBoard) }

func testNoBoard(t *testing.T, rdb redis.UniversalClient) {
	applied, err := newBoard(t, rdb, numbered(3)).Apply(t.Context(), entry{1, 1, 1})
	require.NoError(t, err)
	require.Zero(t, applied)
	sums := newBoard(t, rdb, numbered(3), counter)
	require.NoError(t, sums.Incr(t.Context(), 1, 1))
	require.NoError(t, sums.IncrBatch(t.Context(), map[int64]float64{1: 1}, &topn.Position{Stream: "s", First: 1, Last: 1}))
	for name, want := range map[string]int64{"board": 0, "mark": 0, "versions": 0, "fresh": 0, "delta": 0, "offsets": 1} {
		n, err := rdb.Exists(t.Context(), "topn:{likes}:"+name).Result()
		require.NoError(t, err)
		require.Equal(t, want, n, name)
	}
}
