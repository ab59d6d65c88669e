package ui_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ranking"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ui"
)

const hostileTitle = `</title><script>alert(3)</script>" onclick="x`

// hostileRank is a ranking that tries to leave its place.
var hostileRank = []ranking.Item{{Rank: 1, ID: 1, Title: hostileTitle, LikeCount: 3}}

var hostileOwn = article.Article{
	ID: 1, AuthorID: 7, Title: hostileTitle, Content: "</textarea><script>alert(4)</script>\n\nlast",
	Status: article.Published, Version: 3, PublishedVersion: 2, UpdatedAt: time.UnixMilli(1_700_000_000_000),
}

// A shelf holds one published article of user 7, with the id 1, and so many parts
// of a feed.
type shelf struct {
	parts int
	err   error
	asked []string
}

func (s *shelf) page() article.Shown[article.Page] {
	return article.Shown[article.Page]{
		What: article.Page{
			Card: article.Card{
				ID: 1, Title: hostileTitle, AuthorID: 7, AuthorName: "<i>", Abstract: "**bold** words <script>alert(5)</script>",
				PublishedAt: hostileOwn.UpdatedAt, UpdatedAt: hostileOwn.UpdatedAt,
			},
			Content: "<script>alert(6)</script>\n\n**bold** [in](javascript:alert(7)) <b onclick=x>y</b>",
		},
		Counts: interactive.Counts{Reads: 12, Likes: 3, Collects: 2},
		Mine:   interactive.Mine{Liked: true},
	}
}

func (s *shelf) Feed(_ context.Context, after article.Cursor, limit int) ([]article.Shown[article.Card], article.Cursor, error) {
	s.asked = append(s.asked, fmt.Sprintf("feed %d %d", after.ID, limit))
	if s.err != nil {
		return nil, article.Cursor{}, s.err
	}
	page := s.page()
	var next article.Cursor
	if int(after.ID) < s.parts {
		next = article.Cursor{At: 1, ID: after.ID + 1}
	}
	return []article.Shown[article.Card]{{What: page.What.Card, Counts: page.Counts}}, next, nil
}

func (s *shelf) Read(_ context.Context, reader, id int64) (article.Shown[article.Page], error) {
	return s.find("read", reader, id)
}

func (s *shelf) Look(_ context.Context, reader, id int64) (article.Shown[article.Page], error) {
	return s.find("look", reader, id)
}

func (s *shelf) find(how string, reader, id int64) (article.Shown[article.Page], error) {
	s.asked = append(s.asked, fmt.Sprintf("%s %d for %d", how, id, reader))
	if id != 1 && s.err == nil {
		return article.Shown[article.Page]{}, article.ErrNotFound
	}
	return s.page(), s.err
}

func (s *shelf) Own(_ context.Context, author, id int64) (article.Article, error) {
	if s.err == nil && (author != 7 || id != 1) {
		return article.Article{}, article.ErrNotFound
	}
	return hostileOwn, s.err
}

func (s *shelf) ListOwn(_ context.Context, author int64, offset, limit int) ([]article.Article, error) {
	s.asked = append(s.asked, fmt.Sprintf("list %d from %d, %d", author, offset, limit))
	if s.parts == 0 {
		return []article.Article{hostileOwn, {ID: 2, Status: article.Draft}, {ID: 3, Title: "w", Status: article.Withdrawn}}, s.err
	}
	return make([]article.Article, limit), s.err
}

func on(s *shelf) func(*ui.Config) { return func(c *ui.Config) { c.Articles = s } }

// Whoever gets an article has read it; who asks for headers has not.
func TestOnlyGetReadsAnArticle(t *testing.T) {
	s := &shelf{}
	h := newHandler(t, on(s))
	get(t, h, "/read/1")
	get(t, h, "/read/1", "Cookie", "uid=8")
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodHead, "/read/1", nil))
	require.Equal(t, []string{"read 1 for 0", "read 1 for 8", "look 1 for 0"}, s.asked)
}

func TestArticlesThatAreNotThere(t *testing.T) {
	h := newHandler(t)
	const browser = "text/html"
	for _, path := range []string{
		"/read/2", "/read/x", "/read/-1", "/read/99999999999999999999", "/write/2", "/write/x",
		"/read?cursor=nonsense", "/mine?page=0", "/mine?page=x", "/mine?page=501",
	} {
		res := get(t, h, path, "Cookie", "uid=7", "Accept", browser, "Accept-Language", "en")
		require.Equal(t, http.StatusNotFound, res.StatusCode, path)
		require.Contains(t, res.Header.Get("Content-Type"), "text/html", path)
	}
	// Somebody else's.
	require.Equal(t, http.StatusNotFound, get(t, h, "/write/1", "Cookie", "uid=8").StatusCode)
}

