package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
)

// saved is what the API says of an article that was changed.
type saved struct {
	ID, Version int64
	Status      string
	Pending     bool
	UpdatedAt   time.Time
}

// shown is an article as readers see it.
type shown struct {
	ID, AuthorID                       int64
	Title, Abstract, Content           string
	AuthorName                         string
	PublishedAt, UpdatedAt             time.Time
	ReadCount, LikeCount, CollectCount int64
	Liked, Collected                   bool
}

type feed struct {
	Items []shown
	Next  string
}

// publish publishes a new article of the user of c.
func (c *client) publish(title string) saved {
	c.t.Helper()
	return decode[saved](c.t, c.post("/articles/publish", fields{"title": title, "content": "text of " + title}).want(c.t, 200))
}

func (c *client) read(id int64) shown {
	c.t.Helper()
	return decode[shown](c.t, c.get(fmt.Sprint("/articles/pub/", id)).want(c.t, 200))
}

// An article from its first draft to its end, as its author, another user and
// somebody who isn't signed in see it, on both nodes.
func TestArticleFromDraftToWithdrawn(t *testing.T) {
	site := apptest.Start(t, nil)
	author, reader, stranger := newClient(t, site.Nodes[0].URL), newClient(t, site.Nodes[1].URL), newClient(t, site.Nodes[1].URL)
	author.signUp()
	reader.signUp()
	author.post("/users/edit", fields{"nickname": "书虫"}).want(t, 200)

	draft := decode[saved](t, author.post("/articles/edit", fields{"title": " 第一篇 "}).want(t, 200))
	require.Equal(t, saved{ID: draft.ID, Version: 1, Status: "draft", UpdatedAt: draft.UpdatedAt}, draft)
	pub, detail := fmt.Sprint("/articles/pub/", draft.ID), fmt.Sprint("/articles/detail/", draft.ID)
	for _, c := range []*client{author, reader, stranger} {
		c.get(pub).want(t, 404)
	}
	reader.get(detail).want(t, 404)
	stranger.get(detail).want(t, 401)

	a := author.post("/articles/publish", fields{"id": draft.ID}).want(t, 422)
	require.Equal(t, []string{"content required"}, a.faults())
	for version := int64(1); version <= 3; version++ { // as the editor saves while its author writes
		text := strings.Repeat("好", int(version))
		a := author.post("/articles/edit", fields{"id": draft.ID, "content": text, "version": version}).want(t, 200)
		require.Equal(t, version+1, decode[saved](t, a).Version)
	}
	// Another tab has the version of before.
	conflict := author.post("/articles/edit", fields{"id": draft.ID, "content": "坏", "version": 2}).want(t, 409)
	require.Equal(t, int64(4), decode[saved](t, conflict).Version)

	published := decode[saved](t, author.post("/articles/publish", fields{"id": draft.ID, "version": 4}).want(t, 200))
	require.Equal(t, "published", published.Status)
	got := stranger.read(draft.ID)
	require.Equal(t, "第一篇", got.Title)
	require.Equal(t, "好好好", got.Content)
	require.Equal(t, "好好好", got.Abstract)
	require.Equal(t, "书虫", got.AuthorName)
	require.WithinDuration(t, time.Now(), got.PublishedAt, time.Minute)

	a = author.post("/articles/edit", fields{"id": draft.ID, "content": "新"}).want(t, 200)
	require.True(t, decode[saved](t, a).Pending)
	require.Equal(t, "好好好", reader.read(draft.ID).Content)
	own := author.at(site.Nodes[1].URL).get(detail).want(t, 200)
	require.Equal(t, "新", decode[shown](t, own).Content)
	reader.post("/articles/withdraw", fields{"id": draft.ID}).want(t, 404)

	author.post("/articles/withdraw", fields{"id": draft.ID}).want(t, 200)
	for _, c := range []*client{author, reader, stranger} {
		c.get(pub).want(t, 404)
		c.get(fmt.Sprint("/articles/counts/", draft.ID)).want(t, 404)
		require.Empty(t, decode[feed](t, c.get("/articles/feed").want(t, 200)).Items)
	}
	author.get(detail).want(t, 200)
	author.post("/articles/publish", fields{"id": draft.ID}).want(t, 200)
	require.Equal(t, "新", reader.read(draft.ID).Content)
}

