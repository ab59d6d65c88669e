package ratelimit

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Trap ratelimit/7: 10 million different keys, one after the other, take no more
// memory than those that are live at once.
func TestKeyFlood(t *testing.T) {
	const per, batch = 20 * time.Millisecond, 10_000
	keys := 10_000_000
	if raceDetector() || testing.Short() {
		keys = 300_000
	}
	l := mustLocal(t, GCRA, Limit{N: 1, Per: per})
	ctx := t.Context()
	var key [24]byte
	var begun []time.Time // of each batch
	held, bytes, live := 0, int64(0), 0
	for i := range keys {
		if i%batch == 0 {
			begun = append(begun, time.Now())
		}
		r, err := l.Allow(ctx, string(strconv.AppendInt(key[:0], int64(i), 10)))
		if err != nil || !r.OK() {
			t.Fatalf("key %d: %+v, %v", i, r, err)
		}
		if i%batch != batch-1 {
			continue
		}
		recent := len(begun) - 1
		for recent > 0 && time.Since(begun[recent-1]) < per {
			recent--
		}
		live = max(live, (len(begun)-recent+1)*batch)
		st := l.Stats()
		held, bytes = max(held, st.Keys), max(bytes, st.Bytes)
	}
	t.Logf("%d keys: %d were live at once, %d held, in %.1f MB", keys, live, held, float64(bytes)/1e6)
	require.LessOrEqual(t, held, 2*live)
	require.LessOrEqual(t, bytes, int64(100*live))
}
