package interactive_test

import (
	"iter"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/ycvk/tinybook/examples/tinybook/internal/dbtest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
)

// newStore returns a store in which the things 1 to n are listed.
func newStore(t testing.TB, db *platform.DB, n int64) *interactive.Store {
	t.Helper()
	store := interactive.NewStore(db, interactive.Article)
	for id := range n {
		list(t, db, store, id+1, true)
	}
	return store
}

func list(t testing.TB, db *platform.DB, store *interactive.Store, id int64, listed bool) {
	t.Helper()
	require.NoError(t, db.Tx(t.Context(), func(tx *gorm.DB) error { return store.List(tx, id, listed) }))
}

func counts(t *testing.T, store *interactive.Store, id int64) interactive.Counts {
	t.Helper()
	all, err := store.Counts(t.Context(), id)
	require.NoError(t, err)
	return all[id]
}

// scenarios are what a store does, on every database.
var scenarios = []struct {
	name string
	run  func(t *testing.T, db *platform.DB)
}{
	{"likes are a state", testLikesAreAState},
	{"collects are a state", testCollectsAreAState},
	{"only what is listed", testOnlyWhatIsListed},
	{"likes as a model", testLikesAsAModel},
	{"many like at once", testManyLikeAtOnce},
	{"answers to likes at once", testAnswersToLikesAtOnce},
	{"reads count once", testReadsCountOnce},
	{"reads as a model", testReadsAsAModel},
	{"two who count", testTwoWhoCount},
	{"changes until they are sent", testChangesUntilTheyAreSent},
	{"collected", testCollected},
	{"collected as a model", testCollectedAsAModel},
	{"plan of collected", testPlanOfCollected},
}

func TestStore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *platform.DB) {
		for _, s := range scenarios {
			t.Run(s.name, func(t *testing.T) { s.run(t, open(t)) })
		}
	})
}

// To like twice is to like once, and what wasn't given can't be taken back.
func testLikesAreAState(t *testing.T, db *platform.DB) {
	store := newStore(t, db, 1)
	for i, step := range []struct {
		uid  int64
		like bool
		want int64
	}{
		{7, false, 0},
		{7, true, 1},
		{7, true, 1},
		{8, true, 2},
		{7, false, 1},
		{7, false, 1},
		{7, true, 2},
		{8, false, 1},
		{9, false, 1},
	} {
		likes, err := store.Like(t.Context(), step.uid, 1, step.like)
		require.NoError(t, err)
		require.Equal(t, step.want, likes, "answer to step %d", i)
		require.Equal(t, interactive.Counts{Likes: step.want}, counts(t, store, 1), "count after step %d", i)
		mine, err := store.Mine(t.Context(), step.uid, 1)
		require.NoError(t, err)
		require.Equal(t, interactive.Mine{Liked: step.like}, mine, "state after step %d", i)
	}
}

func testCollectsAreAState(t *testing.T, db *platform.DB) {
	store := newStore(t, db, 1)
	for i, step := range []struct {
		uid, cid int64
		collect  bool
		want     int64
		in       int64
	}{
		{7, 0, false, 0, -1},
		{7, 5, true, 1, 5},
		{7, 5, true, 1, 5},
		{7, 6, true, 1, 6}, // moved
		{8, 0, true, 2, 0},
		{7, 0, false, 1, -1},
		{7, 9, true, 2, 9},
	} {
		collects, err := store.Collect(t.Context(), step.uid, 1, step.cid, step.collect)
		require.NoError(t, err)
		require.Equal(t, step.want, collects, "answer to step %d", i)
		require.Equal(t, interactive.Counts{Collects: step.want}, counts(t, store, 1), "count after step %d", i)
		mine, err := store.Mine(t.Context(), step.uid, 1)
		require.NoError(t, err)
		require.Equal(t, interactive.Mine{Collected: step.collect}, mine, "state after step %d", i)
		in := int64(-1)
		require.NoError(t, db.Read.Raw("SELECT cid FROM collect_records WHERE uid = ? AND status = 1", step.uid).Scan(&in).Error)
		require.Equal(t, step.in, in, "collection after step %d", i)
	}
}

