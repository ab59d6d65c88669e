package sqlstore_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/sqlstore"
	"github.com/ycvk/tinybook/smsfailover/storetest"
)

// plain is a harness where the pool isn't set up as it should be. What is opened
// again has as many connections as it wants.
func plain(t *testing.T, driver, dsn string, d sqlstore.Dialect, conns int) storetest.Harness {
	open := func(t *testing.T, conns int) smsfailover.Store {
		pool := (&sqldb.DB{Driver: driver, DSN: dsn}).Open(t)
		pool.SetMaxOpenConns(conns)
		s, err := sqlstore.New(pool, d)
		require.NoError(t, err)
		require.NoError(t, s.Migrate(t.Context()))
		return s
	}
	return storetest.Harness{
		Store:  open(t, conns),
		Reopen: func(t *testing.T) smsfailover.Store { return open(t, 0) },
		Lease:  lease,
		Grain:  grain,
	}
}

// A file without WAL and without a busy timeout, where readers and writers are in
// each other's way and nobody waits; one pool has one connection, others many.
func TestSQLiteAsItComes(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		file, _, _ := strings.Cut(sqldb.Start(t, sqldb.SQLite).DSN, "?")
		return plain(t, "sqlite", file, sqlstore.SQLite, 1)
	}, caps)
}

// Options of the driver that change how statements are sent and rows counted, and
// a session whose time zone, character set and quotes are others.
func TestMySQLDriverOptions(t *testing.T) {
	server := sqldb.Start(t, sqldb.MariaDB)
	storetest.Run(t, func(t *testing.T) storetest.Harness {
		dsn := server.Fresh(t).DSN + "&interpolateParams=true&clientFoundRows=true&time_zone=%27%2B08%3A00%27&charset=latin1" +
			"&sql_mode=%27ANSI_QUOTES%2CNO_BACKSLASH_ESCAPES%2CPIPES_AS_CONCAT%2CIGNORE_SPACE%27"
		return plain(t, "mysql", dsn, sqlstore.MariaDB, 4)
	}, caps)
}
