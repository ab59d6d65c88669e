// Package ui serves the web pages of TinyBook: templates, one style sheet and
// a few script modules, all embedded in the binary.
//
// The pages are rendered on the server in Chinese or English. Forms are sent
// by the script to the JSON API of the same origin. The pages work under a
// Content-Security-Policy that admits no inline script and no inline style,
// which a middleware of package web sets on every answer.
package ui

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/ycvk/tinybook/examples/tinybook/internal/ranking"
	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

// A Profile is what the profile page shows of the user who is signed in.
// Phone is masked already. An empty field has not been filled in yet.
type Profile struct{ Email, Phone, Nickname, Birthday, AboutMe string }

// Config says what the pages need from the application.
type Config struct {
	// Dev shows the box that reads the newest code from GET /dev/sms.
	Dev bool
	// DemoEmail and DemoPassword are shown on the login page. Both are empty
	// without demo data.
	DemoEmail, DemoPassword string
	// User returns who is signed in, by the cookie of the request, and reports
	// whether anybody is. An error means that it can't be told now: the page
	// fails with it, rather than treat the user as signed out.
	User func(c *gin.Context) (uid int64, ok bool, err error)
	// Profile returns the profile of a user.
	Profile func(ctx context.Context, uid int64) (Profile, error)
	// Admin reports whether a user may see the operators' page.
	Admin func(ctx context.Context, uid int64) (bool, error)
	// Break puts the switches that break things on that page.
	Break bool
	// Articles are what there is to read.
	Articles Articles
	// Rank returns the first n places of the ranking by likes. The pages change
	// nothing in it.
	Rank func(ctx context.Context, n int) (ranking.Places, error)
}

// sessionCookie is set by the script on every page of a user who is signed in.
// It holds no secret. It tells a page that finds no valid access token that a
// refresh is worth a try.
const sessionCookie = "tb_session"

// UI renders the pages. It is safe for concurrent use.
type UI struct {
	cfg    Config
	pages  pages
	static *static
}

// New parses the embedded templates and returns the pages. It starts nothing.
func New(cfg Config) (*UI, error) {
	if cfg.User == nil || cfg.Profile == nil || cfg.Admin == nil || cfg.Articles == nil || cfg.Rank == nil {
		return nil, errors.New("ui: User, Profile, Admin, Articles and Rank must not be nil")
	}
	if (cfg.DemoEmail == "") != (cfg.DemoPassword == "") {
		return nil, errors.New("ui: DemoEmail and DemoPassword go together")
	}
	files, err := loadStatic()
	if err != nil {
		return nil, err
	}
	parsed, err := parsePages()
	if err != nil {
		return nil, err
	}
	return &UI{cfg: cfg, pages: parsed, static: files}, nil
}

// ErrorPages returns a middleware with the pages for what fails behind it, also
// at an address that nobody knows.
func (u *UI) ErrorPages() gin.HandlerFunc { return web.ErrorPages(u.errorPage) }

// Register adds the routes of the pages and of their files to r.
func (u *UI) Register(r gin.IRouter) {
	web.Get(r, "/", u.landing)
	web.Get(r, "/signup", u.signup)
	web.Get(r, "/login", u.login)
	web.Get(r, "/profile", u.profile)
	web.Get(r, "/profile/edit", u.edit)
	web.Get(r, "/read", u.feed)
	web.Get(r, "/read/:id", u.article)
	web.Get(r, "/mine", u.mine)
	web.Get(r, "/write", u.compose)
	web.Get(r, "/write/:id", u.compose)
	web.Get(r, "/ops", u.ops)
	web.Get(r, "/static/*filepath", u.file)
	web.Get(r, "/favicon.ico", u.favicon)
}

func (u *UI) landing(c *gin.Context) {
	_, ok, err := u.cfg.User(c)
	switch {
	case err != nil:
		web.Fail(c, err)
	case ok || !u.resume(c):
		u.render(c, view{Name: "landing", Title: "landing.title", SignedIn: ok})
	}
}

func (u *UI) signup(c *gin.Context) {
	if !u.stranger(c, profilePath) {
		return
	}
	u.render(c, view{Name: "signup", Title: "signup.title"})
}

