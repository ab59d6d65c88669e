package topn_test

import (
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// Trap topn/8: a Source that reads a replica that lags says less than the board knows:
// the newer version wins, also one that took a member off, and also where only the
// versions of the rebuild before the last know it.
func TestRebuildFromAReplicaThatLags(t *testing.T) { everywhere(t, testLagging) }

func testLagging(t *testing.T, rdb redis.UniversalClient) {
	late := numbered(3)
	b := loaded(t, rdb, late)
	_, err := b.Apply(t.Context(), entry{1, 100, 5}, entry{4, 40, 2}, entry{5, 50, 2})
	require.NoError(t, err)
	_, err = b.Remove(t.Context(), entry{Member: 2, Version: 5})
	require.NoError(t, err)
	rebuilt := func(want map[int64]float64) {
		t.Helper()
		require.NoError(t, b.Rebuild(t.Context()))
		require.Equal(t, want, scores(reread(t, rdb).Items))
	}
	late.set(entry{4, 7, 2}, entry{5, 8, 3}) // as new, and newer
	rebuilt(map[int64]float64{1: 100, 3: 3, 4: 7, 5: 8})
	rebuilt(map[int64]float64{1: 100, 3: 3, 4: 7, 5: 8})

	_, err = b.Apply(t.Context(), entry{6, 60, 9})
	require.NoError(t, err)
	rebuilt(map[int64]float64{1: 100, 3: 3, 4: 7, 5: 8}) // the replica doesn't have it yet
	late.set(entry{6, 6, 1})
	rebuilt(map[int64]float64{1: 100, 3: 3, 4: 7, 5: 8})
	late.set(entry{1, 10, 6}, entry{2, 20, 6}, entry{6, 66, 9})
	rebuilt(map[int64]float64{1: 10, 2: 20, 3: 3, 4: 7, 5: 8, 6: 66})
}
