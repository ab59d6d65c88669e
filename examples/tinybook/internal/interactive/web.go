package interactive

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ycvk/tinybook/examples/tinybook/internal/fields"
	"github.com/ycvk/tinybook/examples/tinybook/internal/session"
	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

// The names of the fields of a request.
const (
	fieldID      = "id"
	fieldLike    = "like"
	fieldCID     = "cid"
	fieldCollect = "collect"
)

// Marks are what users leave on things; [Store] keeps them.
type Marks interface {
	Like(ctx context.Context, uid, id int64, like bool) (likes int64, err error)
	Collect(ctx context.Context, uid, id, cid int64, collect bool) (collects int64, err error)
}

// Handler is the HTTP side of likes and collections.
type Handler struct {
	marks    Marks
	sessions *session.Web
}

// NewHandler returns a handler.
func NewHandler(marks Marks, sessions *session.Web) *Handler {
	return &Handler{marks: marks, sessions: sessions}
}

// Register adds the routes to r, which is the group of the things.
func (h *Handler) Register(r gin.IRouter) {
	r.POST("/like", h.sessions.Required, web.Handle(http.StatusOK, "ok", h.like))
	r.POST("/collect", h.sessions.Required, web.Handle(http.StatusOK, "ok", h.collect))
}

// Liked is the answer to a like.
type Liked struct {
	Liked     bool  `json:"liked"`
	LikeCount int64 `json:"likeCount"`
}

func (h *Handler) like(c *gin.Context) (Liked, error) {
	form, err := web.ReadForm(c)
	if err != nil {
		return Liked{}, err
	}
	id := thing(form)
	like := required[bool](form, fieldLike)
	if err := form.Faults.Err(); err != nil {
		return Liked{}, err
	}
	likes, err := h.marks.Like(c.Request.Context(), session.Current(c).UID, id, like)
	return Liked{Liked: like, LikeCount: likes}, err
}

// Collected is the answer to a collect.
type Collected struct {
	Collected    bool  `json:"collected"`
	CollectCount int64 `json:"collectCount"`
}

func (h *Handler) collect(c *gin.Context) (Collected, error) {
	form, err := web.ReadForm(c)
	if err != nil {
		return Collected{}, err
	}
	id := thing(form)
	var cid int64 // the collection that everybody has
	form.Into(fieldCID, &cid)
	if cid < 0 {
		form.Faults.Add(fieldCID, "unknown")
	}
	collect := true // who says nothing collects: it was the only thing to do once
	form.Into(fieldCollect, &collect)
	if err := form.Faults.Err(); err != nil {
		return Collected{}, err
	}
	collects, err := h.marks.Collect(c.Request.Context(), session.Current(c).UID, id, cid, collect)
	return Collected{Collected: collect, CollectCount: collects}, err
}

// thing returns the id of the thing that a request is about.
func thing(form *web.Form) int64 {
	id := required[int64](form, fieldID)
	if id < 1 && !form.Faults.Has(fieldID) {
		form.Faults.Add(fieldID, "unknown")
	}
	return id
}

// required returns the field of that name, which must be there.
func required[T any](form *web.Form, name string) T {
	var value *T
	form.Into(name, &value)
	if value == nil {
		if !form.Faults.Has(name) {
			form.Faults.Add(name, fields.Required)
		}
		return *new(T)
	}
	return *value
}

// MapError maps the errors of this package.
func MapError(err error) *web.Error {
	if errors.Is(err, ErrNotListed) {
		return &web.Error{Status: http.StatusNotFound, Key: "no_article", Err: err}
	}
	return nil
}
