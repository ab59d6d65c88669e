package sqldb_test

import (
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
)

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

// One server of each engine serves all that is to be shown about it.
func TestEngine(t *testing.T) {
	for _, e := range sqldb.Engines() {
		t.Run(string(e), func(t *testing.T) {
			d := sqldb.Start(t, e)
			t.Run("is what it says", func(t *testing.T) { isWhatItSays(t, d) })
			t.Run("fresh databases are apart", func(t *testing.T) { freshAreApart(t, d.Fresh(t), d.Fresh(t)) })
			t.Run("keeps data through a kill", func(t *testing.T) { keepsDataThroughAKill(t, d.Fresh(t)) })
		})
	}
}

// What the engines differ in is why each is tested.
func isWhatItSays(t *testing.T, d *sqldb.DB) {
	require.Regexp(t, map[sqldb.Engine]string{
		sqldb.SQLite:   `^SQLite 3\.`,
		sqldb.MySQL:    `^8\.`,
		sqldb.MariaDB:  `^1\d\.\d+\.\d+-MariaDB`,
		sqldb.Postgres: `^PostgreSQL 1\d`,
	}[d.Engine], d.Version(t))
}

func freshAreApart(t *testing.T, first, second *sqldb.DB) {
	require.NotEqual(t, first.DSN, second.DSN)
	require.Same(t, first.Server, second.Server)
	for i, d := range []*sqldb.DB{first, second} {
		pool := d.Open(t)
		exec(t, pool, "CREATE TABLE t (n INT)")
		exec(t, pool, "INSERT INTO t VALUES (1)")
		require.Equal(t, 1, query[int](t, pool, "SELECT COUNT(*) FROM t"), "database %d", i)
	}
}

func keepsDataThroughAKill(t *testing.T, d *sqldb.DB) {
	pool := d.Open(t)
	exec(t, pool, "CREATE TABLE kept (n INT)")
	exec(t, pool, "INSERT INTO kept VALUES (42)")
	if d.Server != nil {
		d.Server.Kill()
		require.Error(t, pool.PingContext(t.Context()), "a killed server answered")
		d.Server.Restart()
	}
	require.Equal(t, 42, query[int](t, pool, "SELECT n FROM kept"), "the pool from before")
	require.Equal(t, 42, query[int](t, d.Open(t), "SELECT n FROM kept"), "a new pool")
}
