package topn_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

// Trap topn/6: between two ticks a server comes back with an old copy, and is written to
// as often as it had been: it has another mark, but for one time in a million.
func TestMarkOfAnOldCopyIsAnother(t *testing.T) {
	for name, mode := range map[string]topn.Mode{"apply": topn.Absolute, "increment": topn.Counter, "mark": topn.Absolute} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server, rdb := redistest.NewServer(t)
				db := numbered(5)
				b := loaded(t, rdb, db, topn.WithMode(mode), topn.WithTick(10*time.Second), topn.WithMaxStale(time.Hour))
				run(t, b)
				write := func(m int64) {
					for range 3 {
						e := db.add(m, 10)
						switch name {
						case "apply":
							_, err := b.Apply(t.Context(), e)
							require.NoError(t, err)
						case "increment":
							require.NoError(t, b.Incr(t.Context(), m, 10))
						case "mark":
							_, err := server.ZAdd("topn:{likes}:board", e.Score, topn.Int64Codec().Encode(m))
							require.NoError(t, err)
							require.NoError(t, newBoard(t, rdb, db).Mark(t.Context()))
						}
					}
				}
				copied, err := server.Get("topn:{likes}:mark")
				require.NoError(t, err)
				write(1)
				time.Sleep(12 * time.Second)
				require.Equal(t, db.items(5), b.Top(5))
				require.NoError(t, server.Set("topn:{likes}:mark", copied))
				write(2)
				time.Sleep(12 * time.Second)
				require.Equal(t, db.items(5), b.Top(5))
			})
		})
	}
}
