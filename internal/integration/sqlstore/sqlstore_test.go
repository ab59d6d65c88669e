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

func TestStoreConforms(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e sqldb.Engine) {
		server := sqldb.Start(t, e)
		storetest.Run(t, func(t *testing.T) storetest.Harness {
			d := server.Fresh(t)
			s, _ := open(t, d)
			return storetest.Harness{
				Store: s,
				Reopen: func(t *testing.T) smsfailover.Store {
					again, _ := open(t, d)
					return again
				},
				Lease: 600 * time.Millisecond,
				Grain: 5 * time.Millisecond,
			}
		}, storetest.Caps{Durable: true, Dedupe: true, Supersede: true})
	})
}
