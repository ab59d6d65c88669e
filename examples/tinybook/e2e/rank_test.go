package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
)

// place is one of a ranking.
type place struct {
	Rank          int
	ID, LikeCount int64
	Title         string
	AuthorID      int64
	AuthorName    string
}

type places struct {
	Items []place
	AsOf  time.Time
	Stale bool
}

func (c *client) rank(n int) places {
	c.t.Helper()
	return decode[places](c.t, c.get(fmt.Sprint("/articles/rank/", n)).want(c.t, 200))
}

// likesOf returns "id likes" of each place, in order.
func (p places) likesOf() [][2]int64 {
	all := [][2]int64{}
	for _, item := range p.Items {
		all = append(all, [2]int64{item.ID, item.LikeCount})
	}
	return all
}

// ranks waits until the ranking is as wanted, on every client's node.
func ranks(t *testing.T, want [][2]int64, nodes ...*client) {
	t.Helper()
	for _, c := range nodes {
		var got [][2]int64
		require.Eventually(t, func() bool {
			got = c.rank(100).likesOf()
			return fmt.Sprint(got) == fmt.Sprint(want)
		}, 30*time.Second, poll, "%s has %v, want %v", c.base, &got, want)
	}
}

// A like on one node is in the ranking of both, in the order of the database, and
// what is withdrawn is gone with the answer.
func TestRankingFollowsLikes(t *testing.T) {
	site := apptest.Start(t, nil)
	one := newClient(t, site.Nodes[0].URL)
	one.signUp()
	two := newClient(t, site.Nodes[1].URL)
	two.signUp()
	one.post("/users/edit", fields{"nickname": "书虫"}).want(t, 200)
	a, b, c := one.publish("甲").ID, one.publish("乙").ID, one.publish("丙").ID
	require.Empty(t, one.rank(100).Items)

	one.like(a, true)
	ranks(t, [][2]int64{{a, 1}}, two, one)
	two.like(c, true)
	two.like(a, true)
	one.like(b, true)
	ranks(t, [][2]int64{{a, 2}, {c, 1}, {b, 1}}, one, two) // of equals the newer
	first := two.rank(1)
	require.Equal(t, []place{{1, a, 2, "甲", first.Items[0].AuthorID, "书虫"}}, first.Items)
	require.False(t, first.Stale)
	require.WithinDuration(t, time.Now(), first.AsOf, 30*time.Second)

	one.post("/articles/withdraw", fields{"id": a}).want(t, 200)
	for _, node := range []*client{one, two} { // at once, and without a gap
		got := node.rank(100)
		require.Equal(t, [][2]int64{{c, 1}, {b, 1}}, got.likesOf())
		require.Equal(t, []int{1, 2}, []int{got.Items[0].Rank, got.Items[1].Rank})
	}
	one.post("/articles/publish", fields{"id": a, "title": "甲二"}).want(t, 200)
	ranks(t, [][2]int64{{a, 2}, {c, 1}, {b, 1}}, one, two)
	require.Equal(t, "甲二", two.rank(1).Items[0].Title)

	one.like(b, false)
	two.like(a, false)
	ranks(t, [][2]int64{{c, 1}, {a, 1}}, one, two)
	for _, n := range []string{"0", "101", "-1", "x", "1.5", ""} {
		if n == "" {
			one.get("/articles/rank/").want(t, 404)
			continue
		}
		require.Equal(t, []string{"n range"}, one.get("/articles/rank/"+n).want(t, 422).faults(), n)
	}
	require.Equal(t, []string{"n range"}, one.get("/articles/rank/stream?n=0").want(t, 422).faults())
}

// A client that has the places gets none, from whichever node it asks.
func TestRankingIsSentOnce(t *testing.T) {
	site := apptest.Start(t, nil)
	c := newClient(t, site.Nodes[0].URL)
	c.signUp()
	id := c.publish("a").ID
	c.like(id, true)
	other := c.at(site.Nodes[1].URL)
	ranks(t, [][2]int64{{id, 1}}, c, other)
	ask := func(c *client, method, tag string) *http.Response {
		req := c.request(method, "/articles/rank/10", nil)
		if tag != "" {
			req.Header.Set("If-None-Match", tag)
		}
		resp, err := c.http.Do(req)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp
	}
	full := ask(c, "GET", "")
	require.Equal(t, 200, full.StatusCode)
	require.Equal(t, "no-cache", full.Header.Get("Cache-Control"))
	tag := full.Header.Get("ETag")
	require.NotEmpty(t, tag)
	for _, method := range []string{"GET", "HEAD"} {
		again := ask(other, method, `"x", `+tag)
		require.Equal(t, 304, again.StatusCode)
		require.Equal(t, tag, again.Header.Get("ETag"))
	}
	require.Equal(t, 200, ask(c, "GET", `W/"other"`).StatusCode)
	c.like(id, false)
	ranks(t, [][2]int64{}, c)
	changed := ask(c, "GET", tag)
	require.Equal(t, 200, changed.StatusCode)
	require.NotEqual(t, tag, changed.Header.Get("ETag"))
	zh := c.at(c.base)
	zh.lang = "zh"
	require.Equal(t, 200, ask(zh, "GET", changed.Header.Get("ETag")).StatusCode, "another language")
}

// A browser that follows the ranking sees likes from another node come, and is told
// to go elsewhere when the node stops.
func TestRankingIsPushed(t *testing.T) {
	site := apptest.Start(t, nil)
	c := newClient(t, site.Nodes[0].URL)
	c.signUp()
	id := c.publish("a").ID
	stream := follow(t, site.Nodes[1].URL, "?n=3")
	require.Empty(t, stream.next(t).Items)
	asked := time.Now()
	c.like(id, true)
	require.Equal(t, [][2]int64{{id, 1}}, stream.next(t).likesOf())
	t.Logf("a like of node 1 came to a stream of node 2 after %v", time.Since(asked))
	c.post("/articles/publish", fields{"id": id, "title": "b"}).want(t, 200)
	require.Equal(t, "b", stream.next(t).Items[0].Title)
	c.post("/articles/withdraw", fields{"id": id}).want(t, 200)
	require.Empty(t, stream.next(t).Items)

	require.NoError(t, site.Stop())
	require.False(t, stream.lines.Scan(), "the stream goes on: %s", stream.lines.Text())
	require.NoError(t, stream.lines.Err(), "it was cut off")
}

// follow opens a stream of the ranking.
func follow(t *testing.T, base, query string) *stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/articles/rank/stream"+query, nil)
	require.NoError(t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = resp.Body.Close() }) // It ends in many ways.
	require.Equal(t, 200, resp.StatusCode)
	require.Equal(t, "text/event-stream; charset=utf-8", resp.Header.Get("Content-Type"))
	return newStream(resp.Body)
}

// next returns the places of the next event.
func (s *stream) next(t *testing.T) (p places) {
	t.Helper()
	name, data := s.event(t)
	require.Equal(t, "rank", name)
	require.NoError(t, json.Unmarshal([]byte(data), &p))
	return p
}
