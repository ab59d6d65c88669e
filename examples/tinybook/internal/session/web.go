package session

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

// The cookies that carry tokens. The refresh token is sent only where it is
// needed, and never by a link from another site.
const (
	accessCookie  = "tb_access"
	refreshCookie = "tb_refresh"
	refreshPath   = "/users"
)

const identityKey = "tinybook/session"

// Web puts sessions on HTTP: where tokens come from, and where they go.
type Web struct {
	manager *Manager
	secure  bool
}

// NewWeb returns the HTTP side of manager. secure marks cookies as Secure on
// plain connections too, for a server behind a proxy that ends TLS.
func NewWeb(manager *Manager, secure bool) *Web { return &Web{manager: manager, secure: secure} }

// Required is a middleware that lets only signed-in users pass.
func (w *Web) Required(c *gin.Context) {
	token, ok := web.Bearer(c.Request)
	if !ok {
		token, ok = cookie(c, accessCookie)
	}
	if !ok {
		web.Fail(c, ErrInvalid)
		return
	}
	id, err := w.manager.Verify(c.Request.Context(), token)
	if err != nil {
		web.Fail(c, err)
		return
	}
	w.remember(c, id)
}

// Optional is a middleware that lets everybody pass, and tells who is signed in.
// A token in the Authorization header must be good: who sends one means to be
// known by it. A cookie that isn't good any more makes nobody of a reader.
func (w *Web) Optional(c *gin.Context) {
	if _, ok := web.Bearer(c.Request); ok {
		w.Required(c)
		return
	}
	if _, _, err := w.CookieUser(c); err != nil {
		web.Fail(c, err)
	}
}

// Current returns who the [Required] middleware let pass, or who the [Optional]
// one has found: the zero Identity is nobody.
func Current(c *gin.Context) Identity {
	id, _ := c.Value(identityKey).(Identity)
	return id
}

// CookieUser returns who the request's cookie speaks for, and reports whether
// it speaks for anybody. It is for pages, which look different to a user who is
// signed in. An error, such as [ErrUnavailable], means that it can't be told.
func (w *Web) CookieUser(c *gin.Context) (uid int64, ok bool, err error) {
	token, ok := cookie(c, accessCookie)
	if !ok {
		return 0, false, nil
	}
	id, err := w.manager.Verify(c.Request.Context(), token)
	switch {
	case errors.Is(err, ErrInvalid), errors.Is(err, ErrRevoked):
		return 0, false, nil
	case err != nil:
		return 0, false, err
	}
	w.remember(c, id)
	return id.UID, true, nil
}

// An Answer carries tokens in the body, for clients that keep them themselves.
type Answer struct {
	AccessToken  string `json:"accessToken"`
	RefreshToken string `json:"refreshToken"`
	ExpiresIn    int    `json:"expiresIn"` // seconds
}

// Available returns an error if [Web.Start] would fail now. It is asked before
// something is spent for a session, such as a login code.
func (w *Web) Available(ctx context.Context) error { return w.manager.Available(ctx) }

// Start opens a session and puts its tokens into the answer.
func (w *Web) Start(c *gin.Context, uid int64) (Answer, error) {
	tokens, err := w.manager.Start(c.Request.Context(), uid)
	if err != nil {
		return Answer{}, err
	}
	web.SetUID(c, uid)
	return w.send(c, tokens), nil
}

// Refresh renews the session of the request's refresh token.
func (w *Web) Refresh(c *gin.Context) (Answer, error) {
	token, err := refreshToken(c)
	if err != nil {
		return Answer{}, err
	}
	id, tokens, err := w.manager.Refresh(c.Request.Context(), token)
	if err != nil {
		w.forgetRefused(c, err)
		return Answer{}, err
	}
	w.remember(c, id)
	return w.send(c, tokens), nil
}

// Logout ends the session of the request, by whichever of its tokens is still
// good, and deletes the cookies.
func (w *Web) Logout(c *gin.Context) (any, error) {
	id, err := w.holder(c)
	if err == nil || errors.Is(err, ErrUnavailable) {
		w.remember(c, id)
		err = w.manager.End(c.Request.Context(), id)
	}
	if err != nil {
		w.forgetRefused(c, err)
		return nil, err
	}
	w.forget(c)
	return nil, nil
}

