package e2e_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
)

type shelf struct {
	Items []struct {
		shown
		CID         int64
		CollectedAt time.Time
	}
	Next string
}

// shelf returns a part of what the client's user has collected.
func (c *client) shelf(query string) shelf {
	c.t.Helper()
	return decode[shelf](c.t, c.get("/articles/collected"+query).want(c.t, 200))
}

func (s shelf) titles() []string {
	titles := []string{}
	for _, item := range s.Items {
		titles = append(titles, item.Title)
	}
	return titles
}

// What somebody has collected they find again, on either node and part by part, the
// last collected first, as long as it is published.
func TestCollectedIsFoundAgain(t *testing.T) {
	site := apptest.Start(t, nil)
	author, c := newClient(t, site.URL()), newClient(t, site.Nodes[1].URL)
	author.signUp()
	c.signUp()
	require.Empty(t, c.shelf("").Items)
	ids := map[string]int64{}
	began := time.Now()
	for i, title := range []string{"a", "b", "c"} {
		ids[title] = author.publish(title).ID
		c.post("/articles/collect", fields{"id": ids[title], "cid": i % 2}).want(t, 200)
	}
	all := c.at(site.URL()).shelf("")
	require.Equal(t, []string{"c", "b", "a"}, all.titles())
	require.Empty(t, all.Next)
	b := all.Items[1]
	require.Equal(t, [3]int64{ids["b"], 1, 1}, [3]int64{b.ID, b.CID, b.CollectCount})
	require.WithinRange(t, b.CollectedAt, began.Add(-time.Second), time.Now())
	require.Equal(t, []string{"b"}, c.shelf("?cid=1").titles())
	require.Equal(t, []string{"c", "a"}, c.shelf("?cid=0").titles())
	require.Empty(t, c.shelf("?cid=9").titles())

	first := c.shelf("?limit=2")
	require.Equal(t, []string{"c", "b"}, first.titles())
	rest := c.shelf("?limit=2&cursor=" + first.Next)
	require.Equal(t, []string{"a"}, rest.titles())
	require.Empty(t, rest.Next)

	author.post("/articles/withdraw", fields{"id": ids["b"]}).want(t, 200)
	c.post("/articles/collect", fields{"id": ids["c"], "collect": false}).want(t, 200)
	require.Equal(t, []string{"a"}, c.shelf("").titles())
	require.Empty(t, author.shelf("").Items, "others' collections are nobody's business")

	newClient(t, site.URL()).get("/articles/collected").want(t, 401)
	faults := c.get("/articles/collected?cursor=x&limit=51&cid=-1").want(t, 422).faults()
	require.Equal(t, []string{"cursor format", "limit range", "cid format"}, faults)
	for _, bad := range []string{"limit=0", "limit=+5", "limit=", "cid=", "cid=01", "cid=x"} {
		require.Len(t, c.get(fmt.Sprint("/articles/collected?", bad)).want(t, 422).faults(), 1, bad)
	}
	head, err := c.http.Do(c.request(http.MethodHead, "/articles/collected", nil))
	require.NoError(t, err)
	require.NoError(t, head.Body.Close())
	require.Equal(t, 200, head.StatusCode)
}
