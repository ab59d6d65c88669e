package topn_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

// What is more than a thousand members goes to Redis in several scripts,
// so that none keeps it from others for long.
func TestManyGoInParts(t *testing.T) {
	const many = 2345
	db := numbered(many)
	deltas := make(map[int64]float64, many)
	for _, e := range db.top(many) {
		deltas[e.Member] = 1
	}
	for _, tc := range []struct {
		name      string
		mode      topn.Mode
		keys, per int // of the script, and its arguments for each member
		call      func(ctx context.Context, b *topn.Board[int64]) error
	}{
		{"apply", topn.Absolute, 7, 3, func(ctx context.Context, b *topn.Board[int64]) error {
			_, err := b.Apply(ctx, db.top(many)...)
			return err
		}},
		{"remove", topn.Absolute, 7, 3, func(ctx context.Context, b *topn.Board[int64]) error {
			_, err := b.Remove(ctx, db.top(many)...)
			return err
		}},
		{"increment", topn.Counter, 4, 2, func(ctx context.Context, b *topn.Board[int64]) error {
			return b.IncrBatch(ctx, deltas, nil)
		}},
		{"rebuild absolute", topn.Absolute, 7, 3, func(ctx context.Context, b *topn.Board[int64]) error { return b.Rebuild(ctx) }},
		{"rebuild counter", topn.Counter, 7, 2, func(ctx context.Context, b *topn.Board[int64]) error { return b.Rebuild(ctx) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rdb := redistest.New(t)
				b := loaded(t, rdb, db, topn.WithMode(tc.mode), topn.WithRetain(many))
				sent := 0
				tapped(rdb).after = func(cmd redis.Cmder) {
					members := len(cmd.Args()) / tc.per // and a few, for what comes before them
					if isScript(cmd, tc.keys) && members > 100 {
						require.LessOrEqual(t, members, 1010)
						sent++
					}
				}
				require.NoError(t, tc.call(t.Context(), b))
				require.Equal(t, 3, sent)
			})
		})
	}
}
