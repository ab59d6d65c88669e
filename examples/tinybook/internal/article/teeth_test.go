package article_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/dbtest"
	"github.com/ycvk/tinybook/internal/teeth"
)

// The scenarios of TestArticles find each of these faults, which triggers, and
// indexes that are gone, make in a database.
func TestScenariosBite(t *testing.T) {
	after := func(of, change string) string {
		return "CREATE TRIGGER fault AFTER " + of + " BEGIN " + change + "; END"
	}
	const draft = "UPDATE OF content, title ON articles"
	var faults []teeth.Fault
	for _, f := range []struct{ name, caught, sql string }{
		{
			"readers see drafts", "from draft to withdrawn",
			after(draft, "UPDATE published_articles SET title = NEW.title WHERE id = NEW.id"),
		},
		{
			"what is withdrawn stays readable", "from draft to withdrawn",
			after("UPDATE OF status ON published_articles WHEN NEW.status = 3", "UPDATE published_articles SET status = 2 WHERE id = NEW.id"),
		},
		{
			"what is withdrawn loses its text", "from draft to withdrawn",
			after("UPDATE OF status ON articles WHEN NEW.status = 3", "UPDATE articles SET content = '' WHERE id = NEW.id"),
		},
		{
			"a second publication is a new one", "from draft to withdrawn",
			after("UPDATE OF title ON published_articles", "UPDATE published_articles SET published_at = published_at + 1 WHERE id = NEW.id"),
		},
		{
			"a version stands still", "versions",
			after(draft, "UPDATE articles SET version = OLD.version WHERE id = NEW.id"),
		},
		{
			"several tabs are heard", "saves at once",
			after(draft, "UPDATE articles SET version = OLD.version WHERE id = NEW.id"),
		},
		{
			"an article is of whoever changes it", "own",
			after("INSERT ON articles", "UPDATE articles SET author_id = 8 WHERE id = NEW.id"),
		},
		{
			"long titles are cut", "long texts",
			after("INSERT ON published_articles", "UPDATE published_articles SET title = SUBSTR(title, 1, 99) WHERE id = NEW.id"),
		},
		{
			"the feed has what is withdrawn", "feed",
			after("UPDATE OF status ON published_articles WHEN NEW.status = 3", "UPDATE published_articles SET status = 2 WHERE id = NEW.id"),
		},
		{
			"likes don't rank", "ranking",
			after("UPDATE OF like_count ON interactives", "UPDATE interactives SET like_count = 1 WHERE biz_id = NEW.biz_id"),
		},
		{
			"what is withdrawn ranks", "ranking",
			"CREATE TRIGGER fault BEFORE UPDATE OF status ON published_articles WHEN NEW.status = 3 BEGIN SELECT RAISE(IGNORE); END;" +
				"CREATE TRIGGER too BEFORE UPDATE OF listed ON interactives WHEN NEW.listed = 0 BEGIN SELECT RAISE(IGNORE); END",
		},
		{"the ranking has no index", "plans", "DROP INDEX interactives_by_likes"},
		{"the feed has no index", "plans", "DROP INDEX published_feed"},
		{"the own list has no index", "plans", "DROP INDEX articles_of_author"},
	} {
		faults = append(faults, teeth.Fault{
			Name: f.name, Caught: strings.ReplaceAll(f.caught, " ", "_"),
			Suite: func(t *testing.T) { runOn(t, f.caught, f.sql) },
		})
	}
	teeth.Bite(t, faults)
}

func runOn(t *testing.T, name, sql string) {
	t.Helper()
	db := dbtest.SQLite(t)
	require.NoError(t, db.Write.Exec(sql).Error)
	for _, s := range scenarios {
		if s.name == name {
			t.Run(name, func(t *testing.T) { s.run(t, newBench(db)) })
			return
		}
	}
	t.Fatalf("no scenario %q", name)
}