// What was never published, or is withdrawn, can't be liked; its counts stay.
func testOnlyWhatIsListed(t *testing.T, db *platform.DB) {
	store := newStore(t, db, 1)
	ctx := t.Context()
	_, err := store.Like(ctx, 7, 1, true)
	require.NoError(t, err)
	list(t, db, store, 1, false)
	for _, id := range []int64{1, 2, 0, -1} {
		_, err = store.Like(ctx, 8, id, true)
		require.ErrorIs(t, err, interactive.ErrNotListed)
		_, err = store.Collect(ctx, 8, id, 0, true)
		require.ErrorIs(t, err, interactive.ErrNotListed)
	}
	require.Equal(t, interactive.Counts{Likes: 1}, counts(t, store, 1))
	list(t, db, store, 1, true)
	likes, err := store.Like(ctx, 8, 1, true)
	require.NoError(t, err)
	require.Equal(t, int64(2), likes)

	// A transaction that lists a thing and is undone has listed nothing.
	undone := db.Write.Transaction(func(tx *gorm.DB) error {
		require.NoError(t, store.List(tx, 2, true))
		return gorm.ErrInvalidTransaction
	})
	require.ErrorIs(t, undone, gorm.ErrInvalidTransaction)
	_, err = store.Like(ctx, 7, 2, true)
	require.ErrorIs(t, err, interactive.ErrNotListed)
}

// Whatever users do in whatever order, the counts are those of a model that keeps
// who likes what.
func testLikesAsAModel(t *testing.T, db *platform.DB) {
	const things, users, steps = 3, 4, 150
	store := newStore(t, db, things)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	type mark struct{ uid, id int64 }
	likes, collects := map[mark]bool{}, map[mark]bool{}
	on := func(marks map[mark]bool, id int64) (n int64) {
		for m, set := range marks {
			if m.id == id && set {
				n++
			}
		}
		return n
	}
	for range steps {
		m := mark{1 + random.Int64N(users), 1 + random.Int64N(things)}
		set := random.IntN(2) == 0
		var got, want int64
		var err error
		if random.IntN(3) > 0 {
			likes[m] = set
			got, err = store.Like(t.Context(), m.uid, m.id, set)
			want = on(likes, m.id)
		} else {
			collects[m] = set
			got, err = store.Collect(t.Context(), m.uid, m.id, random.Int64N(3), set)
			want = on(collects, m.id)
		}
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
	for id := int64(1); id <= things; id++ {
		require.Equal(t, interactive.Counts{Likes: on(likes, id), Collects: on(collects, id)}, counts(t, store, id))
	}
}

// Many users like and unlike few things at once, each of them more than once at
// the same time: every call succeeds, and the count is the number of marks.
func testManyLikeAtOnce(t *testing.T, db *platform.DB) {
	const things, users, steps = 2, 6, 10
	store := newStore(t, db, things)
	errs := make(chan error, 2*users*steps)
	var all sync.WaitGroup
	for worker := range 2 * users {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 0))
			for range steps {
				id := 1 + random.Int64N(things)
				_, err := store.Like(t.Context(), int64(worker/2+1), id, random.IntN(2) == 0)
				errs <- err
			}
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	for id := int64(1); id <= things; id++ {
		var marks int64
		require.NoError(t, db.Read.Raw("SELECT COUNT(*) FROM like_records WHERE biz_id = ? AND status = 1", id).Scan(&marks).Error)
		require.Equal(t, marks, counts(t, store, id).Likes)
	}
}

// Of users who like one thing at once each is told how many it was by then: nobody
// reads a count that another is about to change.
func testAnswersToLikesAtOnce(t *testing.T, db *platform.DB) {
	const users = 8
	store := newStore(t, db, 1)
	answers := make(chan int64, users)
	var all sync.WaitGroup
	for uid := range int64(users) {
		all.Go(func() {
			likes, err := store.Like(t.Context(), uid+1, 1, true)
			if err != nil {
				t.Error(err)
			}
			answers <- likes
		})
	}
	all.Wait()
	close(answers)
	require.Equal(t, []int64{1, 2, 3, 4, 5, 6, 7, 8}, slices.Sorted(channel(answers)))
}

func channel[T any](c <-chan T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for v := range c {
			if !yield(v) {
				return
			}
		}
	}
}
