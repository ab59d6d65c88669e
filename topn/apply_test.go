package topn_test

import (
	"math"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

func TestApplyTakesTheNewerVersion(t *testing.T) { everywhere(t, testNewerVersion) }

func testNewerVersion(t *testing.T, rdb redis.UniversalClient) {
	b := loaded(t, rdb, newTable(entry{1, 10, 5}))
	for _, step := range []struct {
		name    string
		e       entry
		applied int
		score   float64
	}{
		{"older", entry{1, 99, 4}, 0, 10},
		{"the same again", entry{1, 99, 5}, 0, 10},
		{"newer", entry{1, 11, 6}, 1, 11},
		{"newer and lower", entry{1, 3, 7}, 1, 3},
		{"more digits", entry{1, 4, 10}, 1, 4},
		{"fewer digits", entry{1, 99, 9}, 0, 4},
		{"beyond 2^53", entry{1, 5, 1<<53 + 1}, 1, 5},
		{"one before it", entry{1, 99, 1 << 53}, 0, 5},
		{"the greatest", entry{1, -6, 1<<63 - 1}, 1, -6},
	} {
		applied, err := b.Apply(t.Context(), step.e)
		require.NoError(t, err, step.name)
		require.Equal(t, step.applied, applied, step.name)
		require.Equal(t, step.score, reread(t, rdb).Items[0].Score, step.name)
	}
}

// Trap topn/7: events come twice and in any order, in parts of any size: the board
// ends up as the database, whose rows had every version once.
func TestApplyEndsUpAsTheDatabaseInAnyOrder(t *testing.T) { everywhere(t, testAnyOrder) }

func testAnyOrder(t *testing.T, rdb redis.UniversalClient) {
	rng := seeded(t)
	db := newTable()
	b := loaded(t, rdb, db, topn.WithN(5), topn.WithRetain(20))
	var log []entry
	for range 400 {
		log = append(log, db.add(rng.Int64N(15), float64(rng.IntN(9)-3)))
	}
	log = append(log, log[:200]...)
	rng.Shuffle(len(log), func(i, j int) { log[i], log[j] = log[j], log[i] })
	for len(log) > 0 {
		n := 1 + rng.IntN(min(len(log), 40))
		_, err := b.Apply(t.Context(), log[:n]...)
		require.NoError(t, err)
		log = log[n:]
	}
	require.Equal(t, db.items(5), reread(t, rdb, topn.WithN(5)).Items)
}

// Of several entries of a member in one call the newest is applied, wherever it
// stands, and counts as one.
func TestApplyOfOneMemberTwice(t *testing.T) { everywhere(t, testTwiceInACall) }

func testTwiceInACall(t *testing.T, rdb redis.UniversalClient) {
	b := loaded(t, rdb, newTable(entry{1, 10, 5}))
	for _, step := range []struct {
		es      []entry
		applied int
		score   float64
	}{
		{[]entry{{1, 60, 6}, {2, 1, 1}, {1, 70, 7}}, 2, 70},
		{[]entry{{1, 90, 9}, {1, 80, 8}, {1, 90, 9}}, 1, 90},
		{[]entry{{1, 10, 10}, {1, 11, 10}}, 1, 10},
		{[]entry{{1, 80, 8}, {1, 90, 9}}, 0, 10},
	} {
		es := slices.Clone(step.es)
		applied, err := b.Apply(t.Context(), es...)
		require.NoError(t, err)
		require.Equal(t, step.applied, applied)
		require.Equal(t, step.es, es, "the caller's slice was written to")
		require.Equal(t, step.score, scores(reread(t, rdb).Items)[1])
	}
}

// A row that is removed needs no score, also as an event.
func TestRemoveIgnoresTheScore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		b := loaded(t, rdb, numbered(3))
		rows := []entry{{Member: 3, Score: math.NaN(), Version: 3}}
		applied, err := b.Remove(t.Context(), rows...)
		require.NoError(t, err)
		require.Equal(t, 1, applied)
		require.True(t, math.IsNaN(rows[0].Score), "the rows are the caller's")
		require.Len(t, reread(t, rdb).Items, 2)
	})
}

// An error names the call that was made.
func TestErrorsNameTheCall(t *testing.T) {
	t.Parallel()
	sums, rows := newBoard(t, nowhere(t), newTable(), counter), newBoard(t, nowhere(t), newTable())
	_, apply := sums.Apply(t.Context(), entry{1, 1, 1})
	_, remove := sums.Remove(t.Context(), entry{1, 1, 1})
	for call, err := range map[string]error{
		"Apply": apply, "Remove": remove, "Incr": rows.Incr(t.Context(), 1, 1),
		"IncrBatch": rows.IncrBatch(t.Context(), map[int64]float64{1: 1}, nil),
	} {
		require.ErrorIs(t, err, topn.ErrMode)
		require.ErrorContains(t, err, ": "+call+" on a")
	}
}
