package topn_test

import (
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/topn"
)

// A board of few members, out of many that rise and fall, has the best of them
// after every step: what was trimmed comes back with its score, and when so many
// fall that it can't be sure, the board is rebuilt.
func TestTrimmedBoardStaysRight(t *testing.T) { everywhere(t, testTrimmed) }

func testTrimmed(t *testing.T, rdb redis.UniversalClient) {
	rng := seeded(t)
	db := numbered(60)
	opts := []topn.Option{topn.WithN(4), topn.WithRetain(12)}
	b := loaded(t, rdb, db, opts...)
	writer := newBoard(t, rdb, db, opts...)
	rebuilt := b.Stats().Rebuilds
	for i := range 500 {
		m, delta := 1+rng.Int64N(60), float64(rng.IntN(9)-4)
		if i > 250 && rng.IntN(3) == 0 { // the best fall
			m, delta = db.top(1)[0].Member, -40
		}
		_, err := writer.Apply(t.Context(), db.add(m, delta))
		require.NoError(t, err)
		if rng.IntN(3) > 0 {
			continue
		}
		now := newBoard(t, rdb, db, opts...)
		s, err := now.Load(t.Context(), 4)
		require.NoError(t, err)
		for place, item := range db.items(4) { // among equals those that the board has come first
			require.Equal(t, item.Score, s.Items[place].Score, "step %d, place %d", i, place)
		}
		rebuilt += now.Stats().Rebuilds
		size, err := rdb.ZCard(t.Context(), "topn:{likes}:board").Result()
		require.NoError(t, err)
		require.LessOrEqual(t, size, int64(13), "the retained and the last")
	}
	require.Positive(t, rebuilt, "the best fell, and no rebuild was needed: this tests nothing")
	require.Less(t, rebuilt, uint64(100), "rebuilt for every change")
}

// A member that was trimmed and is spoken of by an older event stays away.
func TestTrimKeepsVersions(t *testing.T) {
	t.Parallel()
	rdb := realClient(t, realserver.Redis(t))
	b := loaded(t, rdb, numbered(4), topn.WithN(1), topn.WithRetain(2))
	_, err := b.Apply(t.Context(), entry{9, -5, 8})
	require.NoError(t, err)
	require.Equal(t, redis.Nil, rdb.ZScore(t.Context(), "topn:{likes}:board", topn.Int64Codec().Encode(9)).Err())
	for round := range 2 { // a rebuild must not forget it either
		applied, err := b.Apply(t.Context(), entry{9, 1000, 7})
		require.NoError(t, err)
		require.Zero(t, applied, "round %d", round)
		require.NoError(t, b.Rebuild(t.Context()))
		require.Equal(t, int64(4), b.Top(1)[0].Member)
	}
}

// A board that retains fewer than it did is trimmed in steps, so that no write
// holds Redis up.
func TestTrimIsBounded(t *testing.T) {
	t.Parallel()
	rdb := realClient(t, realserver.Redis(t))
	db := numbered(5000)
	loaded(t, rdb, db, topn.WithN(10), topn.WithRetain(5000))
	b := newBoard(t, rdb, db, topn.WithN(10))
	before := int64(5001)
	for i := 0; before > 101; i++ {
		_, err := b.Apply(t.Context(), entry{5001, 1e6 + float64(i), int64(i) + 1})
		require.NoError(t, err)
		size, err := rdb.ZCard(t.Context(), "topn:{likes}:board").Result()
		require.NoError(t, err)
		require.Less(t, size, before, "nothing was trimmed")
		require.LessOrEqual(t, before-size, int64(1010))
		before = size
	}
	require.Equal(t, 11, len(reread(t, rdb, topn.WithN(11)).Items))
}

// A member that is removed stays away from older events, is brought back by newer
// ones, and a rebuild knows both.
func TestRemovedMemberStaysAway(t *testing.T) { everywhere(t, testRemoved) }

