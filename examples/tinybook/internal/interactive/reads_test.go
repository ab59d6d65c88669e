package interactive_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
)

const topic = "a-topic"

func begin(t testing.TB, store *interactive.Store, number int) {
	t.Helper()
	_, err := store.NextOffset(t.Context(), topic, number)
	require.NoError(t, err)
}

func testReadsCountOnce(t *testing.T, db *platform.DB) {
	store := newStore(t, db, 2)
	ctx := t.Context()
	_, err := store.CountReads(ctx, topic, 0, interactive.ReadAt{Offset: 0, ID: 1})
	require.ErrorIs(t, err, interactive.ErrNotBegun, "what isn't remembered isn't counted")
	require.Zero(t, counts(t, store, 1))
	begin(t, store, 0)
	begin(t, store, 1)

	for i, step := range []struct {
		number      int
		reads       []interactive.ReadAt
		added, next int64
		want1       int64
	}{
		{0, []interactive.ReadAt{{0, 1}, {1, 2}, {2, 1}}, 3, 3, 2},
		{0, []interactive.ReadAt{{0, 1}, {1, 2}, {2, 1}}, 0, 3, 2}, // all again
		{0, []interactive.ReadAt{{2, 1}, {3, 1}}, 1, 4, 3},         // cut elsewhere
		{1, []interactive.ReadAt{{0, 1}, {1, 1}}, 2, 2, 5},         // another partition
		{0, []interactive.ReadAt{{4, 0}, {5, 99}}, 0, 6, 5},        // no read, and one of nothing that is there
		{0, []interactive.ReadAt{{10, 1}}, 1, 11, 6},               // a gap, as transactions leave them
		{0, nil, 0, 11, 6},
	} {
		added, err := store.CountReads(ctx, topic, step.number, step.reads...)
		require.NoError(t, err)
		require.Equal(t, step.added, added, "step %d", i)
		next, err := store.NextOffset(ctx, topic, step.number)
		require.NoError(t, err)
		require.Equal(t, step.next, next, "step %d", i)
		require.Equal(t, step.want1, counts(t, store, 1).Reads, "step %d", i)
	}
	require.Equal(t, int64(1), counts(t, store, 2).Reads)
}

// A log that is cut into batches anew after every crash, at any place, counts each
// read once.
func testReadsAsAModel(t *testing.T, db *platform.DB) {
	const things, length, crashes = 4, 120, 12
	store := newStore(t, db, things)
	begin(t, store, 0)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	log := make([]interactive.ReadAt, length)
	want := map[int64]int64{}
	for i := range log {
		log[i] = interactive.ReadAt{Offset: int64(i), ID: 1 + random.Int64N(things)}
		want[log[i].ID]++
	}
	committed := 0 // what Kafka knows, which is behind what the database does
	for range crashes {
		at := committed
		for at < length && random.IntN(5) > 0 {
			end := min(length, at+1+random.IntN(12))
			_, err := store.CountReads(t.Context(), topic, 0, log[at:end]...)
			require.NoError(t, err)
			at = end
			if random.IntN(2) == 0 {
				committed = at
			}
		}
	}
	_, err := store.CountReads(t.Context(), topic, 0, log[committed:]...)
	require.NoError(t, err)
	again, err := store.CountReads(t.Context(), topic, 0, log...)
	require.NoError(t, err)
	require.Zero(t, again)
	for id := int64(1); id <= things; id++ {
		require.Equal(t, want[id], counts(t, store, id).Reads, "thing %d", id)
	}
}

// Two consumers have one partition while a group changes: what both of them have
// counts once, and neither fails.
func testTwoWhoCount(t *testing.T, db *platform.DB) {
	const things, length, batch = 3, 60, 6
	store := newStore(t, db, things)
	begin(t, store, 0)
	errs := make(chan error, 2*length)
	var all sync.WaitGroup
	for range 2 {
		all.Go(func() {
			for at := int64(0); at < length; at += batch {
				var reads []interactive.ReadAt
				for offset := at; offset < at+batch; offset++ {
					reads = append(reads, interactive.ReadAt{Offset: offset, ID: 1 + offset%things})
				}
				_, err := store.CountReads(t.Context(), topic, 0, reads...)
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
		require.Equal(t, int64(length/things), counts(t, store, id).Reads)
	}
}
