package topn_test

import (
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/topn"
)

// Every member has its place, also those that no snapshot shows, and one that isn't
// on the board has none.
func TestPlaceOfAnyMember(t *testing.T) { everywhere(t, testPlace) }

func testPlace(t *testing.T, rdb redis.UniversalClient) {
	db := numbered(50)
	for i := range int64(10) {
		db.set(entry{Member: 100 + i, Score: 7, Version: 1}) // ties
	}
	cold := newBoard(t, rdb, db, topn.WithN(3))
	_, ok, err := cold.Place(t.Context(), 1)
	require.NoError(t, err)
	require.False(t, ok, "there is no board")
	b := loaded(t, rdb, db, topn.WithN(3), topn.WithRetain(1000))
	for _, want := range db.items(60) {
		item, ok, err := b.Place(t.Context(), want.Member)
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, want, item)
	}
	_, ok, err = b.Place(t.Context(), 999)
	require.NoError(t, err)
	require.False(t, ok)
}

func TestPlaceWithoutRedis(t *testing.T) {
	t.Parallel()
	_, _, err := newBoard(t, nowhere(t), newTable()).Place(t.Context(), 1)
	require.ErrorContains(t, err, `find a place on board "likes"`)
	_, _, err = likesBoardOf(t, nowhere(t)).Place(t.Context(), nameless)
	require.ErrorIs(t, err, topn.ErrInput)
}

// likesBoardOf is likesBoard that asks nobody.
func likesBoardOf(t testing.TB, rdb redis.UniversalClient) *topn.Board[int64] {
	t.Helper()
	b, err := topn.New(rdb, likes, likesCodec{topn.Int64Codec()}, noRows)
	require.NoError(t, err)
	return b
}
