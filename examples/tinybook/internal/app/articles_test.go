package app // In the package: only here can a site be wired to parts that fail.

import (
	"context"
	"fmt"
	"testing"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/dbtest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
)

var (
	articleBody = fmt.Sprintf(`{"id":3,"title":%q,"content":%q}`, secretText, secretText)
	likeBody    = `{"id":3,"like":true}`
	collectBody = `{"id":3,"cid":0,"collect":true}`
)

// articleFaults are the ways in which the routes of articles are made to fail.
var articleFaults = map[string][]fault{
	"POST /articles/edit": {
		{name: "database", body: articleBody, bearer: true, breaks: closedArticles, status: 500, uid: 7},
		{name: "quoting database", body: articleBody, bearer: true, breaks: brokenArticles, status: 500, uid: 7},
		{name: "somebody else's", body: articleBody, bearer: true, status: 404, uid: 7},
		{name: "conflict", body: articleBody, bearer: true, breaks: changedArticles, status: 409, uid: 7},
		{name: "bad fields", body: `{"title":1,"content":"\u202e"}`, bearer: true, status: 422, uid: 7},
		{name: "nobody", body: articleBody, status: 401},
		{name: "other site", body: articleBody, cookie: true, header: map[string]string{"Sec-Fetch-Site": "cross-site"}, status: 403},
	},
	"POST /articles/publish": {
		{name: "database", body: articleBody, bearer: true, breaks: closedArticles, status: 500, uid: 7},
		{name: "quoting database", body: articleBody, bearer: true, breaks: brokenArticles, status: 500, uid: 7},
		{name: "no text", body: `{}`, bearer: true, status: 422, uid: 7},
		{name: "nobody", body: articleBody, status: 401},
	},
	"POST /articles/withdraw": {
		{name: "database", body: `{"id":3}`, bearer: true, breaks: closedArticles, status: 500, uid: 7},
		{name: "somebody else's", body: `{"id":3}`, bearer: true, status: 404, uid: 7},
		{name: "no id", body: `{}`, bearer: true, status: 422, uid: 7},
	},
	"POST /articles/list": {
		{name: "database", bearer: true, breaks: closedArticles, status: 500, uid: 7},
		{name: "bad limit", body: `{"limit":51}`, bearer: true, status: 422, uid: 7},
	},
	"GET /articles/detail/:id": {
		{name: "database", bearer: true, breaks: closedArticles, status: 500, uid: 7},
		{name: "no id", bearer: true, status: 404, uid: 7},
		{name: "nobody", status: 401},
	},
	"GET /articles/pub/:id": {
		{name: "database", breaks: closedArticles, status: 500},
		{name: "quoting database", bearer: true, breaks: brokenArticles, status: 500, uid: 7},
		{name: "counts", bearer: true, breaks: uncounted, status: 500, uid: 7},
		{name: "session store", cookie: true, breaks: awaySessions, status: 503},
		{name: "bad token", header: map[string]string{"Authorization": "Bearer x"}, status: 401},
		{name: "nothing there", status: 404},
	},
	"GET /articles/counts/:id": {
		{name: "database", breaks: closedArticles, status: 500},
		{name: "counts", breaks: uncounted, status: 500},
		{name: "nothing there", status: 404},
	},
	"GET /articles/feed": {
		{name: "database", breaks: closedArticles, status: 500},
		{name: "counts", breaks: uncounted, status: 500},
	},
	"GET /articles/rank/:n": {
		{name: "database and Redis", breaks: closedArticles, status: 503},
		{name: "quoting database", breaks: brokenArticles, status: 503},
	},
	"GET /articles/rank/stream": {
		{name: "database and Redis", breaks: closedArticles, status: 503},
		{name: "quoting database", breaks: brokenArticles, status: 503},
	},
	"GET /read": {
		{name: "session store", cookie: true, breaks: awaySessions, status: 503},
		{name: "database", breaks: closedArticles, status: 500},
		{name: "counts", breaks: uncounted, status: 500},
	},
	"GET /read/:id": {
		{name: "session store", cookie: true, breaks: awaySessions, status: 503},
		{name: "quoting database", breaks: brokenArticles, status: 500},
		{name: "nothing there", status: 404},
	},
	"GET /mine": {
		{name: "database", cookie: true, breaks: closedArticles, status: 500, uid: 7},
	},
	"GET /write": {
		{name: "session store", cookie: true, breaks: awaySessions, status: 503},
	},
	"GET /write/:id": {
		{name: "database", cookie: true, breaks: closedArticles, status: 500, uid: 7},
		{name: "somebody else's", cookie: true, status: 404, uid: 7},
	},
	"POST /articles/like": {
		{name: "database", body: likeBody, bearer: true, breaks: closedArticles, status: 500, uid: 7},
		{name: "nothing there", body: likeBody, bearer: true, status: 404, uid: 7},
		{name: "no fields", body: `{}`, bearer: true, status: 422, uid: 7},
		{name: "nobody", body: likeBody, status: 401},
	},
	"GET /articles/collected": {
		{name: "database", bearer: true, breaks: closedArticles, status: 500, uid: 7},
		{name: "nobody", status: 401},
	},
	"POST /articles/collect": {
		{name: "database", body: collectBody, bearer: true, breaks: closedArticles, status: 500, uid: 7},
		{name: "nothing there", body: collectBody, bearer: true, status: 404, uid: 7},
		{name: "bad fields", body: `{"id":"3","cid":-1}`, bearer: true, status: 422, uid: 7},
	},
}

