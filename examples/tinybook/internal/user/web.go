package user

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ycvk/tinybook/examples/tinybook/internal/fields"
	"github.com/ycvk/tinybook/examples/tinybook/internal/session"
	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

// Codes sends and verifies login codes.
type Codes interface {
	Send(ctx context.Context, phone, address string) error
	Verify(ctx context.Context, phone, code string) error
}

// Handler is the HTTP side of users.
type Handler struct {
	users    *Service
	codes    Codes
	sessions *session.Web
}

// NewHandler returns a handler.
func NewHandler(users *Service, codes Codes, sessions *session.Web) *Handler {
	return &Handler{users: users, codes: codes, sessions: sessions}
}

// Register adds the routes under /users to r.
func (h *Handler) Register(r gin.IRouter) {
	g := r.Group("/users")
	g.POST("/signup", web.Handle(http.StatusCreated, "signed_up", h.signup))
	g.POST("/login", web.Handle(http.StatusOK, "signed_in", h.login))
	g.POST("/login_sms/code/send", web.Handle(http.StatusOK, "code_sent", h.sendCode))
	g.POST("/login_sms", web.Handle(http.StatusOK, "signed_in", h.loginSMS))
	g.POST("/edit", h.sessions.Required, web.Handle(http.StatusOK, "saved", h.edit))
	web.Get(g, "/profile", h.sessions.Required, web.Handle(http.StatusOK, "ok", h.profile))

	refresh := web.Handle(http.StatusOK, "refreshed", h.sessions.Refresh)
	logout := web.Handle(http.StatusOK, "signed_out", h.sessions.Logout)
	g.POST("/refresh_token", refresh)
	g.GET("/refresh_token", session.BearerOnly, refresh)
	g.POST("/logout", logout)
	g.GET("/logout", session.BearerOnly, logout)
}

func (h *Handler) signup(c *gin.Context) (any, error) {
	form, err := web.ReadForm(c)
	if err != nil {
		return nil, err
	}
	email := NormalizeEmail(form.Text(fieldEmail).Value)
	password := form.Text(fieldPassword).Value
	confirm := form.Required(fieldConfirm)
	checkEmail(&form.Faults, email)
	checkPassword(&form.Faults, password, confirm)
	form.Faults.Sort(fieldEmail, fieldPassword, fieldConfirm)
	if err := form.Faults.Err(); err != nil {
		return nil, err
	}
	id, err := h.users.SignUp(c.Request.Context(), email, password)
	if err != nil {
		return nil, err
	}
	return gin.H{"id": id}, nil
}

func (h *Handler) login(c *gin.Context) (any, error) {
	form, err := web.ReadForm(c)
	if err != nil {
		return nil, err
	}
	email := NormalizeEmail(form.Required(fieldEmail))
	password := form.Required(fieldPassword)
	if err := form.Faults.Err(); err != nil {
		return nil, err
	}
	id, err := h.users.Login(c.Request.Context(), email, password)
	if err != nil {
		return nil, err
	}
	return h.sessions.Start(c, id)
}

func (h *Handler) sendCode(c *gin.Context) (any, error) {
	form, err := web.ReadForm(c)
	if err != nil {
		return nil, err
	}
	phone := readPhone(form)
	if err := form.Faults.Err(); err != nil {
		return nil, err
	}
	return nil, h.codes.Send(c.Request.Context(), phone, web.Address(c))
}

func (h *Handler) loginSMS(c *gin.Context) (any, error) {
	form, err := web.ReadForm(c)
	if err != nil {
		return nil, err
	}
	phone := readPhone(form)
	code := readCode(form)
	if err := form.Faults.Err(); err != nil {
		return nil, err
	}
	ctx := c.Request.Context()
	if err := h.sessions.Available(ctx); err != nil {
		return nil, err // before the code is spent
	}
	if err := h.codes.Verify(ctx, phone, code); err != nil {
		return nil, err
	}
	id, err := h.users.FindOrCreateByPhone(ctx, phone)
	if err != nil {
		return nil, err
	}
	return h.sessions.Start(c, id)
}

// View is a profile as its owner sees it.
type View struct {
	Email    string `json:"email"`
	Phone    string `json:"phone"` // masked
	Nickname string `json:"nickname"`
	Birthday string `json:"birthday"`
	AboutMe  string `json:"aboutMe"`
}

// View returns what the profile page shows of a user.
func (s *Service) View(ctx context.Context, id int64) (View, error) {
	u, err := s.Profile(ctx, id)
	if err != nil {
		return View{}, err
	}
	return View{
		Email: u.Email, Phone: MaskPhone(u.Phone),
		Nickname: u.Nickname, Birthday: u.Birthday, AboutMe: u.AboutMe,
	}, nil
}

func (h *Handler) profile(c *gin.Context) (View, error) {
	return h.users.View(c.Request.Context(), session.Current(c).UID)
}

func (h *Handler) edit(c *gin.Context) (View, error) {
	form, err := web.ReadForm(c)
	if err != nil {
		return View{}, err
	}
	e := Edit{
		Nickname: optional(form.Text(fieldNickname)),
		Birthday: optional(form.Text(fieldBirthday)),
		AboutMe:  optional(form.Text(fieldAboutMe)),
	}
	ctx, uid := c.Request.Context(), session.Current(c).UID
	if err := h.users.Edit(ctx, uid, e, form.Faults); err != nil {
		return View{}, err
	}
	return h.users.View(ctx, uid)
}

func optional(t web.Text) *string {
	if !t.Set {
		return nil
	}
	return &t.Value
}

// MapError maps the errors of this package.
func MapError(err error) *web.Error {
	switch {
	case errors.Is(err, ErrCredentials):
		return &web.Error{Status: http.StatusUnauthorized, Key: "credentials", Err: err}
	case errors.Is(err, ErrEmailTaken):
		return &web.Error{
			Status: http.StatusConflict, Key: "email_taken", Err: err,
			Fields: fields.Errors{{Field: fieldEmail, Code: "taken"}},
		}
	case errors.Is(err, ErrBusy):
		return &web.Error{Status: http.StatusServiceUnavailable, Key: "timeout", RetryAfter: time.Second, Err: err}
	case errors.Is(err, ErrNotFound):
		return &web.Error{Status: http.StatusNotFound, Key: "no_user", Err: err}
	default:
		return nil
	}
}
