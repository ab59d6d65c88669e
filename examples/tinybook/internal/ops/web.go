package ops

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"github.com/ycvk/tinybook/examples/tinybook/internal/fields"
	"github.com/ycvk/tinybook/examples/tinybook/internal/session"
	"github.com/ycvk/tinybook/examples/tinybook/internal/sms"
	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
	"github.com/ycvk/tinybook/smsfailover"
)

// Handler is the HTTP side of the desk.
type Handler struct {
	desk     *Desk
	sessions *session.Web
	admin    func(ctx context.Context, uid int64) (bool, error)
}

// NewHandler returns a handler for those whom admin lets pass.
func NewHandler(desk *Desk, sessions *session.Web, admin func(ctx context.Context, uid int64) (bool, error)) *Handler {
	return &Handler{desk: desk, sessions: sessions, admin: admin}
}

// Register adds the routes under /ops to r. Faults can be switched only where
// the desk allows it; elsewhere the route isn't there.
func (h *Handler) Register(r gin.IRouter) {
	g := r.Group("/ops", h.sessions.Required, h.admins)
	web.Get(g, "/state", web.Handle(http.StatusOK, "ok", h.state))
	g.POST("/sms/threshold", web.Handle(http.StatusOK, "saved", h.threshold))
	g.POST("/sms/redrive", web.Handle(http.StatusOK, "saved", h.redrive))
	if h.desk.CanBreak {
		g.POST("/sms/fault", web.Handle(http.StatusOK, "saved", h.fault))
	}
}

// admins is a middleware that lets only operators pass.
func (h *Handler) admins(c *gin.Context) {
	ok, err := h.admin(c.Request.Context(), session.Current(c).UID)
	switch {
	case err != nil:
		web.Fail(c, err)
	case !ok:
		web.Fail(c, &web.Error{Status: http.StatusForbidden, Key: "forbidden"})
	}
}

func (h *Handler) state(c *gin.Context) (State, error) { return h.desk.State(c.Request.Context()) }

func (h *Handler) threshold(c *gin.Context) (any, error) {
	form, err := web.ReadForm(c)
	if err != nil {
		return nil, err
	}
	var ratio float64
	form.Into("ratio", &ratio)
	if err := form.Faults.Err(); err != nil {
		return nil, err
	}
	err = h.desk.Control.SetThreshold(c.Request.Context(), ratio)
	if errors.Is(err, ErrThreshold) {
		return nil, fields.Errors{{Field: "ratio", Code: "ratio"}}
	}
	return nil, err
}

func (h *Handler) fault(c *gin.Context) (any, error) {
	form, err := web.ReadForm(c)
	if err != nil {
		return nil, err
	}
	var f sms.Fault
	provider := form.Required("provider")
	form.Into("down", &f.Down)
	form.Into("throttled", &f.Throttled)
	form.Into("refuses", &f.Refuses)
	form.Into("failPercent", &f.Percent)
	form.Into("delayMs", &f.DelayMS)
	within(form, "failPercent", f.Percent, 100)
	within(form, "delayMs", f.DelayMS, int(sms.MaxDelay.Milliseconds()))
	if err := form.Faults.Err(); err != nil {
		return nil, err
	}
	err = h.desk.Control.SetFault(c.Request.Context(), provider, f)
	if errors.Is(err, ErrProvider) {
		return nil, fields.Errors{{Field: "provider", Code: "unknown"}}
	}
	return nil, err
}

func within(form *web.Form, name string, n, high int) {
	if n < 0 || n > high {
		form.Faults = append(form.Faults, fields.Fault{Field: name, Code: "range", Args: []any{0, high}})
	}
}

// Redriven is the answer to a redrive.
type Redriven struct {
	Redriven int `json:"redriven"`
}

func (h *Handler) redrive(c *gin.Context) (Redriven, error) {
	n, err := h.desk.Failover.Redrive(c.Request.Context(), smsfailover.Filter{})
	return Redriven{Redriven: n}, err
}
