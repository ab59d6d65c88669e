package article

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/ycvk/tinybook/examples/tinybook/internal/fields"
	"github.com/ycvk/tinybook/examples/tinybook/internal/session"
	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

// How much of a list an answer has.
const (
	defaultLimit = 20
	maxLimit     = 50
	maxOffset    = 10_000
)

// Handler is the HTTP side of articles.
type Handler struct {
	articles *Service
	sessions *session.Web
}

// NewHandler returns a handler.
func NewHandler(articles *Service, sessions *session.Web) *Handler {
	return &Handler{articles: articles, sessions: sessions}
}

// Register adds the routes to g, which is the group of articles.
func (h *Handler) Register(g gin.IRouter) {
	signedIn := h.sessions.Required
	room := web.Room(maxBody)
	g.POST("/edit", signedIn, room, web.Handle(http.StatusOK, "saved", h.store(h.articles.Save)))
	g.POST("/publish", signedIn, room, web.Handle(http.StatusOK, "published", h.store(h.articles.Publish)))
	g.POST("/withdraw", signedIn, web.Handle(http.StatusOK, "withdrawn", h.withdraw))
	g.POST("/list", signedIn, web.Handle(http.StatusOK, "ok", h.listOwn))
	web.Get(g, "/detail/:id", signedIn, web.Handle(http.StatusOK, "ok", h.own))
	web.Get(g, "/pub/:id", h.sessions.Optional, web.Handle(http.StatusOK, "ok", h.read))
	web.Get(g, "/counts/:id", web.Handle(http.StatusOK, "ok", h.counts))
	web.Get(g, "/feed", web.Handle(http.StatusOK, "ok", h.feed))
}

type storeFunc func(ctx context.Context, author int64, e Edit, before fields.Errors) (Article, error)

func (h *Handler) store(store storeFunc) func(c *gin.Context) (Saved, error) {
	return func(c *gin.Context) (Saved, error) {
		form, err := web.ReadForm(c)
		if err != nil {
			return Saved{}, err
		}
		if err := checkAuthor(c, form); err != nil {
			return Saved{}, err
		}
		e := Edit{Key: form.Text(fieldKey).Value, Title: optional(form.Text(fieldTitle)), Content: optional(form.Text(fieldContent))}
		form.Into(fieldID, &e.ID)
		form.Into(fieldVersion, &e.Version)
		if e.ID < 0 {
			form.Faults.Add(fieldID, "unknown")
		}
		a, err := store(c.Request.Context(), session.Current(c).UID, e, form.Faults)
		if err != nil {
			return Saved{}, err
		}
		return saved(a), nil
	}
}

// checkAuthor refuses a form that names another author than who is signed in: a
// page that was opened by one account must not write into the next one's.
func checkAuthor(c *gin.Context, form *web.Form) error {
	uid := session.Current(c).UID
	author := uid
	form.Into(fieldAuthor, &author)
	if author != uid {
		return &web.Error{Status: http.StatusForbidden, Key: "other_author"}
	}
	return nil
}

func optional(t web.Text) *string {
	if !t.Set {
		return nil
	}
	return &t.Value
}

func (h *Handler) withdraw(c *gin.Context) (Saved, error) {
	form, err := web.ReadForm(c)
	if err != nil {
		return Saved{}, err
	}
	if err := checkAuthor(c, form); err != nil {
		return Saved{}, err
	}
	var id int64
	var version *int64
	form.Into(fieldID, &id)
	form.Into(fieldVersion, &version)
	switch {
	case form.Faults.Has(fieldID):
	case id == 0:
		form.Faults.Add(fieldID, fields.Required)
	case id < 0:
		form.Faults.Add(fieldID, "unknown")
	}
	form.Faults.Sort(fieldAuthor, fieldID, fieldVersion)
	if err := form.Faults.Err(); err != nil {
		return Saved{}, err
	}
	a, err := h.articles.Withdraw(c.Request.Context(), session.Current(c).UID, id, version)
	if err != nil {
		return Saved{}, err
	}
	return saved(a), nil
}

