package topn_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/topn"
)

// documentedRights returns the commands that the comment of Board asks for.
func documentedRights(t *testing.T) []string {
	t.Helper()
	source, err := os.ReadFile("board.go")
	require.NoError(t, err)
	text := strings.ReplaceAll(string(source), "\n//", "")
	parts := regexp.MustCompile(`the right to ([A-Z, and]+)\.`).FindStringSubmatch(text)
	require.Len(t, parts, 2, "the comment of Board tells no rights")
	return regexp.MustCompile(`[A-Z]{2,}`).FindAllString(parts[1], -1)
}

// A user with the documented rights may do everything, and each of them is needed.
func TestBoardNeedsTheDocumentedRights(t *testing.T) {
	t.Parallel()
	s := realserver.Redis(t)
	admin := realClient(t, s)
	rights := documentedRights(t)
	for _, without := range append([]string{""}, rights...) {
		flush(t, admin)
		require.NoError(t, admin.ScriptFlush(t.Context()).Err())
		rules := []any{"ACL", "SETUSER", "board", "reset", "on", ">secret", "~topn:*"}
		for _, right := range rights {
			if right != without {
				rules = append(rules, "+"+strings.ToLower(right))
			}
		}
		require.NoError(t, admin.Do(t.Context(), rules...).Err())
		rdb := redis.NewClient(&redis.Options{Addr: s.Addr(), Username: "board", Password: "secret", DisableIdentity: true})
		err := everything(t, rdb)
		require.NoError(t, rdb.Close())
		if without == "" {
			require.NoError(t, err)
			continue
		}
		require.Error(t, err, "%s isn't needed", without)
	}
}

// everything makes every call in a way that meets every command of the scripts, and
// returns the first error.
func everything(t *testing.T, rdb *redis.Client) error {
	ctx, db := t.Context(), numbered(5)
	b := newBoard(t, rdb, db, topn.WithN(1), topn.WithRetain(4))
	sums, err := topn.New(rdb, "sums", topn.Int64Codec(), db.source, counter)
	require.NoError(t, err)
	steps := []func() error{
		func() error { _, err := b.Load(ctx, 1); return err },
		func() error { return b.Rebuild(ctx) }, // Load does without Redis
		func() error { return b.Mark(ctx) },
		func() error { _, _, err := b.Place(ctx, 1); return err },
		func() error { _, err := b.Apply(ctx, entry{9, 9, 1}); return err }, // which trims
		func() error { _, err := b.Remove(ctx, entry{9, 0, 2}); return err },
		func() error { // below those that were trimmed
			_, err := b.Apply(ctx, entry{5, -1, 2}, entry{4, -1, 2}, entry{3, -1, 2})
			return err
		},
		func() error { return sums.Rebuild(ctx) },
		func() error { return sums.Incr(ctx, 1, 1) },
		func() error { return sums.IncrBatch(ctx, map[int64]float64{1: 1}, &topn.Position{Stream: "s"}) },
		func() error { _, _, err := sums.Watermark(ctx, "s"); return err },
		func() error { return sums.Drop(ctx) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