func (u *UI) login(c *gin.Context) {
	next := localPath(c.Query("next"))
	if !u.stranger(c, next) {
		return
	}
	u.render(c, view{
		Name:    "login",
		Title:   "login.title",
		ByEmail: c.Query("via") == "email",
		Created: c.Query("created") == "1",
		Next:    next,
		SMSURL:  withQuery(c.Request.URL, "via", "sms"), EmailURL: withQuery(c.Request.URL, "via", "email"),
		Dev:       u.cfg.Dev,
		DemoEmail: u.cfg.DemoEmail, DemoPassword: u.cfg.DemoPassword,
	})
}

func (u *UI) profile(c *gin.Context) {
	uid, ok := u.member(c)
	if !ok {
		return
	}
	p, err := u.cfg.Profile(c.Request.Context(), uid)
	if err != nil {
		web.Fail(c, err)
		return
	}
	admin, err := u.cfg.Admin(c.Request.Context(), uid)
	if err != nil {
		web.Fail(c, err)
		return
	}
	u.render(c, view{
		Name: "profile", Title: "profile.title", SignedIn: true, Admin: admin,
		Profile: p, Initial: initial(p), Saved: c.Query("saved") == "1",
	})
}

// ops is the operators' page. It is a frame: its script asks for the state.
func (u *UI) ops(c *gin.Context) {
	uid, ok := u.member(c)
	if !ok {
		return
	}
	admin, err := u.cfg.Admin(c.Request.Context(), uid)
	switch {
	case err != nil:
		web.Fail(c, err)
	case !admin:
		web.Fail(c, &web.Error{Status: http.StatusForbidden, Key: "forbidden"})
	default:
		u.render(c, view{Name: "ops", Title: "ops.title", SignedIn: true, Admin: true, Dev: u.cfg.Break})
	}
}

func (u *UI) edit(c *gin.Context) {
	uid, ok := u.member(c)
	if !ok {
		return
	}
	p, err := u.cfg.Profile(c.Request.Context(), uid)
	if err != nil {
		web.Fail(c, err)
		return
	}
	u.render(c, view{Name: "edit", Title: "edit.title", SignedIn: true, Profile: p})
}

// stranger reports whether nobody is signed in. Otherwise it has answered the
// request already: a user who is signed in goes to next.
func (u *UI) stranger(c *gin.Context, next string) bool {
	_, ok, err := u.cfg.User(c)
	switch {
	case err != nil:
		web.Fail(c, err)
	case ok:
		c.Redirect(http.StatusSeeOther, next)
	default:
		return !u.resume(c)
	}
	return false
}

// member returns who is signed in. Without anybody it has answered the request
// already and reports false.
func (u *UI) member(c *gin.Context) (uid int64, ok bool) {
	uid, ok, err := u.cfg.User(c)
	switch {
	case err != nil:
		web.Fail(c, err)
		return 0, false
	case !ok:
		if !u.resume(c) {
			c.Redirect(http.StatusSeeOther, loginURL(c.Request.URL))
		}
	}
	return uid, ok
}

// resume answers with the page whose script tries a refresh and then loads the
// same address again, and reports whether it did. It takes the cookie away, so
// that a refresh that fails, or a browser without script, which loads the address
// again at once, comes here once.
func (u *UI) resume(c *gin.Context) bool {
	if _, err := c.Cookie(sessionCookie); err != nil {
		return false
	}
	http.SetCookie(c.Writer, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1, SameSite: http.SameSiteLaxMode})
	u.render(c, view{Name: "resume", Title: "resume.title", LoginURL: loginURL(c.Request.URL)})
	return true
}

// loginURL returns the address of the login page that leads back to u.
func loginURL(u *url.URL) string {
	if !worthReturning(u.Path) {
		return "/login"
	}
	return "/login?next=" + url.QueryEscape(u.Path)
}

// worthReturning reports whether a user who has signed in may want to see the page
// at path next.
func worthReturning(path string) bool {
	switch path {
	case profilePath, editPath, opsPath, minePath, writePath:
		return true
	default:
		return strings.HasPrefix(path, readPath+"/") || strings.HasPrefix(path, writePath+"/")
	}
}