// closedArticles are the real ones on a database that is gone.
func closedArticles(t *testing.T, p *parts) {
	db := dbtest.SQLite(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	store := interactive.NewStore(db, interactive.Article)
	p.articles, p.interactions = article.NewSQLRepo(db, store), store
}

func brokenArticles(_ *testing.T, p *parts)  { p.articles = quotingArticles{} }
func changedArticles(_ *testing.T, p *parts) { p.articles = otherArticles{} }
func uncounted(_ *testing.T, p *parts)       { p.articles, p.interactions = oneArticle{}, noCounts{} }

// emptyArticles has none.
type emptyArticles struct{ article.Repo }

func (emptyArticles) Change(context.Context, int64, int64, func(*article.Article) (article.Verdict, error)) (article.Article, error) {
	return article.Article{}, article.ErrNotFound
}

func (emptyArticles) Own(context.Context, int64, int64) (article.Article, error) {
	return article.Article{}, article.ErrNotFound
}

func (emptyArticles) Read(context.Context, int64) (article.Page, error) {
	return article.Page{}, article.ErrNotFound
}

// otherArticles were changed by somebody else.
type otherArticles struct{ emptyArticles }

func (otherArticles) Change(context.Context, int64, int64, func(*article.Article) (article.Verdict, error)) (article.Article, error) {
	return article.Article{}, &article.ConflictError{Version: 9}
}

// quotingArticles fail as [article.SQLRepo] does where MySQL quotes a value.
type quotingArticles struct{ emptyArticles }

func (quotingArticles) Change(_ context.Context, _, _ int64, edit func(*article.Article) (article.Verdict, error)) (article.Article, error) {
	var a article.Article
	if _, err := edit(&a); err != nil {
		return a, err
	}
	return a, article.Quiet("change", quote(a.Title, a.Content))
}

func (quotingArticles) Top(_ context.Context, n int) ([]article.Ranked, error) {
	return nil, article.Quiet("top", quote(n))
}

func (quotingArticles) Read(_ context.Context, id int64) (article.Page, error) {
	return article.Page{}, article.Quiet("read", quote(id))
}

// oneArticle is published.
type oneArticle struct{ emptyArticles }

func (oneArticle) Read(context.Context, int64) (article.Page, error) { return article.Page{}, nil }

func (oneArticle) Feed(context.Context, article.Cursor, int) ([]article.Card, error) {
	return make([]article.Card, 1), nil
}

// nothingListed has nothing that could be liked.
type nothingListed struct{ interactions }

func (nothingListed) Like(context.Context, int64, int64, bool) (int64, error) {
	return 0, interactive.ErrNotListed
}

func (nothingListed) Collect(context.Context, int64, int64, int64, bool) (int64, error) {
	return 0, interactive.ErrNotListed
}

// noCounts can't tell what readers did.
type noCounts struct{ nothingListed }

func (noCounts) Counts(context.Context, ...int64) (map[int64]interactive.Counts, error) {
	return nil, errBroken
}
