package e2e_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
)

// Who starts the site for the first time finds articles, liked by some, which
// anybody could have written; a directory that has them gets no more.
func TestDemoArticles(t *testing.T) {
	dir := t.TempDir()
	demo := func(cfg *config.Config) { cfg.Data, cfg.DemoArticles = dir, true }
	site := apptest.Start(t, demo)
	c := newClient(t, site.URL())
	c.signUp()
	items := decode[feed](t, c.get("/articles/feed?limit=50").want(t, 200)).Items
	require.Len(t, items, 12)
	likes := 0
	for _, item := range items {
		a := c.read(item.ID)
		require.NotEmpty(t, item.Abstract)
		require.NotEmpty(t, item.AuthorName)
		c.post("/articles/publish", fields{"title": a.Title, "content": a.Content}).want(t, 200)
		likes += int(item.LikeCount)
	}
	require.Positive(t, likes)
	ranked := decode[places](t, c.get("/articles/rank/5").want(t, 200)).Items
	require.Len(t, ranked, 5)
	require.Positive(t, ranked[0].LikeCount)
	require.NoError(t, site.Stop())

	c = newClient(t, apptest.Start(t, demo).URL())
	items = decode[feed](t, c.get("/articles/feed?limit=50").want(t, 200)).Items
	require.Len(t, items, 24)
	for _, item := range items {
		resp, err := http.Get(fmt.Sprint(c.base, "/read/", item.ID))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode)
	}
}
