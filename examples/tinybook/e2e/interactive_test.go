package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
)

type liked struct {
	Liked     bool
	LikeCount int64
}

type collected struct {
	Collected    bool
	CollectCount int64
}

func (c *client) like(id int64, like bool) liked {
	c.t.Helper()
	return decode[liked](c.t, c.post("/articles/like", fields{"id": id, "like": like}).want(c.t, 200))
}

// counted waits until an article has so many reads, and no more.
func counted(t *testing.T, c *client, id, want int64) {
	t.Helper()
	var got int64
	require.Eventually(t, func() bool {
		for _, item := range decode[feed](t, c.get("/articles/feed?limit=50").want(t, 200)).Items {
			if item.ID == id {
				got = item.ReadCount
			}
		}
		require.LessOrEqual(t, got, want, "reads of %d", id)
		return got == want
	}, 30*time.Second, poll, "reads of %d", id)
}

// What a reader does counts once, whichever node is asked, and everybody sees it.
func TestLikesCollectsAndReads(t *testing.T) {
	site := apptest.Start(t, nil)
	one, two := newClient(t, site.Nodes[0].URL), newClient(t, site.Nodes[1].URL)
	one.signUp()
	two.signUp()
	id := one.publish("to be liked").ID

	type counts struct{ ReadCount, LikeCount, CollectCount int64 }
	require.Equal(t, liked{true, 1}, one.like(id, true))
	require.Equal(t, counts{LikeCount: 1}, decode[counts](t, two.get(fmt.Sprint("/articles/counts/", id)).want(t, 200)))
	require.Equal(t, liked{true, 1}, one.at(two.base).like(id, true))
	require.Equal(t, liked{true, 2}, two.like(id, true))
	require.Equal(t, liked{false, 1}, one.like(id, false))
	require.Equal(t, liked{false, 1}, one.like(id, false))
	collect := func(c *client, body fields) collected {
		t.Helper()
		body["id"] = id
		return decode[collected](t, c.post("/articles/collect", body).want(t, 200))
	}
	require.Equal(t, collected{true, 1}, collect(one, fields{"cid": 5}))
	require.Equal(t, collected{true, 1}, collect(one, fields{"cid": 6}))
	require.Equal(t, collected{true, 2}, collect(two, fields{"collect": true}))
	require.Equal(t, collected{false, 1}, collect(two, fields{"collect": false}))

	got := one.at(two.base).read(id)
	require.Equal(t, [2]int64{1, 1}, [2]int64{got.LikeCount, got.CollectCount})
	require.Equal(t, [2]bool{false, true}, [2]bool{got.Liked, got.Collected})
	require.True(t, two.read(id).Liked)
	stranger := newClient(t, one.base)
	require.False(t, stranger.read(id).Liked)
	stranger.post("/articles/like", fields{"id": id, "like": true}).want(t, 401)
	head, err := http.Head(fmt.Sprint(one.base, "/articles/pub/", id))
	require.NoError(t, err)
	require.NoError(t, head.Body.Close())
	stranger.get("/articles/pub/999").want(t, 404)
	counted(t, one, id, 3) // and neither HEAD nor the one that isn't there

	one.post("/articles/like", fields{"id": 999, "like": true}).want(t, 404)
	one.post("/articles/collect", fields{"id": 999}).want(t, 404)
	one.post("/articles/withdraw", fields{"id": id}).want(t, 200)
	two.post("/articles/like", fields{"id": id, "like": false}).want(t, 404)
	one.post("/articles/publish", fields{"id": id}).want(t, 200)
	require.Equal(t, int64(1), one.read(id).LikeCount)
}

// Many users like and unlike at once on both nodes: what they were told last is
// what is counted.
func TestManyLikeAtOnce(t *testing.T) {
	const users, things, steps = 6, 3, 12
	site := apptest.Start(t, nil)
	author := newClient(t, site.URL())
	author.signUp()
	var ids []int64
	for n := range things {
		ids = append(ids, author.publish(fmt.Sprint(n)).ID)
	}
	likes := make([]map[int64]bool, users)
	var all sync.WaitGroup
	for u := range users {
		c := newClient(t, site.Nodes[u%2].URL)
		c.signUp()
		likes[u] = map[int64]bool{}
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(u), 0))
			for range steps {
				id, like := ids[random.IntN(things)], random.IntN(2) == 0
				c.like(id, like)
				likes[u][id] = like
			}
		})
	}
	all.Wait()
	for _, id := range ids {
		var want int64
		for u := range users {
			if likes[u][id] {
				want++
			}
		}
		require.Equal(t, want, author.read(id).LikeCount)
	}
}

// What readers did outlives a restart, and so does what waited to be counted.
func TestInteractionsAreKept(t *testing.T) {
	dir := t.TempDir()
	onDir := func(cfg *config.Config) { cfg.Data = dir }
	site := apptest.Start(t, onDir)
	c := newClient(t, site.URL())
	email, _ := c.signUp()
	id := c.publish("kept").ID
	c.like(id, true)
	const reads = 40
	for range reads {
		c.read(id)
	}
	require.NoError(t, site.Stop())

	c = newClient(t, apptest.Start(t, onDir).URL())
	c.login(email)
	counted(t, c, id, reads)
	require.Equal(t, liked{true, 1}, c.like(id, true))
	c.read(id)
	counted(t, c, id, reads+1)
}
