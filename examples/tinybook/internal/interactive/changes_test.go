package interactive_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
)

// A change stays to be sent until exactly it was sent, and versions only grow.
func testChangesUntilTheyAreSent(t *testing.T, db *platform.DB) {
	store := newStore(t, db, 3)
	ctx := t.Context()
	unsent := func(after int64, n int) []interactive.Change {
		t.Helper()
		all, err := store.Unsent(ctx, after, n)
		require.NoError(t, err)
		return all
	}
	metrics := interactive.NewCollector(store, interactive.NewRecorder(nil, nil))
	counted := func(want float64) {
		t.Helper()
		require.Equal(t, want, figures(t, metrics)["tinybook_interactive_unsent_changes"])
	}
	counted(3)
	first := []interactive.Change{{ID: 1, Listed: true, Version: 1}, {ID: 2, Listed: true, Version: 1}, {ID: 3, Listed: true, Version: 1}}
	require.Equal(t, first, unsent(0, 10), "what is new")
	require.Equal(t, first[:2], unsent(0, 2))
	require.Equal(t, first[2:], unsent(2, 2))

	_, err := store.Like(ctx, 7, 2, true)
	require.NoError(t, err)
	require.NoError(t, store.Sent(ctx, first...))
	liked := interactive.Change{ID: 2, Likes: 1, Listed: true, Version: 2}
	require.Equal(t, []interactive.Change{liked}, unsent(0, 10), "it changed while the others were sent")
	counted(1)
	require.NoError(t, store.Sent(ctx, liked))
	counted(0)
	require.Empty(t, unsent(0, 10))

	for _, nothing := range []func() error{
		func() error { _, err := store.Like(ctx, 7, 2, true); return err },
		func() error { _, err := store.Like(ctx, 8, 2, false); return err },
		func() error { _, err := store.Collect(ctx, 8, 2, 0, true); return err },
	} {
		require.NoError(t, nothing())
		require.Empty(t, unsent(0, 10), "nothing that a ranking needs to know")
	}
	list(t, db, store, 2, true) // as it is
	require.Empty(t, unsent(0, 10))
	list(t, db, store, 2, false)
	require.Equal(t, []interactive.Change{{ID: 2, Likes: 1, Version: 3}}, unsent(0, 10))
}
