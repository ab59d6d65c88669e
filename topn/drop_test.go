package topn_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

// keysOf returns the last parts of the names of all keys, in order.
func keysOf(t testing.TB, rdb redis.UniversalClient) []string {
	t.Helper()
	keys, err := rdb.Keys(t.Context(), "*").Result()
	require.NoError(t, err)
	for i, key := range keys {
		keys[i] = strings.TrimPrefix(key, "topn:{likes}:")
	}
	slices.Sort(keys)
	return keys
}

// Nothing is left of a board that was dropped, also beside a rebuild, and the next
// Load makes it anew. All that was there has a documented name.
func TestDropLeavesNothing(t *testing.T) {
	everywhere(t, func(t *testing.T, rdb redis.UniversalClient) {
		source, err := os.ReadFile("board.go")
		require.NoError(t, err)
		comment := strings.ReplaceAll(string(source), "\n//", "")
		for _, mode := range []topn.Mode{topn.Absolute, topn.Counter} {
			db := numbered(30)
			opts := []topn.Option{topn.WithMode(mode), topn.WithN(2), topn.WithRetain(20)}
			b := loaded(t, rdb, db, opts...)
			require.NoError(t, b.Rebuild(t.Context()))
			if mode == topn.Counter {
				require.NoError(t, b.IncrBatch(t.Context(), map[int64]float64{1: 1}, &topn.Position{Stream: "s"}))
			}
			g := newGate(db, true)
			rebuilt := make(chan error, 1)
			go func() { rebuilt <- gated(t, rdb, g, opts...).Rebuild(t.Context()) }()
			<-g.asked
			for _, key := range keysOf(t, rdb) {
				require.Regexp(t, regexp.MustCompile(`\b`+key+`\b`), comment)
			}
			require.NoError(t, b.Drop(t.Context()))
			require.Empty(t, keysOf(t, rdb))
			close(g.open)
			require.ErrorIs(t, <-rebuilt, topn.ErrRebuilding)
			require.Empty(t, keysOf(t, rdb))
			require.Len(t, b.Top(2), 2, "what this process has seen")
			require.Equal(t, db.items(2), loaded(t, rdb, db, opts...).Top(2))
			require.NoError(t, b.Drop(t.Context()))
		}
	})
}

// A board that expires is there as long as it is written to, with all its parts, and
// then goes without a trace.
func TestBoardsExpire(t *testing.T) {
	for _, mode := range []topn.Mode{topn.Absolute, topn.Counter} {
		t.Run(mode.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rdb, db := redistest.New(t), numbered(30)
				b := loaded(t, rdb, db, topn.WithMode(mode), topn.WithN(2), topn.WithRetain(20), topn.WithExpire(time.Hour))
				require.NoError(t, b.Rebuild(t.Context()))
				for i := range 5 {
					time.Sleep(50 * time.Minute)
					if mode == topn.Counter {
						require.NoError(t, b.IncrBatch(t.Context(), map[int64]float64{1: 1}, &topn.Position{Stream: "s", First: int64(i), Last: int64(i)}))
						require.Equal(t, []string{"board", "mark", "offsets"}, keysOf(t, rdb))
						continue
					}
					_, err := b.Apply(t.Context(), db.add(1, 1))
					require.NoError(t, err)
					require.Equal(t, []string{"board", "mark", "older", "trimmed", "versions"}, keysOf(t, rdb))
				}
				time.Sleep(61 * time.Minute)
				require.Empty(t, keysOf(t, rdb))
				_, err := b.Load(t.Context(), 2)
				require.NoError(t, err)
				require.NotEmpty(t, keysOf(t, rdb))
				time.Sleep(61 * time.Minute)
				require.Empty(t, keysOf(t, rdb), "a rebuild alone")
				if mode == topn.Counter {
					require.NoError(t, b.IncrBatch(t.Context(), nil, &topn.Position{Stream: "s"}))
					time.Sleep(61 * time.Minute)
					require.Empty(t, keysOf(t, rdb), "of a stream without a board")
				}
			})
		})
	}
}
