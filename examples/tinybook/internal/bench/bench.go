// Package bench shows one ranking from four places, so that somebody can measure
// what each costs: the memory of the process, Redis, the database with its index,
// and the database without one, as the original TinyBook asked it. Everything else
// about the requests is alike, but that what is in memory is there in JSON, which
// the others make for each request. The routes are there only with the setting
// bench.enabled.
package bench

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/redis/go-redis/v9"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ranking"
	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

// places is how many of a ranking every answer has.
const places = ranking.MaxPlaces

// Handler answers for one node.
type Handler struct {
	ranking  *ranking.Ranking
	rdb      redis.Cmdable
	articles article.Ranking
	db       *platform.DB
}

// NewHandler returns a handler. It only reads, and what it is given stays the
// caller's.
func NewHandler(r *ranking.Ranking, rdb redis.Cmdable, articles article.Ranking, db *platform.DB) *Handler {
	return &Handler{ranking: r, rdb: rdb, articles: articles, db: db}
}

// Register adds the routes to r: /ping, which answers nothing as fast as this
// site can, and /bench/rank/{local,redis,db,db-noindex}.
func (h *Handler) Register(r gin.IRoutes) {
	r.GET("/ping", web.Handle(http.StatusOK, "ok", func(*gin.Context) (any, error) { return nil, nil }))
	r.GET("/bench/rank/local", web.Handle(http.StatusOK, "ok", h.local))
	for path, from := range map[string]func(ctx context.Context) ([]ranking.Item, error){
		"redis": h.redis, "db": h.indexed, "db-noindex": h.scanned,
	} {
		r.GET("/bench/rank/"+path, web.Handle(http.StatusOK, "ok", func(c *gin.Context) (Ranking, error) {
			items, err := from(c.Request.Context())
			return Ranking{Items: items}, err
		}))
	}
}

// Ranking is an answer.
type Ranking struct {
	Items []ranking.Item `json:"items"`
}

// local does what the public route does: the items are in memory in JSON.
func (h *Handler) local(c *gin.Context) (ranking.Places, error) {
	return h.ranking.Top(c.Request.Context(), places)
}

func (h *Handler) redis(ctx context.Context) ([]ranking.Item, error) {
	return h.ranking.FromRedis(ctx, h.rdb, places)
}

func (h *Handler) indexed(ctx context.Context) ([]ranking.Item, error) {
	top, err := h.articles.Top(ctx, places)
	return ranking.FromRanked(top), err
}