// A form is told everything that is wrong with it, and nothing is stored.
func TestArticleFaults(t *testing.T) {
	c := start(t)
	c.signUp()
	for _, tc := range []struct {
		path string
		body fields
		want []string
	}{
		{"edit", fields{"title": strings.Repeat("长", 101), "content": "a\u202eb"}, []string{"title too_long", "content character"}},
		{"edit", fields{"id": "1", "title": 1, "content": 2, "version": "x"}, []string{"id kind", "version kind", "title type", "content type"}},
		{"edit", fields{"id": -1}, []string{"id unknown"}},
		{"edit", fields{"id": 1.5}, []string{"id kind"}},
		{"publish", fields{}, []string{"title required", "content required"}},
		{"publish", fields{"title": "\u3164", "content": " \n "}, []string{"title character", "content required"}},
		{"publish", fields{"title": "a\nb", "content": strings.Repeat("a", 20_001)}, []string{"title character", "content too_long"}},
		{"withdraw", fields{}, []string{"id required"}},
		{"withdraw", fields{"id": -1}, []string{"id unknown"}},
		{"withdraw", fields{"id": "1", "version": true}, []string{"id kind", "version kind"}},
		{"list", fields{"offset": -1, "limit": 0}, []string{"offset range", "limit range"}},
		{"list", fields{"offset": "x", "limit": 51}, []string{"offset kind", "limit range"}},
		{"like", fields{}, []string{"id required", "like required"}},
		{"like", fields{"id": 0, "like": 1}, []string{"id unknown", "like kind"}},
		{"collect", fields{"cid": -1, "collect": "x"}, []string{"id required", "cid unknown", "collect kind"}},
	} {
		a := c.post("/articles/"+tc.path, tc.body).want(t, 422)
		require.Equal(t, tc.want, a.faults(), "%s %v", tc.path, tc.body)
	}
	for query, want := range map[string][]string{
		"limit=0":            {"limit range"},
		"limit=51":           {"limit range"},
		"limit=x&cursor=%20": {"cursor format", "limit range"},
	} {
		require.Equal(t, want, c.get("/articles/feed?"+query).want(t, 422).faults(), query)
	}
	id := fmt.Sprint(c.publish("one address").ID)
	c.get("/articles/pub/"+id).want(t, 200)
	for _, id := range []string{"x", "0", "-1", "99999999999999999999", "+" + id, "00" + id} {
		c.get("/articles/pub/"+id).want(t, 404)
		c.get("/articles/detail/"+id).want(t, 404)
	}
	require.Len(t, decode[[]saved](t, c.post("/articles/list", nil).want(t, 200)), 1)
	c.lang = "zh"
	a := c.post("/articles/list", fields{"limit": 51}).want(t, 422)
	require.Equal(t, "必须在 1 到 50 之间", a.Errors[0].Msg)
}

// A content of the longest fits, however its characters are spelled; what is longer
// is refused in words of characters.
func TestLongestArticle(t *testing.T) {
	c := start(t)
	c.signUp()
	for name, char := range map[string]string{"escaped": `\ud83d\ude00`, "raw": "😀"} {
		for _, path := range []string{"edit", "publish"} {
			body := `{"title":"` + strings.Repeat(char, 100) + `","content":"` + strings.Repeat(char, 20_000) + `"}`
			saved := decode[saved](t, c.post("/articles/"+path, json.RawMessage(body)).want(t, 200))
			detail := decode[shown](t, c.get(fmt.Sprint("/articles/detail/", saved.ID)).want(t, 200))
			require.Equal(t, strings.Repeat("😀", 20_000), detail.Content, name)
		}
	}
	long := c.post("/articles/edit", fields{"content": strings.Repeat("😀", 20_001)}).want(t, 422)
	require.Equal(t, []string{"content too_long"}, long.faults())
	c.post("/articles/edit", fields{"content": strings.Repeat("a", 250_000)}).want(t, 413)
	c.post("/articles/withdraw", fields{"content": strings.Repeat("a", 70_000)}).want(t, 413)
}