func (w *Web) holder(c *gin.Context) (Identity, error) {
	if token, ok := web.Bearer(c.Request); ok {
		id, err := w.manager.Verify(c.Request.Context(), token)
		if errors.Is(err, ErrInvalid) {
			return w.manager.Holder(token)
		}
		return id, err
	}
	if token, ok := cookie(c, accessCookie); ok {
		if id, err := w.manager.Verify(c.Request.Context(), token); !errors.Is(err, ErrInvalid) {
			return id, err
		}
	}
	if token, ok := cookie(c, refreshCookie); ok {
		return w.manager.Holder(token)
	}
	return Identity{}, ErrInvalid
}

// refreshToken looks where a client may put it: the body first, then the
// Authorization header, then the cookie.
func refreshToken(c *gin.Context) (string, error) {
	form, err := web.ReadOptionalForm(c)
	if err != nil {
		return "", err
	}
	field := form.Text("refreshToken")
	if err := form.Faults.Err(); err != nil {
		return "", err
	}
	if field.Value != "" {
		return field.Value, nil
	}
	if token, ok := web.Bearer(c.Request); ok {
		return token, nil
	}
	if token, ok := cookie(c, refreshCookie); ok {
		return token, nil
	}
	return "", ErrInvalid
}

// BearerOnly guards a GET that changes something: another site can make a
// browser send it with cookies, but never with this header.
func BearerOnly(c *gin.Context) {
	if _, ok := web.Bearer(c.Request); !ok {
		web.Fail(c, &web.Error{Status: http.StatusUnauthorized, Key: "bearer_only"})
	}
}

func (w *Web) remember(c *gin.Context, id Identity) {
	c.Set(identityKey, id)
	web.SetUID(c, id.UID)
}

func (w *Web) send(c *gin.Context, t Tokens) Answer {
	c.Header(web.AccessHeader, t.Access)
	c.Header(web.RefreshHeader, t.Refresh)
	w.setCookie(c, accessCookie, "/", t.Access, t.AccessTTL, http.SameSiteLaxMode)
	w.setCookie(c, refreshCookie, refreshPath, t.Refresh, t.RefreshTTL, http.SameSiteStrictMode)
	return Answer{AccessToken: t.Access, RefreshToken: t.Refresh, ExpiresIn: int(t.AccessTTL.Seconds())}
}

func (w *Web) forget(c *gin.Context) {
	w.setCookie(c, accessCookie, "/", "", -time.Second, http.SameSiteLaxMode)
	w.setCookie(c, refreshCookie, refreshPath, "", -time.Second, http.SameSiteStrictMode)
}

// forgetRefused deletes cookies that can't work any more, and keeps them when
// the trouble is on this side.
func (w *Web) forgetRefused(c *gin.Context, err error) {
	if errors.Is(err, ErrInvalid) || errors.Is(err, ErrRevoked) || errors.Is(err, ErrReused) {
		w.forget(c)
	}
}

func (w *Web) setCookie(c *gin.Context, name, path, value string, ttl time.Duration, site http.SameSite) {
	http.SetCookie(c.Writer, &http.Cookie{
		Name: name, Value: value, Path: path, MaxAge: int(ttl.Seconds()),
		HttpOnly: true, Secure: w.secure || c.Request.TLS != nil, SameSite: site,
	})
}

func cookie(c *gin.Context, name string) (string, bool) {
	found, err := c.Request.Cookie(name)
	if err != nil || found.Value == "" {
		return "", false
	}
	return found.Value, true
}

// MapError maps the errors of this package.
func MapError(err error) *web.Error {
	switch {
	case errors.Is(err, ErrReused):
		return &web.Error{Status: http.StatusUnauthorized, Key: "reused", Err: err}
	case errors.Is(err, ErrInvalid), errors.Is(err, ErrRevoked):
		return &web.Error{Status: http.StatusUnauthorized, Key: "unauthorized", Err: err}
	case errors.Is(err, ErrUnavailable):
		return &web.Error{Status: http.StatusServiceUnavailable, Key: "unavailable", RetryAfter: time.Second, Err: err}
	default:
		return nil
	}
}
