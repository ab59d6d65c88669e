package bench_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/bench"
	"github.com/ycvk/tinybook/examples/tinybook/internal/dbtest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ranking"
	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
	"github.com/ycvk/tinybook/internal/realserver"
)

// BenchmarkRank is what an answer costs without the network between: with all
// middlewares of the site, SQLite and a real Redis, and 1000 articles.
func BenchmarkRank(b *testing.B) {
	rdb := redis.NewClient(&redis.Options{Addr: realserver.Redis(b).Addr()})
	defer rdb.Close()
	db := dbtest.SQLite(b)
	repo := article.NewSQLRepo(db, interactive.NewStore(db, interactive.Article))
	publish(b, db, repo, 1000)
	board, err := ranking.NewBoard(rdb, repo, slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	r := ranking.New(board, repo, slog.New(slog.DiscardHandler))
	require.NoError(b, r.Refresh(b.Context()))
	engine, err := web.New(web.Config{
		Log: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry(), BodyLimit: 1 << 10, Timeout: time.Minute,
	})
	require.NoError(b, err)
	bench.NewHandler(r, rdb, repo, db).Register(engine)
	ranking.NewHandler(r).Register(engine.Group("/articles"))
	for _, path := range []string{"/ping", "/articles/rank/100", "/bench/rank/local", "/bench/rank/redis", "/bench/rank/db", "/bench/rank/db-noindex"} {
		b.Run("path="+path, func(b *testing.B) {
			b.ReportAllocs()
			request := httptest.NewRequest("GET", path, nil)
			for b.Loop() {
				answer := &discard{header: http.Header{}}
				engine.ServeHTTP(answer, request)
				if answer.status != http.StatusOK {
					b.Fatal(answer.status)
				}
			}
		})
	}
}

// discard is a client that keeps nothing.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

// publish publishes n articles, of which the later ones have more likes.
func publish(tb testing.TB, db *platform.DB, repo article.Repo, n int64) {
	tb.Helper()
	for i := range n {
		a := article.Article{AuthorID: 1, Title: fmt.Sprint("the title of article ", i), Content: "text", Status: article.Published}
		require.NoError(tb, repo.Create(tb.Context(), &a))
		require.NoError(tb, db.Write.Exec("UPDATE interactives SET like_count = ? WHERE biz_id = ?", 1+i/2, a.ID).Error)
	}
}
