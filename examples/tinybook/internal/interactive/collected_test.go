package interactive_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/dbtest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
)

// idsOf returns what the user uid has collected.
func idsOf(t *testing.T, store *interactive.Store, uid int64, cid *int64) []int64 {
	t.Helper()
	kept, err := store.Collected(t.Context(), uid, cid, interactive.Place{}, 100)
	require.NoError(t, err)
	ids := []int64{}
	for _, k := range kept {
		ids = append(ids, k.ID)
	}
	return ids
}

// A user finds what they have collected and nobody else's, what was collected last
// first, while it is there to be read.
func testCollected(t *testing.T, db *platform.DB) {
	store := newStore(t, db, 4)
	collect := func(uid, id, cid int64, on bool) {
		t.Helper()
		_, err := store.Collect(t.Context(), uid, id, cid, on)
		require.NoError(t, err)
		// As if it were some time ago: the clock may not have moved.
		require.NoError(t, db.Write.Exec("UPDATE collect_records SET updated_at = updated_at - 10").Error)
	}
	require.Empty(t, idsOf(t, store, 7, nil))
	began := time.Now().Add(-time.Minute)
	collect(7, 1, 0, true)
	collect(7, 3, 5, true)
	collect(7, 2, 0, true)
	collect(8, 4, 5, true)
	require.Equal(t, []int64{2, 3, 1}, idsOf(t, store, 7, nil))
	require.Equal(t, []int64{4}, idsOf(t, store, 8, nil))
	everybodys, five, none := int64(0), int64(5), int64(6)
	require.Equal(t, []int64{2, 1}, idsOf(t, store, 7, &everybodys))
	require.Equal(t, []int64{3}, idsOf(t, store, 7, &five))
	require.Empty(t, idsOf(t, store, 7, &none))

	kept, err := store.Collected(t.Context(), 7, &five, interactive.Place{}, 1)
	require.NoError(t, err)
	require.Equal(t, interactive.Counts{Collects: 1}, kept[0].Counts)
	require.Equal(t, five, kept[0].CID)
	require.True(t, kept[0].At.After(began) && kept[0].At.Before(time.Now()), kept[0].At)

	collect(7, 1, 5, true) // moved, and no later collected
	require.Equal(t, []int64{2, 3, 1}, idsOf(t, store, 7, nil))
	require.Equal(t, []int64{3, 1}, idsOf(t, store, 7, &five))
	collect(7, 3, 0, false)
	require.Equal(t, []int64{2, 1}, idsOf(t, store, 7, nil))
	collect(7, 3, 0, true)
	require.Equal(t, []int64{3, 2, 1}, idsOf(t, store, 7, nil), "collected again, so newly")
	list(t, db, store, 2, false)
	require.Equal(t, []int64{3, 1}, idsOf(t, store, 7, nil), "nobody can read it")
	list(t, db, store, 2, true)
	require.Equal(t, []int64{3, 2, 1}, idsOf(t, store, 7, nil))
}

// Whatever the size of its pages is, a list has everything once, in the order of a
// model that sorts all of it.
func testCollectedAsAModel(t *testing.T, db *platform.DB) {
	const things, cids, times = 30, 3, 5
	store := newStore(t, db, things)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	var model []interactive.Kept
	for id := int64(1); id <= things; id++ {
		k := interactive.Kept{ID: id, CID: random.Int64N(cids), At: time.UnixMilli(1 + random.Int64N(times)).UTC(), Counts: interactive.Counts{Collects: 1}}
		_, err := store.Collect(t.Context(), 7, id, k.CID, true)
		require.NoError(t, err)
		require.NoError(t, db.Write.Exec("UPDATE collect_records SET updated_at = ? WHERE biz_id = ?", k.At.UnixMilli(), id).Error)
		if listed := random.IntN(5) > 0; listed {
			model = append(model, k)
		} else {
			list(t, db, store, id, false)
		}
	}
	slices.SortFunc(model, func(a, b interactive.Kept) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(b.ID, a.ID))
	})
	pages := func(cid *int64, limit int) (all []interactive.Kept) {
		var after interactive.Place
		for {
			part, err := store.Collected(t.Context(), 7, cid, after, limit)
			require.NoError(t, err)
			require.LessOrEqual(t, len(part), limit)
			if len(part) == 0 {
				return all
			}
			all = append(all, part...)
			after = part[len(part)-1].Place()
		}
	}
	for _, limit := range []int{1, 2, 7, things} {
		require.Equal(t, model, pages(nil, limit), "pages of %d", limit)
		for cid := range int64(cids) {
			of := slices.DeleteFunc(slices.Clone(model), func(k interactive.Kept) bool { return k.CID != cid })
			require.Equal(t, fmt.Sprint(of), fmt.Sprint(pages(&cid, limit)), "collection %d in pages of %d", cid, limit)
		}
	}
}

// The database finds a part of a list in an index, in its order, however much there
// is before it and of others.
func testPlanOfCollected(t *testing.T, db *platform.DB) {
	const n = 3000
	for _, table := range []struct{ insert, row string }{
		{"interactives (biz, biz_id, like_count, listed)", "('article', %[1]d, %[1]d %% 100, 1)"},
		{"collect_records (biz, biz_id, uid, cid, status, updated_at)", "('article', %[1]d, %[1]d %% 10, 0, 1, %[1]d)"},
	} {
		rows := make([]string, n)
		for i := range rows {
			rows[i] = fmt.Sprintf(table.row, i+1)
		}
		require.NoError(t, db.Write.Exec("INSERT INTO "+table.insert+" VALUES "+strings.Join(rows, ",")).Error)
	}
	store := interactive.NewStore(db, interactive.Article)
	cid := int64(0)
	for _, in := range []*int64{nil, &cid} {
		plan := dbtest.Plan(t, db, func() {
			kept, err := store.Collected(t.Context(), 3, in, interactive.Place{At: 2000, ID: 2000}, 5)
			require.NoError(t, err)
			require.Len(t, kept, 5)
			require.Equal(t, int64(2000-7), kept[0].ID)
		})
		require.Contains(t, plan, "collect_records_of_user")
		require.NotContains(t, strings.ToLower(plan), "temp b-tree", plan)
		require.NotContains(t, strings.ToLower(plan), "filesort", plan)
	}
}
