package article_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/fields"
)

// keyed is a new article with a key.
func keyed(key, title, content string) article.Edit {
	e := text(title, content)
	e.Key = key
	return e
}

// A key makes one article of its author, which what is sent with it again changes.
func testKeys(t *testing.T, b *bench) {
	ctx := t.Context()
	first, err := b.Save(ctx, author, keyed("k", "title", "one"), nil)
	require.NoError(t, err)
	again, err := b.Save(ctx, author, keyed("k", "title", "one"), nil)
	require.NoError(t, err)
	require.Equal(t, first, again)
	later, err := b.Save(ctx, author, keyed("k", "title", "two"), nil)
	require.NoError(t, err)
	require.Equal(t, first.ID, later.ID)
	require.Equal(t, int64(2), later.Version)
	for range 2 {
		shown, err := b.Publish(ctx, author, keyed("k", "title", "two"), nil)
		require.NoError(t, err)
		require.Equal(t, first.ID, shown.ID)
		require.Equal(t, int64(3), shown.Version)
	}

	for _, other := range []struct {
		author int64
		key    string
	}{{author, "K"}, {author, "k2"}, {author + 1, "k"}, {author, ""}, {author, ""}, {author, strings.Repeat("~", 64)}} {
		a, err := b.Publish(ctx, other.author, keyed(other.key, "title", "one"), nil)
		require.NoError(t, err)
		require.Greater(t, a.ID, first.ID, other)
		require.Equal(t, int64(1), a.Version, other)
	}
	for _, bad := range []string{strings.Repeat("k", 65), "a b", "é", "k\n"} {
		_, err := b.Save(ctx, author, keyed(bad, "title", "one"), nil)
		require.Equal(t, fields.Errors{{Field: "key", Code: fields.Format}}, err)
	}
	own, err := b.ListOwn(ctx, author, 0, 20)
	require.NoError(t, err)
	require.Len(t, own, 6)
}

// Several requests with one key at once make one article.
func testKeysAtOnce(t *testing.T, b *bench) {
	const requests = 8
	ids := make([]int64, requests)
	errs := make([]error, requests)
	var wg sync.WaitGroup
	for i := range requests {
		wg.Go(func() {
			a, err := b.Publish(t.Context(), author, keyed("k", "title", "text"), nil)
			ids[i], errs[i] = a.ID, err
		})
	}
	wg.Wait()
	for i := range requests {
		require.NoError(t, errs[i])
		require.Equal(t, ids[0], ids[i])
	}
	own, err := b.ListOwn(t.Context(), author, 0, 20)
	require.NoError(t, err)
	require.Len(t, own, 1)
	require.Equal(t, int64(1), own[0].Version)
}
