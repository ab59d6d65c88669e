package article_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/article"
	"github.com/ycvk/tinybook/examples/tinybook/internal/dbtest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/fields"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/examples/tinybook/internal/user"
)

const author = int64(7)

// A bench is a service on a database, with what it needs.
type bench struct {
	*article.Service
	repo    *article.SQLRepo
	store   *interactive.Store
	db      *platform.DB
	visited []int64
}

func newBench(db *platform.DB) *bench {
	store := interactive.NewStore(db, interactive.Article)
	b := &bench{repo: article.NewSQLRepo(db, store), store: store, db: db}
	b.Service = article.NewService(b.repo, store, func(id int64) { b.visited = append(b.visited, id) })
	return b
}

func text(title, content string) article.Edit {
	return article.Edit{Title: &title, Content: &content}
}

// publish publishes a new article.
func (b *bench) publish(t *testing.T, title string) int64 {
	t.Helper()
	a, err := b.Publish(t.Context(), author, text(title, "about "+title), nil)
	require.NoError(t, err)
	return a.ID
}

// scenarios are what a repository does, on every database.
var scenarios = []struct {
	name string
	run  func(t *testing.T, b *bench)
}{
	{"from draft to withdrawn", testFromDraftToWithdrawn},
	{"versions", testVersions},
	{"keys", testKeys},
	{"keys at once", testKeysAtOnce},
	{"cleared", testCleared},
	{"saves at once", testSavesAtOnce},
	{"publications at once", testPublicationsAtOnce},
	{"own", testOwn},
	{"long texts", testLongTexts},
	{"feed", testFeed},
	{"ranking", testRanking},
	{"plans", testPlans},
}

func TestArticles(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, open func(t *testing.T) *platform.DB) {
		for _, s := range scenarios {
			t.Run(s.name, func(t *testing.T) { s.run(t, newBench(open(t))) })
		}
	})
}

// Readers see what was published, from then on until it is withdrawn, and nothing
// of what was saved since.
func testFromDraftToWithdrawn(t *testing.T, b *bench) {
	ctx := t.Context()
	unread := func(id int64) {
		t.Helper()
		_, err := b.Read(ctx, 0, id)
		require.ErrorIs(t, err, article.ErrNotFound)
		_, err = b.store.Like(ctx, 1, id, true)
		require.ErrorIs(t, err, interactive.ErrNotListed)
	}
	seen := func(id int64, title string) article.Shown[article.Page] {
		t.Helper()
		page, err := b.Read(ctx, 0, id)
		require.NoError(t, err)
		require.Equal(t, title, page.What.Title)
		return page
	}

	draft, err := b.Save(ctx, author, text(" first \t", "one\r\ntwo"), nil)
	require.NoError(t, err)
	require.Equal(t, article.Draft, draft.Status)
	require.Equal(t, int64(1), draft.Version)
	id := draft.ID
	unread(id)
	_, err = b.Withdraw(ctx, author, id, nil)
	require.ErrorIs(t, err, article.ErrNotPublished)

	published, err := b.Publish(ctx, author, article.Edit{ID: id}, nil)
	require.NoError(t, err)
	require.Equal(t, article.Published, published.Status)
	require.False(t, published.Pending())
	page := seen(id, "first")
	require.Equal(t, "one\ntwo", page.What.Content)
	require.Equal(t, "one two", page.What.Abstract)
	require.Equal(t, published.UpdatedAt, page.What.PublishedAt)
	_, err = b.store.Like(ctx, 1, id, true)
	require.NoError(t, err)

	title := "second"
	pending, err := b.Save(ctx, author, article.Edit{ID: id, Title: &title}, nil)
	require.NoError(t, err)
	require.True(t, pending.Pending())
	require.Equal(t, article.Published, pending.Status)
	seen(id, "first")
	_, err = b.Publish(ctx, author, article.Edit{ID: id}, nil)
	require.NoError(t, err)
	require.Equal(t, page.What.PublishedAt, seen(id, "second").What.PublishedAt, "it was published then")

	withdrawn, err := b.Withdraw(ctx, author, id, nil)
	require.NoError(t, err)
	require.Equal(t, article.Withdrawn, withdrawn.Status)
	unread(id)
	again, err := b.Withdraw(ctx, author, id, nil)
	require.NoError(t, err)
	require.Equal(t, withdrawn, again, "withdrawn already")
	own, err := b.Own(ctx, author, id)
	require.NoError(t, err)
	require.Equal(t, "second", own.Title, "its author keeps it")
	require.Equal(t, "one\ntwo", own.Content)

	_, err = b.Publish(ctx, author, article.Edit{ID: id}, nil)
	require.NoError(t, err)
	require.Equal(t, int64(1), seen(id, "second").Likes, "its likes were kept")
	require.Equal(t, []int64{id, id, id, id}, b.visited, "each reader counts, and nobody who found nothing")
}

