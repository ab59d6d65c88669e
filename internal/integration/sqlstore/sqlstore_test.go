// Package sqlstore_test runs smsfailover/sqlstore on real servers.
package sqlstore_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/sqlstore"
	"github.com/ycvk/tinybook/smsfailover/storetest"
)

var dialects = map[sqldb.Engine]sqlstore.Dialect{
	sqldb.SQLite:   sqlstore.SQLite,
	sqldb.MySQL:    sqlstore.MySQL,
	sqldb.MariaDB:  sqlstore.MariaDB,
	sqldb.Postgres: sqlstore.PostgreSQL,
}

func forEachEngine(t *testing.T, test func(t *testing.T, e sqldb.Engine)) {
	for _, e := range sqldb.Engines() {
		t.Run(string(e), func(t *testing.T) { test(t, e) })
	}
}

// open returns a store on a pool of its own.
func open(t testing.TB, d *sqldb.DB, opts ...sqlstore.Option) (*sqlstore.Store, *sql.DB) {
	t.Helper()
	pool := d.Open(t)
	s, err := sqlstore.New(pool, dialects[d.Engine], opts...)
	require.NoError(t, err)
	require.NoError(t, s.Migrate(t.Context()))
	return s, pool
}

const (
	lease = 400 * time.Millisecond
	grain = 10 * time.Millisecond
)

var caps = storetest.Caps{Durable: true, Dedupe: true, Supersede: true}

func harness(t *testing.T, d *sqldb.DB) storetest.Harness {
	s, _ := open(t, d)
	return storetest.Harness{
		Store: s,
		Reopen: func(t *testing.T) smsfailover.Store {
			again, _ := open(t, d)
			return again
		},
		Lease: lease,
		Grain: grain,
	}
}

func TestStoreConforms(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e sqldb.Engine) {
		server := sqldb.Start(t, e)
		storetest.Run(t, func(t *testing.T) storetest.Harness { return harness(t, server.Fresh(t)) }, caps)
	})
}

// TestStore is what is of SQL alone, on one server for all.
func TestStore(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e sqldb.Engine) {
		server := sqldb.Start(t, e)
		for name, test := range map[string]func(*testing.T, *sqldb.DB){
			"PodsShareTheWork":                      podsShareTheWork,
			"RepeatableReadDeadlocks":               repeatableReadDeadlocks,
			"SecondWorkerPassesByWhatTheFirstHolds": secondWorkerPassesByWhatTheFirstHolds,
			"ReportOfAnOldJobDoesNothingToANewOne":  reportOfAnOldJobDoesNothingToANewOne,
			"DeadLetterDoesNotBlockItsNumber":       deadLetterDoesNotBlockItsNumber,
			"RowOfAnotherHandIsBuried":              rowOfAnotherHandIsBuried,
			"OldIdemKeysGo":                         oldIdemKeysGo,
			"ErrorsTellNothingOfTheMessage":         errorsTellNothingOfTheMessage,
			"ColumnOfAnotherTypeTellsNothing":       columnOfAnotherTypeTellsNothing,
			"MigrateAtOnce":                         migrateAtOnce,
			"SchemaByHand":                          schemaByHand,
			"MigrateFindsWhatIsWrong":               migrateFindsWhatIsWrong,
			"CallAfterItsContext":                   callAfterItsContext,
			"ContextsEndAnywhere":                   contextsEndAnywhere,
			"TriesStartFromNothing":                 triesStartFromNothing,
		} {
			t.Run(name, func(t *testing.T) { test(t, server) })
		}
	})
}
