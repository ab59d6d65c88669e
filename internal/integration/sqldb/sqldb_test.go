package sqldb_test

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
)

func forEachEngine(t *testing.T, test func(t *testing.T, e sqldb.Engine)) {
	for _, e := range sqldb.Engines() {
		t.Run(string(e), func(t *testing.T) { test(t, e) })
	}
}

func exec(t *testing.T, pool *sql.DB, statement string) {
	t.Helper()
	_, err := pool.ExecContext(t.Context(), statement)
	require.NoError(t, err, statement)
}

func query[T any](t *testing.T, pool *sql.DB, statement string) (got T) {
	t.Helper()
	require.NoError(t, pool.QueryRowContext(t.Context(), statement).Scan(&got), statement)
	return got
}

func TestEngineKeepsItsDataThroughAKill(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e sqldb.Engine) {
		d := sqldb.Start(t, e)
		pool := d.Open(t)
		require.Equal(t, 1, query[int](t, pool, "SELECT 1"))
		exec(t, pool, "CREATE TABLE kept (n INT)")
		exec(t, pool, "INSERT INTO kept VALUES (42)")
		if d.Server != nil {
			d.Server.Kill()
			require.Error(t, pool.PingContext(t.Context()), "a killed server answered")
			d.Server.Restart()
		}
		require.Equal(t, 42, query[int](t, pool, "SELECT n FROM kept"), "the pool from before")
		require.Equal(t, 42, query[int](t, d.Open(t), "SELECT n FROM kept"), "a new pool")
	})
}

func TestFreshDatabasesAreApart(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e sqldb.Engine) {
		first := sqldb.Start(t, e)
		second := first.Fresh(t)
		require.NotEqual(t, first.DSN, second.DSN)
		require.Equal(t, first.Server, second.Server)
		for i, d := range []*sqldb.DB{first, second} {
			pool := d.Open(t)
			exec(t, pool, "CREATE TABLE t (n INT)")
			exec(t, pool, "INSERT INTO t VALUES (1)")
			require.Equal(t, 1, query[int](t, pool, "SELECT COUNT(*) FROM t"), "database %d", i)
		}
	})
}

// What the versions differ in is why each is tested.
func TestEngineIsWhatItSays(t *testing.T) {
	want := map[sqldb.Engine][2]string{
		sqldb.SQLite:   {"SELECT 'SQLite ' || sqlite_version()", `^SQLite 3\.`},
		sqldb.MySQL:    {"SELECT VERSION()", `^8\.`},
		sqldb.MariaDB:  {"SELECT VERSION()", `^1\d\.\d+\.\d+-MariaDB`},
		sqldb.Postgres: {"SELECT version()", `^PostgreSQL 1\d`},
	}
	forEachEngine(t, func(t *testing.T, e sqldb.Engine) {
		require.Regexp(t, want[e][1], query[string](t, sqldb.Start(t, e).Open(t), want[e][0]))
	})
}