// Who has seen an older version changes nothing, but for a save that is repeated.
func testVersions(t *testing.T, b *bench) {
	ctx := t.Context()
	a, err := b.Save(ctx, author, text("a", "b"), nil)
	require.NoError(t, err)
	edit := func(title string, version int64) article.Edit {
		return article.Edit{ID: a.ID, Title: &title, Version: &version}
	}
	conflict := func(err error, version int64) {
		t.Helper()
		require.ErrorIs(t, err, article.ErrConflict)
		failed, ok := errors.AsType[*article.ConflictError](err)
		require.True(t, ok)
		require.Equal(t, version, failed.Version)
	}

	two, err := b.Save(ctx, author, edit("two", 1), nil)
	require.NoError(t, err)
	require.Equal(t, int64(2), two.Version)
	_, err = b.Save(ctx, author, edit("three", 1), nil)
	conflict(err, 2)
	again, err := b.Save(ctx, author, edit("two", 1), nil)
	require.NoError(t, err, "the answer to it may have been lost")
	require.Equal(t, two, again)
	_, err = b.Publish(ctx, author, edit("two", 1), nil)
	conflict(err, 2)
	shown, err := b.Publish(ctx, author, edit("two", 2), nil)
	require.NoError(t, err)
	require.Equal(t, int64(3), shown.Version)
	again, err = b.Publish(ctx, author, edit("two", 2), nil)
	require.NoError(t, err, "repeated")
	require.Equal(t, shown, again)
	old := int64(2)
	_, err = b.Withdraw(ctx, author, a.ID, &old)
	conflict(err, 3)
	_, err = b.Read(ctx, 0, a.ID)
	require.NoError(t, err)
}

// What is cleared is empty, and what isn't mentioned stays.
func testCleared(t *testing.T, b *bench) {
	a, err := b.Save(t.Context(), author, text("title", "content"), nil)
	require.NoError(t, err)
	empty := ""
	_, err = b.Save(t.Context(), author, article.Edit{ID: a.ID, Content: &empty}, nil)
	require.NoError(t, err)
	own, err := b.Own(t.Context(), author, a.ID)
	require.NoError(t, err)
	require.Equal(t, [2]string{"title", ""}, [2]string{own.Title, own.Content})
	_, err = b.Save(t.Context(), author, article.Edit{ID: a.ID, Title: &empty}, nil)
	require.NoError(t, err)
	own, err = b.Own(t.Context(), author, a.ID)
	require.NoError(t, err)
	require.Equal(t, [2]string{}, [2]string{own.Title, own.Content})
	require.Equal(t, a.CreatedAt, own.CreatedAt)
}

// Of those who save what they made of one version at once, one is heard.
func testSavesAtOnce(t *testing.T, b *bench) {
	const tabs = 8
	a, err := b.Save(t.Context(), author, text("a", "b"), nil)
	require.NoError(t, err)
	errs := make(chan error, tabs)
	for tab := range tabs {
		go func() {
			title, version := fmt.Sprint("tab ", tab), a.Version
			_, err := b.Save(t.Context(), author, article.Edit{ID: a.ID, Title: &title, Version: &version}, nil)
			errs <- err
		}()
	}
	heard := 0
	for range tabs {
		if err := <-errs; err == nil {
			heard++
		} else {
			require.ErrorIs(t, err, article.ErrConflict)
		}
	}
	require.Equal(t, 1, heard)
	after, err := b.Own(t.Context(), author, a.ID)
	require.NoError(t, err)
	require.Equal(t, a.Version+1, after.Version)
}