func TestArticlesFail(t *testing.T) {
	h := newHandler(t, on(&shelf{err: errors.New("no articles today")}))
	for _, path := range []string{"/read", "/read/1", "/mine", "/write/1"} {
		require.Equal(t, http.StatusInternalServerError, get(t, h, path, "Cookie", "uid=7").StatusCode, path)
	}
}

// The feed can be read without the ranking, which says that it isn't known.
func TestFeedWithoutRanking(t *testing.T) {
	h := newHandler(t, func(c *ui.Config) {
		c.Rank = func(context.Context, int) (ranking.Places, error) { return ranking.Places{}, ranking.ErrUnavailable }
	})
	res := get(t, h, "/read")
	require.Equal(t, http.StatusOK, res.StatusCode)
	for _, n := range parse(t, res) {
		if _, ok := attrOf(n, "data-rank-stale"); ok {
			_, hidden := attrOf(n, "hidden")
			require.False(t, hidden)
			return
		}
	}
	t.Fatal("the page has no word for a ranking that isn't known")
}

// follow returns the addresses that lead from page to page, by the links that say
// so, up to 5.
func follow(t *testing.T, h http.Handler, path, rel string) []string {
	t.Helper()
	var all []string
	for path != "" && len(all) < 5 {
		all = append(all, path)
		elements := parse(t, get(t, h, path, "Cookie", "uid=7"))
		path = ""
		for _, n := range elements {
			if attr(n, "rel") == rel {
				path = attr(n, "href")
			}
		}
	}
	return all
}

// The parts of the feed lead on by keys, and end.
func TestFeedPages(t *testing.T) {
	s := &shelf{parts: 2}
	h := newHandler(t, on(s))
	one, two := article.Cursor{At: 1, ID: 1}, article.Cursor{At: 1, ID: 2}
	require.Equal(t, []string{"/read", "/read?cursor=" + one.String(), "/read?cursor=" + two.String()}, follow(t, h, "/read", "next"))
	require.Equal(t, []string{"feed 0 10", "feed 1 10", "feed 2 10"}, s.asked)
}

func TestOwnPages(t *testing.T) {
	s := &shelf{parts: 1}
	h := newHandler(t, on(s))
	require.Equal(t, []string{"/mine", "/mine?page=2", "/mine?page=3", "/mine?page=4", "/mine?page=5"}, follow(t, h, "/mine", "next"))
	require.Equal(t, []string{"/mine?page=3", "/mine?page=2", "/mine?page=1"}, follow(t, h, "/mine?page=3", "prev"))
	require.Equal(t, "list 7 from 20, 21", s.asked[1])
}

// What is pressed, and who may press it.
func TestMarks(t *testing.T) {
	h := newHandler(t)
	pressed := func(cookie string) map[string]string {
		found := map[string]string{}
		for _, n := range parse(t, get(t, h, "/read/1", "Cookie", cookie)) {
			if mark := attr(n, "data-mark"); mark != "" {
				found[mark] = attr(n, "aria-pressed")
			}
		}
		return found
	}
	require.Equal(t, map[string]string{"like": "true", "collect": "false"}, pressed("uid=8"))
	require.Empty(t, pressed(""))

	var logins, edits int
	for _, n := range parse(t, get(t, h, "/read/1")) {
		if attr(n, "href") == "/login?next=%2Fread%2F1" {
			logins++
		}
	}
	for _, n := range parse(t, get(t, h, "/read/1", "Cookie", "uid=7")) {
		if attr(n, "href") == "/write/1" {
			edits++
		}
	}
	require.Equal(t, 2, logins)
	require.Equal(t, 1, edits, "the author of an article finds the way to change it")
}

// The editor has the text as it was written, and the version that it is of.
func TestEditorHasWhatWasWritten(t *testing.T) {
	h := newHandler(t)
	got := map[string]string{}
	for _, n := range parse(t, get(t, h, "/write/1", "Cookie", "uid=7")) {
		switch {
		case n.Data == "textarea":
			got["content"] = text(n)
		case attr(n, "name") == "title":
			got["title"] = attr(n, "value")
		case n.Data == "form" && attr(n, "data-version") != "":
			got["id"], got["version"] = attr(n, "data-id"), attr(n, "data-version")
		}
	}
	require.Equal(t, map[string]string{"title": hostileTitle, "content": hostileOwn.Content, "id": "1", "version": "3"}, got)
}

// Reading needs no script: all of it is in the page.
func TestReadingNeedsNoScript(t *testing.T) {
	h := newHandler(t)
	for path, want := range map[string][]string{
		"/read":   {hostileTitle, "bold words", "12", "3", "2"},
		"/read/1": {hostileTitle, "bold in y", "12", "3", "2"},
	} {
		doc, err := html.Parse(get(t, h, path).Body)
		require.NoError(t, err)
		all := strings.Join(strings.Fields(text(doc)), " ")
		for _, w := range want {
			require.Contains(t, all, strings.Join(strings.Fields(w), " "), path)
		}
	}
}