func (h *Handler) listOwn(c *gin.Context) ([]OwnItem, error) {
	form, err := web.ReadOptionalForm(c)
	if err != nil {
		return nil, err
	}
	offset, limit := 0, defaultLimit
	form.Into(fieldOffset, &offset)
	form.Into(fieldLimit, &limit)
	within(&form.Faults, fieldOffset, offset, 0, maxOffset)
	within(&form.Faults, fieldLimit, limit, 1, maxLimit)
	if err := form.Faults.Err(); err != nil {
		return nil, err
	}
	own, err := h.articles.ListOwn(c.Request.Context(), session.Current(c).UID, offset, limit)
	if err != nil {
		return nil, err
	}
	items := make([]OwnItem, len(own))
	for i, a := range own {
		items[i] = OwnItem{Saved: saved(a), Title: a.Title, Abstract: abstract(a.Content), CreatedAt: a.CreatedAt}
	}
	return items, nil
}

func within(f *fields.Errors, name string, n, low, high int) {
	if !f.Has(name) && (n < low || n > high) {
		*f = append(*f, fields.Fault{Field: name, Code: "range", Args: []any{low, high}})
	}
}

func (h *Handler) own(c *gin.Context) (OwnView, error) {
	a, err := h.articles.Own(c.Request.Context(), session.Current(c).UID, web.PathID(c))
	if err != nil {
		return OwnView{}, err
	}
	return OwnView{Saved: saved(a), Title: a.Title, Content: a.Content, CreatedAt: a.CreatedAt}, nil
}

// read shows an article. Only who gets it has read it: not who asks for headers.
func (h *Handler) read(c *gin.Context) (PageView, error) {
	read := h.articles.Read
	if c.Request.Method == http.MethodHead {
		read = h.articles.Look
	}
	shown, err := read(c.Request.Context(), session.Current(c).UID, web.PathID(c))
	if err != nil {
		return PageView{}, err
	}
	return pageView(shown), nil
}

// counts is for who has the article open already.
func (h *Handler) counts(c *gin.Context) (CountsView, error) {
	shown, err := h.articles.Look(c.Request.Context(), 0, web.PathID(c))
	if err != nil {
		return CountsView{}, err
	}
	return countsView(shown.Counts), nil
}

func (h *Handler) feed(c *gin.Context) (FeedView, error) {
	var faults fields.Errors
	after, err := ParseCursor(c.Query(fieldCursor))
	if err != nil {
		faults.Add(fieldCursor, fields.Format)
	}
	limit := defaultLimit
	if text, ok := c.GetQuery(fieldLimit); ok {
		if limit, err = strconv.Atoi(text); err != nil {
			limit = 0 // out of any range
		}
	}
	within(&faults, fieldLimit, limit, 1, maxLimit)
	if err := faults.Err(); err != nil {
		return FeedView{}, err
	}
	shown, next, err := h.articles.Feed(c.Request.Context(), after, limit)
	if err != nil {
		return FeedView{}, err
	}
	view := FeedView{Items: make([]CardView, len(shown)), Next: next.String()}
	for i, s := range shown {
		view.Items[i] = cardView(s)
	}
	return view, nil
}

// MapError maps the errors of this package.
func MapError(err error) *web.Error {
	if conflict, ok := errors.AsType[*ConflictError](err); ok {
		return &web.Error{
			Status: http.StatusConflict, Key: "conflict", Err: err,
			Data: gin.H{"version": conflict.Version},
		}
	}
	switch {
	case errors.Is(err, ErrNotFound):
		return &web.Error{Status: http.StatusNotFound, Key: "no_article", Err: err}
	case errors.Is(err, ErrNotPublished):
		return &web.Error{Status: http.StatusConflict, Key: "unpublished", Err: err}
	default:
		return nil
	}
}