// New articles don't wait for each other.
func testPublicationsAtOnce(t *testing.T, b *bench) {
	const authors, each = 6, 5
	errs := make(chan error, authors*each)
	var all sync.WaitGroup
	for who := range authors {
		all.Go(func() {
			for n := range each {
				_, err := b.Publish(t.Context(), int64(who+1), text(fmt.Sprint(n), "text"), nil)
				errs <- err
			}
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	feed, _, err := b.Feed(t.Context(), article.Cursor{}, 2*authors*each)
	require.NoError(t, err)
	require.Len(t, feed, authors*each)
}

// What belongs to somebody else isn't there.
func testOwn(t *testing.T, b *bench) {
	ctx := t.Context()
	id := b.publish(t, "mine")
	for _, tc := range []struct{ who, id int64 }{{author + 1, id}, {author, id + 1}, {author, 0}} {
		_, err := b.Own(ctx, tc.who, tc.id)
		require.ErrorIs(t, err, article.ErrNotFound)
		_, err = b.Withdraw(ctx, tc.who, tc.id, nil)
		require.ErrorIs(t, err, article.ErrNotFound)
		if tc.id == 0 {
			continue // a new one
		}
		e := text("theirs", "text")
		e.ID = tc.id
		_, err = b.Save(ctx, tc.who, e, nil)
		require.ErrorIs(t, err, article.ErrNotFound)
		_, err = b.Publish(ctx, tc.who, e, nil)
		require.ErrorIs(t, err, article.ErrNotFound)
	}
	other := b.publish(t, "other")
	title := "changed last"
	_, err := b.Save(ctx, author, article.Edit{ID: id, Title: &title}, nil)
	require.NoError(t, err)
	_, err = b.Save(ctx, author+1, text("not mine", "text"), nil)
	require.NoError(t, err)
	own, err := b.ListOwn(ctx, author, 0, 10)
	require.NoError(t, err)
	require.Len(t, own, 2)
	got := map[int64]string{own[0].ID: own[0].Title, own[1].ID: own[1].Title}
	require.Equal(t, map[int64]string{id: "changed last", other: "other"}, got)
	require.False(t, own[0].UpdatedAt.Before(own[1].UpdatedAt), "the last changed first")
	rest, err := b.ListOwn(ctx, author, 1, 10)
	require.NoError(t, err)
	require.Equal(t, own[1:], rest)
}

// The longest text that is allowed is kept whole, in any script.
func testLongTexts(t *testing.T, b *bench) {
	title, content := strings.Repeat("🐛", 100), strings.Repeat("文", 19_999)+"🐛"
	a, err := b.Publish(t.Context(), author, text(title, content), nil)
	require.NoError(t, err)
	page, err := b.Read(t.Context(), 0, a.ID)
	require.NoError(t, err)
	require.Equal(t, title, page.What.Title)
	require.Equal(t, content, page.What.Content)
	require.Equal(t, strings.Repeat("文", 128)+"…", page.What.Abstract)
}

// The feed, read in parts while articles come and go, shows each article that was
// there all the time once, newest first.
func testFeed(t *testing.T, b *bench) {
	ctx := t.Context()
	_, err := user.NewSQLRepo(b.db).Create(ctx, user.User{Nickname: "书虫"})
	require.NoError(t, err) // user 1
	_, err = b.Publish(ctx, 1, text("with a name", "text"), nil)
	require.NoError(t, err)
	var ids []int64
	for n := range 10 {
		ids = append(ids, b.publish(t, fmt.Sprint("article ", n)))
	}
	// Several of one millisecond, as a fast machine makes them.
	require.NoError(t, b.db.Write.Exec("UPDATE published_articles SET published_at = 1000 WHERE id <= ?", ids[4]).Error)
	_, err = b.store.Like(ctx, 1, ids[3], true)
	require.NoError(t, err)

	var after article.Cursor
	var got []int64
	for part := range 20 {
		shown, next, err := b.Feed(ctx, after, 3)
		require.NoError(t, err)
		for _, s := range shown {
			got = append(got, s.What.ID)
			if s.What.ID == ids[3] {
				require.Equal(t, int64(1), s.Likes)
			}
			if s.What.AuthorID == 1 {
				require.Equal(t, "书虫", s.What.AuthorName)
			}
		}
		if after = next; after == (article.Cursor{}) {
			break
		}
		if part == 0 { // while somebody reads
			b.publish(t, "new")
			_, err := b.Withdraw(ctx, author, ids[0], nil)
			require.NoError(t, err)
		}
	}
	require.Equal(t, []int64{ids[9], ids[8], ids[7], ids[6], ids[5], ids[4], ids[3], ids[2], ids[1], ids[0] - 1}, got)
}

// The ranking has what is published and liked, by likes and then by age, with
// titles; a withdrawn article is gone at once.
func testRanking(t *testing.T, b *bench) {
	ctx := t.Context()
	var ids []int64
	for n := range 5 {
		ids = append(ids, b.publish(t, fmt.Sprint(n)))
	}
	for n, fans := range []int{1, 3, 2, 2, 0} {
		for fan := range fans {
			_, err := b.store.Like(ctx, int64(fan+1), ids[n], true)
			require.NoError(t, err)
		}
	}
	top := func(n int) (all []string) {
		t.Helper()
		ranked, err := b.repo.Top(ctx, n)
		require.NoError(t, err)
		for _, r := range ranked {
			all = append(all, fmt.Sprint(r.Title, " with ", r.Likes))
			require.Equal(t, "about "+r.Title, r.Abstract)
			require.Equal(t, 1+r.Likes, r.Version)
		}
		return all
	}
	require.Equal(t, []string{"1 with 3", "3 with 2", "2 with 2", "0 with 1"}, top(100))
	require.Equal(t, []string{"1 with 3", "3 with 2"}, top(2))
	require.Empty(t, top(0))
	_, err := b.Withdraw(ctx, author, ids[1], nil)
	require.NoError(t, err)
	require.Equal(t, []string{"3 with 2", "2 with 2", "0 with 1"}, top(3))

	cards, err := b.repo.Cards(ctx, []int64{ids[4], 0, ids[1], ids[2], ids[0]})
	require.NoError(t, err)
	var titles []string
	for _, card := range cards {
		titles = append(titles, card.Title)
	}
	require.Equal(t, []string{"4", "2", "0"}, titles, "what is published, in the order asked for")
	cards, err = b.repo.Cards(ctx, nil)
	require.NoError(t, err)
	require.Empty(t, cards)
}

// A list is read in the order of an index, and nothing is sorted.
func testPlans(t *testing.T, b *bench) {
	ctx := t.Context()
	fill(t, b.db, 3000)
	for name, run := range map[string]func(ctx context.Context) error{
		"articles_of_author": func(ctx context.Context) error { _, err := b.repo.ListOwn(ctx, author, 0, 5); return err },
		"published_feed": func(ctx context.Context) error {
			_, err := b.repo.Feed(ctx, article.Cursor{At: 2000, ID: 9}, 5)
			return err
		},
		"interactives_by_likes": func(ctx context.Context) error { _, err := b.repo.Top(ctx, 5); return err },
	} {
		t.Run(name, func(t *testing.T) {
			plan := dbtest.Plan(t, b.db, func() { require.NoError(t, run(ctx)) })
			require.Contains(t, plan, name)
			require.NotContains(t, strings.ToLower(plan), "temp b-tree", plan)
			require.NotContains(t, strings.ToLower(plan), "filesort", plan)
		})
	}
}

// fill makes n users, each with a published article that has likes.
func fill(t testing.TB, db *platform.DB, n int) {
	t.Helper()
	for _, table := range []struct{ insert, row string }{
		{"users (id, created_at, updated_at)", "(%[1]d, 0, 0)"},
		{"articles (id, author_id, title, content, status, version, created_at, updated_at)", "(%[1]d, 7, 't', 'c', 2, 1, %[1]d, %[1]d)"},
		{"published_articles (id, author_id, title, abstract, content, status, published_at, updated_at)", "(%[1]d, %[1]d, 't', 'a', 'c', 2, %[1]d, %[1]d)"},
		{"interactives (biz, biz_id, like_count, listed)", "('article', %[1]d, %[1]d %% 100, 1)"},
	} {
		rows := make([]string, n)
		for i := range rows {
			rows[i] = fmt.Sprintf(table.row, i+1)
		}
		require.NoError(t, db.Write.Exec("INSERT INTO "+table.insert+" VALUES "+strings.Join(rows, ",")).Error)
	}
}

// A form is told everything that is wrong with it.
func TestFaults(t *testing.T) {
	b := newBench(dbtest.SQLite(t))
	ctx := t.Context()
	for _, tc := range []struct {
		name, title, content string
		save, publish        []string
	}{
		{"good", "t", "c", nil, nil},
		{"empty", "", "", nil, []string{"title required", "content required"}},
		{"blank", " \n", "\t\n", nil, []string{"title required", "content required"}},
		{"unseen", "\u0301", "\u0301", nil, []string{"title required", "content required"}},
		{"two lines", "a\nb", "a\nb\tc", []string{"title character"}, []string{"title character"}},
		{"hidden", "a\u202e", "\u2066b", []string{"title character", "content character"}, []string{"title character", "content character"}},
		{"long", strings.Repeat("文", 101), strings.Repeat("a", 20_001), []string{"title too_long", "content too_long"}, []string{"title too_long", "content too_long"}},
		{"longest", strings.Repeat("文", 100), strings.Repeat("a", 20_000), nil, nil},
		{"emoji", "👩\u200d💻", "می\u200cخواهم", nil, nil},
		{"one of each", "", strings.Repeat("a", 20_001), []string{"content too_long"}, []string{"title required", "content too_long"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := b.Save(ctx, author, text(tc.title, tc.content), nil)
			require.Equal(t, tc.save, faults(t, err))
			_, err = b.Publish(ctx, author, text(tc.title, tc.content), nil)
			require.Equal(t, tc.publish, faults(t, err))
		})
	}
	_, err := b.Publish(ctx, author, article.Edit{}, nil)
	require.Equal(t, []string{"title required", "content required"}, faults(t, err))
	draft, err := b.Save(ctx, author, text("t", ""), nil)
	require.NoError(t, err)
	_, err = b.Publish(ctx, author, article.Edit{ID: draft.ID}, nil)
	require.Equal(t, []string{"content required"}, faults(t, err), "of the draft")
}

func faults(t *testing.T, err error) (all []string) {
	t.Helper()
	if err == nil {
		return nil
	}
	found, ok := errors.AsType[fields.Errors](err)
	require.True(t, ok, "%v", err)
	for _, f := range found {
		all = append(all, f.Field+" "+f.Code)
	}
	return all
}
