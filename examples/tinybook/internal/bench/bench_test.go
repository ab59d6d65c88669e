package bench_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/bench"
	"github.com/ycvk/tinybook/examples/tinybook/internal/dbtest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ranking"
	"github.com/ycvk/tinybook/internal/redistest"
)

// All places to ask answer alike, and the database finds its index where it shall,
// and none where it shan't.
func TestFourWaysToOneRanking(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *platform.DB) {
		db := open(t)
		store := interactive.NewStore(db, interactive.Article)
		repo := article.NewSQLRepo(db, store)
		const articles = 130
		for n := range int64(articles) {
			a := article.Article{AuthorID: 1 + n%3, Title: "title", Content: "text", Status: article.Published}
			require.NoError(t, repo.Create(t.Context(), &a))
			if n == 100 {
				continue // nobody likes it
			}
			require.NoError(t, db.Write.Exec("UPDATE interactives SET like_count = ? WHERE biz_id = ?", 1+n/2, a.ID).Error)
		}
		require.NoError(t, db.Write.Exec("INSERT INTO users (id, nickname, created_at, updated_at) VALUES (1, '书虫', 0, 0)").Error)
		rdb := redistest.New(t)
		board, err := ranking.NewBoard(rdb, repo, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		r := ranking.New(board, repo, slog.New(slog.DiscardHandler))
		engine := gin.New()
		bench.NewHandler(r, rdb, repo, db).Register(engine)
		ask := func(path string) []ranking.Item {
			answer := httptest.NewRecorder()
			engine.ServeHTTP(answer, httptest.NewRequest("GET", path, nil))
			require.Equal(t, 200, answer.Code, path)
			var envelope struct{ Data bench.Ranking }
			require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &envelope))
			return envelope.Data.Items
		}
		local := ask("/bench/rank/local")
		require.Len(t, local, 100)
		require.True(t, slices.ContainsFunc(local, func(i ranking.Item) bool { return i.AuthorName == "书虫" }))
		for _, path := range []string{"redis", "db", "db-noindex"} {
			require.Equal(t, local, ask("/bench/rank/"+path), path)
		}
		require.Empty(t, ask("/ping"))

		plan := func(path string) string { return dbtest.Plan(t, db, func() { ask("/bench/rank/" + path) }) }
		require.Contains(t, plan("db"), "interactives_by_likes")
		require.NotContains(t, plan("db-noindex"), "interactives_by_likes")

		// Redis is asked for what it has at this moment, in no node's memory yet.
		require.NoError(t, rdb.ZIncrBy(t.Context(), "tinybook:{article-likes}:board", 1000, fmt.Sprintf("%019d", local[0].ID)).Err())
		require.Equal(t, local[0].LikeCount+1000, ask("/bench/rank/redis")[0].LikeCount)
		require.Equal(t, local, ask("/bench/rank/local"))
		local[0].LikeCount += 1000

		// A board that this node hasn't seen yet has titles from the database.
		other := ranking.New(board, repo, slog.New(slog.DiscardHandler))
		items, err := other.FromRedis(t.Context(), rdb, 3)
		require.NoError(t, err)
		require.Equal(t, local[:3], items)
	})
}
