package interactive_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/dbtest"
	"github.com/ycvk/tinybook/internal/teeth"
)

// The scenarios of TestStore find each of these faults, which triggers make in a
// database: what a store that does too much, or too little, would do.
func TestScenariosBite(t *testing.T) {
	counts := func(of, change, where string) string {
		return "CREATE TRIGGER fault AFTER " + of + " BEGIN UPDATE interactives SET " + change + " WHERE " + where + "; END"
	}
	const same = "biz_id = NEW.biz_id"
	var faults []teeth.Fault
	for _, f := range []struct{ name, caught, trigger string }{
		{
			"a like given back counts as another", "likes are a state",
			counts("UPDATE OF status ON like_records WHEN NEW.status = 0", "like_count = like_count + 2", same),
		},
		{
			"a second like after the first was taken back is lost", "likes are a state",
			"CREATE TRIGGER fault BEFORE UPDATE OF status ON like_records WHEN NEW.status = 1 BEGIN SELECT RAISE(IGNORE); END",
		},
		{
			"likes fall below nothing", "likes as a model",
			counts("UPDATE OF like_count ON interactives WHEN NEW.like_count = 0", "like_count = -1", same),
		},
		{
			"users share a like", "likes are a state",
			"CREATE TRIGGER fault BEFORE INSERT ON like_records WHEN EXISTS (SELECT 1 FROM like_records WHERE biz_id = NEW.biz_id)" +
				" BEGIN SELECT RAISE(IGNORE); END",
		},
		{
			"a collect counts as a like", "collects are a state",
			counts("INSERT ON collect_records", "like_count = like_count + 1", same),
		},
		{
			"a collection is never left", "collects are a state",
			"CREATE TRIGGER fault BEFORE UPDATE OF cid ON collect_records WHEN OLD.cid <> 0 BEGIN SELECT RAISE(IGNORE); END",
		},
		{
			"what is withdrawn stays", "only what is listed",
			counts("UPDATE OF listed ON interactives WHEN NEW.listed = 0", "listed = 1", same),
		},
		{
			"what is withdrawn loses its likes", "only what is listed",
			counts("UPDATE OF listed ON interactives WHEN NEW.listed = 0", "like_count = 0", same),
		},
		{
			"an offset is forgotten", "reads count once",
			"CREATE TRIGGER fault AFTER UPDATE OF next_offset ON consumed_offsets BEGIN" +
				" UPDATE consumed_offsets SET next_offset = OLD.next_offset WHERE part = NEW.part; END",
		},
		{
			"an offset is one too low", "reads as a model",
			"CREATE TRIGGER fault AFTER UPDATE OF next_offset ON consumed_offsets BEGIN" +
				" UPDATE consumed_offsets SET next_offset = NEW.next_offset - 1 WHERE part = NEW.part AND next_offset = NEW.next_offset; END",
		},
		{
			"partitions share an offset", "reads count once",
			"CREATE TRIGGER fault AFTER UPDATE OF next_offset ON consumed_offsets BEGIN" +
				" UPDATE consumed_offsets SET next_offset = NEW.next_offset; END",
		},
		{
			"a change that comes while others are sent is lost", "changes until they are sent",
			counts("UPDATE OF like_count ON interactives", "unsent = 0", same),
		},
		{
			"a withdrawal isn't told", "changes until they are sent",
			counts("UPDATE OF listed ON interactives WHEN NEW.listed = 0", "unsent = 0", same),
		},
		{
			"a collect is a change", "changes until they are sent",
			counts("INSERT ON collect_records", "unsent = 1", same),
		},
		{
			"a collection has what is withdrawn", "collected",
			counts("UPDATE OF listed ON interactives WHEN NEW.listed = 0", "listed = 1", same),
		},
		{
			"a collection has what was taken out", "collected",
			"CREATE TRIGGER fault AFTER UPDATE OF status ON collect_records WHEN NEW.status = 0" +
				" BEGIN UPDATE collect_records SET status = 1 WHERE biz_id = NEW.biz_id AND uid = NEW.uid; END",
		},
		{
			"a second collect is no news", "collected",
			"CREATE TRIGGER fault AFTER UPDATE OF status ON collect_records WHEN NEW.status = 1" +
				" BEGIN UPDATE collect_records SET updated_at = 0 WHERE biz_id = NEW.biz_id AND uid = NEW.uid; END",
		},
		{"a collection has no index", "plan of collected", "DROP INDEX collect_records_of_user"},
	} {
		faults = append(faults, teeth.Fault{
			Name: f.name, Caught: strings.ReplaceAll(f.caught, " ", "_"),
			Suite: func(t *testing.T) { runOn(t, f.caught, f.trigger) },
		})
	}
	teeth.Bite(t, faults)
}

func runOn(t *testing.T, name, trigger string) {
	t.Helper()
	db := dbtest.SQLite(t)
	require.NoError(t, db.Write.Exec(trigger).Error)
	for _, s := range scenarios {
		if s.name == name {
			t.Run(name, func(t *testing.T) { s.run(t, db) })
			return
		}
	}
	t.Fatalf("no scenario %q", name)
}