func testRemoved(t *testing.T, rdb redis.UniversalClient) {
	db := numbered(3)
	b := loaded(t, rdb, db)
	removed, err := b.Remove(t.Context(), entry{3, 0, 5}, entry{2, 0, 1}, entry{77, 0, 4})
	require.NoError(t, err)
	require.Equal(t, 2, removed, "a version that isn't newer counts too")
	for range 2 {
		applied, err := b.Apply(t.Context(), entry{3, 90, 4}, entry{77, 90, 4})
		require.NoError(t, err)
		require.Zero(t, applied)
		require.Equal(t, map[int64]float64{2: 2, 1: 1}, scores(reread(t, rdb).Items))
		require.NoError(t, b.Rebuild(t.Context()), "from a replica that still has the row")
	}
	_, err = b.Apply(t.Context(), entry{3, 90, 6})
	require.NoError(t, err)
	require.Equal(t, map[int64]float64{3: 90, 2: 2, 1: 1}, scores(reread(t, rdb).Items))

	_, err = b.Remove(t.Context(), entry{77, 0, 5})
	require.NoError(t, err)
	require.NoError(t, b.Rebuild(t.Context()))
	db.set(entry{77, 90, 3})
	require.NoError(t, b.Rebuild(t.Context()), "from a replica that has an old row")
	require.Equal(t, map[int64]float64{3: 90, 2: 2, 1: 1}, scores(reread(t, rdb).Items))
}

// The best was trimmed while it wasn't, and those that were better fall: it comes
// back, however high the board's lowest stood in between.
func TestTrimmedMemberComesBack(t *testing.T) { everywhere(t, testComesBack) }

func testComesBack(t *testing.T, rdb redis.UniversalClient) {
	db := newTable(entry{1, 10, 1}, entry{2, 9, 1})
	opts := []topn.Option{topn.WithN(1), topn.WithRetain(2)}
	b := loaded(t, rdb, db, opts...)
	apply := func(es ...entry) {
		db.set(es...)
		for _, e := range es {
			_, err := b.Apply(t.Context(), e)
			require.NoError(t, err)
		}
	}
	apply(entry{3, 20, 1}, entry{4, 21, 1}, entry{5, 30, 1}) // 2, 1 and then 3 are trimmed
	require.Equal(t, db.items(1), reread(t, rdb, opts...).Items)
	apply(entry{4, 1, 2}, entry{5, 15, 2})
	s, err := newBoard(t, rdb, db, opts...).Load(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, int64(3), s.Items[0].Member)
	require.Equal(t, db.items(1), s.Items)
}

// Once the Source has said all there is, nobody is missing, however low the first
// places fall.
func TestBoardOfAllIsSureOfIt(t *testing.T) { everywhere(t, testSure) }

func testSure(t *testing.T, rdb redis.UniversalClient) {
	db := numbered(9)
	opts := []topn.Option{topn.WithN(1), topn.WithRetain(5)}
	b := loaded(t, rdb, db, opts...)
	for m := range int64(6) {
		db.remove(m)
	}
	require.NoError(t, b.Rebuild(t.Context()))
	for m := int64(6); m <= 9; m++ {
		_, err := b.Apply(t.Context(), db.add(m, -100))
		require.NoError(t, err)
	}
	now := newBoard(t, rdb, db, opts...)
	s, err := now.Load(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, db.items(1), s.Items)
	require.Zero(t, now.Stats().Rebuilds)
}

// What the Source returned falls while it's on its way to Redis, below what it left
// out: the board is rebuilt once more.
func TestRebuildOfWhatFallsMeanwhile(t *testing.T) { everywhere(t, testFalls) }

func testFalls(t *testing.T, rdb redis.UniversalClient) {
	db := newTable(entry{1, 10, 1}, entry{2, 9, 1}, entry{3, 8, 1})
	opts := []topn.Option{topn.WithN(1), topn.WithRetain(2)}
	g := newGate(db, true)
	rebuilt := make(chan error, 1)
	go func() { rebuilt <- gated(t, rdb, g, opts...).Rebuild(t.Context()) }()
	<-g.asked
	_, err := newBoard(t, rdb, db, opts...).Apply(t.Context(), db.add(1, -50), db.add(2, -50))
	require.NoError(t, err)
	close(g.open)
	require.NoError(t, <-rebuilt)
	s, err := newBoard(t, rdb, db, opts...).Load(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, db.items(1), s.Items)
}