// What pasted texts bring and nobody needs is left out, what languages need is kept,
// and the rest is refused by its name and its place.
func TestCharactersThatNobodySees(t *testing.T) {
	c := start(t)
	c.signUp()
	for name, tc := range map[string]struct{ sent, kept string }{
		"needless":            {"\ufeffa\u200bb\u2060c\u00add", "abcd"},
		"line ends":           {"a\r\nb\rc\u2028d\u2029e\ff\vg\u0085h\ti", "a\nb\nc\nd\ne\nf\ng\nh\ti"},
		"Hebrew":              {"שלום\u200f! \u200e(a)", "שלום\u200f! \u200e(a)"},
		"Persian":             {"می\u200cخواهم", "می\u200cخواهم"},
		"a Japanese name":     {"葛\U000e0100城", "葛\U000e0100城"},
		"a sign as text":      {"☎\ufe0e ❤\ufe0f", "☎\ufe0e ❤\ufe0f"},
		"a family, Mongolian": {"👩\u200d👧 ᠠ\u180b", "👩\u200d👧 ᠠ\u180b"},
	} {
		saved := decode[saved](t, c.post("/articles/publish", fields{"title": "t", "content": tc.sent}).want(t, 200))
		require.Equal(t, tc.kept, c.read(saved.ID).Content, name)
	}
	titled := decode[saved](t, c.post("/articles/publish", fields{"title": "\ufeff 葛\u200b\U000e0100 ", "content": "c"}).want(t, 200))
	require.Equal(t, "葛\U000e0100", c.read(titled.ID).Title)

	c.lang = "en"
	a := c.post("/articles/edit", fields{"title": "一\u2028二", "content": "a\r\n\u200b\n一二\u202e三\x00"}).want(t, 422)
	require.Equal(t, []string{"title character", "content character"}, a.faults())
	require.Equal(t, "contains U+2028, a character that is not allowed, on line 1 at column 2", a.Errors[0].Msg)
	require.Equal(t, "contains U+202E, a character that is not allowed, on line 3 at column 3", a.Errors[1].Msg)
	c.post("/articles/publish", fields{"title": "\u200b", "content": "\ufe0f"}).want(t, 422)
}

// A form that names another author than who is signed in changes nothing.
func TestFormOfAnotherAuthor(t *testing.T) {
	c := start(t)
	c.signUp()
	id := c.publish("own").ID
	mine := c.read(id).AuthorID
	for _, path := range []string{"edit", "publish", "withdraw"} {
		body := fields{"id": id, "title": "t", "content": "c", "author": mine + 1}
		c.post("/articles/"+path, body).want(t, 403)
		body["author"] = "x"
		require.Equal(t, []string{"author kind"}, c.post("/articles/"+path, body).want(t, 422).faults())
	}
	c.post("/articles/edit", fields{"title": "new", "author": mine + 1}).want(t, 403)
	require.Len(t, decode[[]shown](t, c.post("/articles/list", nil).want(t, 200)), 1)
	require.Equal(t, "own", c.read(id).Title)
	c.post("/articles/publish", fields{"id": id, "title": "changed", "author": mine}).want(t, 200)
	require.Equal(t, "changed", c.read(id).Title)
}

func TestOwnListAndFeed(t *testing.T) {
	c := start(t)
	c.signUp()
	var ids []int64
	for n := range 7 {
		ids = append(ids, c.publish(fmt.Sprint("article ", n)).ID)
	}
	c.post("/articles/edit", fields{"title": "draft", "content": "a\n\nb"}).want(t, 200)
	own := decode[[]shown](t, c.post("/articles/list", fields{"limit": 3}).want(t, 200))
	require.Len(t, own, 3)
	require.Equal(t, "draft", own[0].Title)
	require.Equal(t, "a b", own[0].Abstract)
	require.Empty(t, own[0].Content)
	rest := decode[[]shown](t, c.post("/articles/list", fields{"offset": 3, "limit": 50}).want(t, 200))
	require.Len(t, rest, 5)

	c.token = "" // the feed is everybody's
	var got []int64
	path := "/articles/feed?limit=3"
	for parts := 1; ; parts++ {
		part := decode[feed](t, c.get(path).want(t, 200))
		for _, item := range part.Items {
			got = append(got, item.ID)
			require.Empty(t, item.Content)
		}
		if part.Next == "" {
			require.Equal(t, 3, parts)
			break
		}
		path = "/articles/feed?limit=3&cursor=" + part.Next
	}
	require.Equal(t, []int64{ids[6], ids[5], ids[4], ids[3], ids[2], ids[1], ids[0]}, got)
	require.Len(t, decode[feed](t, c.get("/articles/feed").want(t, 200)).Items, 7)
}

// Who reads may be nobody; a token that is sent must be good all the same.
func TestReadersMayBeNobody(t *testing.T) {
	site := apptest.Start(t, nil)
	author := newCookieClient(t, site.URL())
	author.signUp()
	id := author.publish("for all").ID
	path := fmt.Sprint("/articles/pub/", id)
	author.post("/articles/like", fields{"id": id, "like": true}).want(t, 200)
	require.True(t, author.read(id).Liked)
	bad := newClient(t, site.URL())
	bad.token = "bad"
	bad.get(path).want(t, 401)
	author.post("/users/logout", nil).want(t, 200)
	require.False(t, author.read(id).Liked)
	stale := author.request(http.MethodGet, path, nil)
	stale.AddCookie(&http.Cookie{Name: "tb_access", Value: "stale"})
	author.do(stale).want(t, 200)
}
