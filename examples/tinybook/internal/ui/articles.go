package ui

import (
	"context"
	"crypto/rand"
	"html/template"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ranking"
	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

// Articles is what the pages need to know of articles, as [article.Service] has
// it. Its errors are those of that package.
type Articles interface {
	Feed(ctx context.Context, after article.Cursor, limit int) ([]article.Shown[article.Card], article.Cursor, error)
	Read(ctx context.Context, reader, id int64) (article.Shown[article.Page], error)
	Look(ctx context.Context, reader, id int64) (article.Shown[article.Page], error)
	Own(ctx context.Context, author, id int64) (article.Article, error)
	ListOwn(ctx context.Context, author int64, offset, limit int) ([]article.Article, error)
}

const (
	feedItems = 10
	ownItems  = 20
	rankItems = 10
	lastPage  = 500 // of an author's own articles
)

// A feedView is a part of the feed, and the ranking beside it.
type feedView struct {
	Items  []article.Shown[article.Card]
	Next   string // cursor of the part after it, or empty
	Middle bool   // not the first part
	Places []ranking.Item
	Stale  bool // the places may be old, or aren't known
}

func (u *UI) feed(c *gin.Context) {
	uid, ok := u.reader(c)
	if !ok {
		return
	}
	after, err := article.ParseCursor(c.Query("cursor"))
	if err != nil {
		web.Fail(c, &web.Error{Status: http.StatusNotFound, Key: "not_found", Err: err})
		return
	}
	items, next, err := u.cfg.Articles.Feed(c.Request.Context(), after, feedItems)
	if err != nil {
		web.Fail(c, err)
		return
	}
	for i := range items {
		items[i].What.Abstract = plain(items[i].What.Abstract)
	}
	data := feedView{Items: items, Next: next.String(), Middle: after != (article.Cursor{})}
	// The ranking is beside the point: the feed is there without it.
	if top, err := u.cfg.Rank(c.Request.Context(), rankItems); err != nil {
		data.Stale = true
	} else {
		data.Places, data.Stale = top.Items, top.Stale
	}
	u.render(c, view{Name: "feed", Title: "feed.title", SignedIn: uid != 0, Data: data})
}

// An articleView is an article as one reader sees it.
type articleView struct {
	article.Shown[article.Page]
	Body     template.HTML
	Own      bool
	Edited   bool // after it was published
	LoginURL string
}

// article shows an article. Only who gets it has read it: not who asks for
// headers.
func (u *UI) article(c *gin.Context) {
	uid, ok := u.reader(c)
	if !ok {
		return
	}
	read := u.cfg.Articles.Read
	if c.Request.Method == http.MethodHead {
		read = u.cfg.Articles.Look
	}
	shown, err := read(c.Request.Context(), uid, web.PathID(c))
	if err != nil {
		web.Fail(c, err)
		return
	}
	body, err := renderMarkdown(shown.What.Content)
	if err != nil {
		web.Fail(c, err)
		return
	}
	u.render(c, view{Name: "article", Title: "article.title", Heading: shown.What.Title, SignedIn: uid != 0, Data: articleView{
		Shown: shown, Body: body,
		Own:      uid == shown.What.AuthorID,
		Edited:   shown.What.UpdatedAt.After(shown.What.PublishedAt),
		LoginURL: loginURL(c.Request.URL),
	}})
}

// A mineView is a page of the list of an author.
type mineView struct {
	Items        []article.Article
	Newer, Older int // pages; 0: there is none
	Withdrawn    bool
}

func (u *UI) mine(c *gin.Context) {
	uid, ok := u.member(c)
	if !ok {
		return
	}
	page := 1
	if text, ok := c.GetQuery("page"); ok {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > lastPage {
			web.Fail(c, &web.Error{Status: http.StatusNotFound, Key: "not_found"})
			return
		}
		page = n
	}
	items, err := u.cfg.Articles.ListOwn(c.Request.Context(), uid, (page-1)*ownItems, ownItems+1)
	if err != nil {
		web.Fail(c, err)
		return
	}
	data := mineView{Newer: page - 1, Withdrawn: c.Query("withdrawn") == "1"}
	if len(items) > ownItems {
		items = items[:ownItems]
		data.Older = page + 1
	}
	data.Items = items
	u.render(c, view{Name: "mine", Title: "mine.title", SignedIn: true, Data: data})
}

// A composeView is an article for its author. Key makes a new one once, however
// often it is sent.
type composeView struct {
	article.Article
	Key string
}

// compose is the editor, of a new article where the path has no id.
func (u *UI) compose(c *gin.Context) {
	uid, ok := u.member(c)
	if !ok {
		return
	}
	v := view{Name: "write", Title: "write.title", SignedIn: true, Data: composeView{
		Article: article.Article{AuthorID: uid, Status: article.Draft}, Key: rand.Text(),
	}}
	if c.Param("id") != "" {
		own, err := u.cfg.Articles.Own(c.Request.Context(), uid, web.PathID(c))
		if err != nil {
			web.Fail(c, err)
			return
		}
		v.Data, v.Heading = composeView{Article: own}, own.Title
	}
	u.render(c, v)
}

// reader returns who is signed in, 0 for nobody, and reports whether to go on:
// otherwise it has answered the request already.
func (u *UI) reader(c *gin.Context) (uid int64, ok bool) {
	uid, known, err := u.cfg.User(c)
	switch {
	case err != nil:
		web.Fail(c, err)
		return 0, false
	case known:
		return uid, true
	default:
		return 0, !u.resume(c)
	}
}
