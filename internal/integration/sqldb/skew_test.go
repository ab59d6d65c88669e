package sqldb_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
	"github.com/ycvk/tinybook/internal/realserver"
)

func TestSkewedServer(t *testing.T) {
	for _, e := range sqldb.Engines() {
		if e == sqldb.SQLite {
			continue // no server, so no clock of its own
		}
		for _, ahead := range []time.Duration{5 * time.Minute, -5 * time.Minute} {
			t.Run(string(e)+"/ahead="+ahead.String(), func(t *testing.T) {
				d := sqldb.StartSpec(t, e, realserver.Skewed(t, e.Spec(t), ahead))
				pool := d.Open(t)
				requireAhead(t, pool, e, ahead)
				requireTruePatience(t, pool, e)
				d.Server.Kill()
				d.Server.Restart()
				requireAhead(t, pool, e, ahead)
			})
		}
	}
}

// dialect is how an engine tells its time in seconds, and how a connection is
// told to wait one second for a lock.
var dialect = map[sqldb.Engine]struct{ now, impatient string }{
	sqldb.MySQL:    {"SELECT UNIX_TIMESTAMP(NOW(6))", "SET SESSION innodb_lock_wait_timeout = 1"},
	sqldb.MariaDB:  {"SELECT UNIX_TIMESTAMP(NOW(6))", "SET SESSION innodb_lock_wait_timeout = 1"},
	sqldb.Postgres: {"SELECT EXTRACT(EPOCH FROM clock_timestamp())::float8", "SET lock_timeout = '1s'"},
}

func requireAhead(t *testing.T, pool *sql.DB, e sqldb.Engine, ahead time.Duration) {
	t.Helper()
	before := time.Now()
	server := query[float64](t, pool, dialect[e].now)
	after := time.Now()
	got := time.UnixMicro(int64(server * 1e6)).Add(-ahead)
	require.WithinRange(t, got, before.Add(-10*time.Millisecond), after.Add(10*time.Millisecond))
}

// A lie about the time must not reach what waits: a lock that is asked for with
// a second's patience is refused after that second, not five minutes later.
func requireTruePatience(t *testing.T, pool *sql.DB, e sqldb.Engine) {
	t.Helper()
	exec(t, pool, "CREATE TABLE locked (n INT)")
	exec(t, pool, "INSERT INTO locked VALUES (1)")
	const lock = "SELECT n FROM locked FOR UPDATE"
	holder, err := pool.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = holder.ExecContext(t.Context(), lock)
	require.NoError(t, err)

	other, err := pool.Conn(t.Context())
	require.NoError(t, err)
	_, err = other.ExecContext(t.Context(), dialect[e].impatient)
	require.NoError(t, err)
	began := time.Now()
	_, err = other.ExecContext(t.Context(), lock)
	waited := time.Since(began)
	require.Error(t, err, "two transactions hold one lock")
	require.Greater(t, waited, 900*time.Millisecond)
	require.Less(t, waited, time.Minute)
	require.NoError(t, holder.Rollback())
	_, err = other.ExecContext(t.Context(), lock)
	require.NoError(t, err)
	require.NoError(t, other.Close())
}
