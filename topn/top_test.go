package topn_test

import (
	"math"
	"testing"
	"testing/synctest"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

// Trap topn/3: any n is clamped, on a cold board, an empty one, and one of fewer
// members than N: never the whole set, never a panic.
func TestTopClampsN(t *testing.T) {
	for _, tc := range []struct {
		name    string
		members int
		load    bool
		want    map[int]int // asked to given
	}{
		{"cold", 9, false, map[int]int{math.MinInt: 0, -1: 0, 0: 0, 1: 0, 5: 0, math.MaxInt: 0}},
		{"empty", 0, true, map[int]int{math.MinInt: 0, -1: 0, 0: 0, 1: 0, 5: 0, math.MaxInt: 0}},
		{"fewer than N", 3, true, map[int]int{math.MinInt: 0, -1: 0, 0: 0, 1: 1, 3: 3, 4: 3, 5: 3, math.MaxInt: 3}},
		{"N", 5, true, map[int]int{-1: 0, 0: 0, 4: 4, 5: 5, 6: 5, math.MaxInt: 5}},
		{"one more than N", 6, true, map[int]int{-1: 0, 0: 0, 5: 5, 6: 5, math.MaxInt: 5}},
		{"more than N", 20, true, map[int]int{-1: 0, 0: 0, 1: 1, 5: 5, 6: 5, math.MaxInt: 5}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				db := numbered(tc.members)
				b := newBoard(t, redistest.New(t), db, topn.WithN(5))
				if tc.load {
					s, err := b.Load(t.Context(), 0)
					require.NoError(t, err)
					require.Empty(t, s.Items)
				}
				for n, want := range tc.want {
					top := b.Top(n)
					require.Len(t, top, want, "Top(%d)", n)
					require.Equal(t, db.items(want), append([]topn.Item[int64]{}, top...))
					if tc.load {
						s, err := b.Load(t.Context(), n)
						require.NoError(t, err)
						require.Len(t, s.Items, want, "Load(%d)", n)
					}
				}
				require.LessOrEqual(t, db.calls.Load(), int64(1), "an empty board is an answer")
			})
		})
	}
}

// Trap topn/4: what a caller appends to a part of the places is not seen by others.
func TestAppendToTopCopies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := loaded(t, redistest.New(t), numbered(5))
		short, err := b.Load(t.Context(), 2)
		require.NoError(t, err)
		_ = append(b.Top(2), topn.Item[int64]{Rank: 99})
		_ = append(short.Items, topn.Item[int64]{Rank: 99})
		_ = append(b.Top(5), topn.Item[int64]{Rank: 99})
		for i, item := range b.Snapshot().Items {
			require.Equal(t, i+1, item.Rank)
		}
	})
}

// Trap topn/11: members with equal scores are in one order, whoever reads: Redis,
// a process that has the rows from the database, one that started anew.
func TestTiesAreOrderedByMember(t *testing.T) { everywhere(t, testTies) }

func testTies(t *testing.T, rdb redis.UniversalClient) {
	db := newTable()
	for _, m := range []int64{9, 10, 2, 100, 1000, math.MaxInt64, 0, -1, math.MinInt64, 99} {
		db.set(entry{m, 7, 1})
	}
	want := []int64{math.MinInt64, -1, 0, 2, 9, 10, 99}
	members := func(s topn.Snapshot[int64]) (m []int64) {
		for _, item := range s.Items {
			m = append(m, item.Member)
		}
		return m
	}
	pod := newBoard(t, nowhere(t), db, topn.WithN(7))
	s, err := pod.Load(t.Context(), 7)
	require.NoError(t, err)
	require.Equal(t, topn.FromSource, s.From)
	require.Equal(t, want, members(s))

	b := loaded(t, rdb, db, topn.WithN(7), topn.WithRetain(8))
	require.Equal(t, want, members(b.Snapshot()))
	_, err = b.Apply(t.Context(), entry{10, 8, 2})
	require.NoError(t, err)
	_, err = b.Apply(t.Context(), entry{10, 7, 3})
	require.NoError(t, err)
	require.Equal(t, want, members(reread(t, rdb, topn.WithN(7))))
	require.NoError(t, b.Rebuild(t.Context()))
	require.Equal(t, want, members(b.Snapshot()))
}

func TestRankOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := loaded(t, redistest.New(t), numbered(9), topn.WithN(4))
		for m, want := range map[int64]int{9: 1, 8: 2, 6: 4, 5: 0, 77: 0} {
			rank, ok := b.Snapshot().RankOf(m)
			require.Equal(t, want, rank)
			require.Equal(t, want > 0, ok)
		}
		short, err := b.Load(t.Context(), 2)
		require.NoError(t, err)
		_, ok := short.RankOf(6)
		require.False(t, ok, "a place that isn't among the Items has a rank")
	})
}

func TestTopAllocatesNothing(t *testing.T) {
	b := loaded(t, realBoardServer(t), numbered(200))
	var places int
	if n := testing.AllocsPerRun(1000, func() { places += len(b.Top(100)) }); n != 0 || places == 0 {
		t.Errorf("Top allocates %v times and gave %d places", n, places)
	}
}
