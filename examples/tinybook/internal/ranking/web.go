package ranking

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ycvk/tinybook/examples/tinybook/internal/fields"
	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

// Handler is the HTTP side of a ranking. It is for everybody.
type Handler struct {
	ranking *Ranking
	gate    *gate
	end     func()
}

// NewHandler returns a handler of one node.
func NewHandler(r *Ranking) *Handler {
	g := newGate()
	return &Handler{ranking: r, gate: g, end: sync.OnceFunc(g.close)}
}

// Register adds the routes to g, which is the group of articles.
func (h *Handler) Register(g gin.IRouter) {
	web.Get(g, "/rank/:n", h.rank)
	web.Get(g, "/rank/stream", h.stream)
}

// EndStreams ends all streams, so that their clients go to another node, and refuses
// every one that is asked for from then on. It may be called more than once.
func (h *Handler) EndStreams() { h.end() }

// rank answers with the first places, or with 304 for who has them already. Stale
// places are never what a client has already: it shall see when they get older.
func (h *Handler) rank(c *gin.Context) {
	n, err := places(c.Param("n"))
	if err != nil {
		web.Fail(c, err)
		return
	}
	top, err := h.ranking.Top(c.Request.Context(), n)
	if err != nil {
		web.Fail(c, err)
		return
	}
	header := c.Writer.Header()
	header.Set("Cache-Control", "no-cache") // may be kept, and is to be asked for
	if !top.Stale {
		tag := fmt.Sprintf(`W/"%x-%d-%s"`, top.sum, n, web.Language(c.Request))
		header.Set("ETag", tag)
		if matches(c.GetHeader("If-None-Match"), tag) {
			header.Add("Vary", "Accept-Language")
			c.AbortWithStatus(http.StatusNotModified)
			return
		}
	}
	web.Handle(http.StatusOK, "ok", func(*gin.Context) (Places, error) { return top, nil })(c)
}

// places parses how many places somebody wants.
func places(text string) (int, error) {
	n, ok := web.Number(text)
	if !ok || n < 1 || n > MaxPlaces {
		return 0, fields.Errors{{Field: "n", Code: "range", Args: []any{1, MaxPlaces}}}
	}
	return int(n), nil
}

// matches reports whether tag is in the header of a conditional request.
func matches(header, tag string) bool {
	weak := func(tag string) string { return strings.TrimPrefix(strings.TrimSpace(tag), "W/") }
	for one := range strings.SplitSeq(header, ",") {
		if strings.TrimSpace(one) == "*" || weak(one) == weak(tag) {
			return true
		}
	}
	return false
}

// MapError maps the errors of this package.
func MapError(err error) *web.Error {
	if errors.Is(err, ErrUnavailable) {
		return &web.Error{Status: http.StatusServiceUnavailable, Key: "unavailable", RetryAfter: time.Second, Err: err}
	}
	return nil
}
