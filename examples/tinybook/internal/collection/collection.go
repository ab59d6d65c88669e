// Package collection shows users what they have collected: the marks of package
// interactive, with the titles of package article.
package collection

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/fields"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/session"
	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

// How much of a list an answer has.
const (
	defaultLimit = 20
	maxLimit     = 50
)

// The names of the parameters of a request.
const (
	fieldCursor = "cursor"
	fieldLimit  = "limit"
	fieldCID    = "cid"
)

// Marks knows who has collected what; [interactive.Store] does.
type Marks interface {
	Collected(ctx context.Context, uid int64, cid *int64, after interactive.Place, limit int) ([]interactive.Kept, error)
}

// Articles knows the published articles; [article.Repo] does.
type Articles interface {
	Cards(ctx context.Context, ids []int64) ([]article.Card, error)
}

// Handler is the HTTP side of what users have collected.
type Handler struct {
	marks    Marks
	articles Articles
	sessions *session.Web
}

// NewHandler returns a handler.
func NewHandler(marks Marks, articles Articles, sessions *session.Web) *Handler {
	return &Handler{marks: marks, articles: articles, sessions: sessions}
}

// Register adds the route to g, which is the group of articles.
func (h *Handler) Register(g gin.IRoutes) {
	web.Get(g, "/collected", h.sessions.Required, web.Handle(http.StatusOK, "ok", h.list))
}

// An Item is a published article that its reader has collected.
type Item struct {
	article.CardView
	CID         int64     `json:"cid"`
	CollectedAt time.Time `json:"collectedAt"`
}

// A List is a part of what a user has collected, the last first. Next is the cursor
// of the part after it, and empty at the end.
type List struct {
	Items []Item `json:"items"`
	Next  string `json:"next"`
}

func (h *Handler) list(c *gin.Context) (List, error) {
	q, err := parse(c)
	if err != nil {
		return List{}, err
	}
	ctx := c.Request.Context()
	// One more, to see whether there is one.
	kept, err := h.marks.Collected(ctx, session.Current(c).UID, q.cid, q.after, q.limit+1)
	if err != nil {
		return List{}, err
	}
	var next article.Cursor
	if len(kept) > q.limit {
		kept = kept[:q.limit]
		next = article.Cursor(kept[q.limit-1].Place())
	}
	items, err := h.items(ctx, kept)
	return List{Items: items, Next: next.String()}, err
}

// items joins what was collected with the articles. One that was withdrawn a moment
// ago is left out.
func (h *Handler) items(ctx context.Context, kept []interactive.Kept) ([]Item, error) {
	ids := make([]int64, len(kept))
	byID := make(map[int64]*interactive.Kept, len(kept))
	for i := range kept {
		ids[i], byID[kept[i].ID] = kept[i].ID, &kept[i]
	}
	cards, err := h.articles.Cards(ctx, ids)
	items := make([]Item, len(cards))
	for i, card := range cards {
		items[i] = item(card, byID[card.ID])
	}
	return items, err
}

func item(card article.Card, kept *interactive.Kept) Item {
	return Item{
		CardView: article.CardView{
			ID: card.ID, Title: card.Title, Abstract: card.Abstract,
			AuthorID: card.AuthorID, AuthorName: card.AuthorName,
			PublishedAt: card.PublishedAt, UpdatedAt: card.UpdatedAt,
			CountsView: article.CountsView{
				ReadCount: kept.Reads, LikeCount: kept.Likes, CollectCount: kept.Collects,
			},
		},
		CID: kept.CID, CollectedAt: kept.At,
	}
}

// A query is what somebody wants to see.
type query struct {
	after interactive.Place
	limit int
	cid   *int64 // nil: of all collections
}

func parse(c *gin.Context) (query, error) {
	var faults fields.Errors
	q := query{limit: defaultLimit}
	// A cursor of the feed is one of this list too: a time and an id.
	after, err := article.ParseCursor(c.Query(fieldCursor))
	if err != nil {
		faults.Add(fieldCursor, fields.Format)
	}
	q.after = interactive.Place(after)
	if text, ok := c.GetQuery(fieldLimit); ok {
		n, ok := web.Number(text)
		if !ok || n < 1 || n > maxLimit {
			faults.Add(fieldLimit, "range", 1, maxLimit)
		}
		q.limit = int(n)
	}
	if text, ok := c.GetQuery(fieldCID); ok {
		cid, ok := web.Number(text)
		if !ok {
			faults.Add(fieldCID, fields.Format)
		}
		q.cid = &cid
	}
	return q, faults.Err()
}
