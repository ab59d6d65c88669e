package sqldb_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
	"github.com/ycvk/tinybook/internal/realserver"
)

// What differs between the engines in the tests of skewed clocks.
var dialect = map[sqldb.Engine]struct{ now, impatient, insert, lock string }{
	sqldb.MySQL: {
		"SELECT UNIX_TIMESTAMP(NOW(6))", "SET SESSION innodb_lock_wait_timeout = 1",
		"INSERT INTO t VALUES (1, NOW(6))", "SELECT n FROM t FOR UPDATE",
	},
	sqldb.MariaDB: {
		"SELECT UNIX_TIMESTAMP(NOW(6))", "SET SESSION innodb_lock_wait_timeout = 1",
		"INSERT INTO t VALUES (1, NOW(6))", "SELECT n FROM t FOR UPDATE",
	},
	sqldb.Postgres: {
		"SELECT EXTRACT(EPOCH FROM clock_timestamp())::float8", "SET lock_timeout = '1s'",
		"INSERT INTO t VALUES (1, clock_timestamp())", "SELECT n FROM t FOR UPDATE",
	},
}

func forEachSkew(t *testing.T, test func(t *testing.T, d *sqldb.DB, ahead time.Duration)) {
	for _, e := range sqldb.Engines()[1:] {
		for _, ahead := range []time.Duration{5 * time.Minute, -5 * time.Minute} {
			t.Run(string(e)+"/ahead="+ahead.String(), func(t *testing.T) {
				test(t, sqldb.StartSpec(t, e, realserver.Skewed(t, e.Spec(t), ahead)), ahead)
			})
		}
	}
}

func requireAhead(t *testing.T, pool *sql.DB, e sqldb.Engine, ahead time.Duration) {
	t.Helper()
	server := query[float64](t, pool, dialect[e].now)
	ours := float64(time.Now().UnixMicro()) / 1e6
	require.InDelta(t, ahead.Seconds(), server-ours, 2)
}

func TestSkewedServerIsAheadAlsoAfterAKill(t *testing.T) {
	forEachSkew(t, func(t *testing.T, d *sqldb.DB, ahead time.Duration) {
		pool := d.Open(t)
		requireAhead(t, pool, d.Engine, ahead)
		d.Server.Kill()
		d.Server.Restart()
		requireAhead(t, pool, d.Engine, ahead)
	})
}

// A lie about the time must not reach what waits: a lock that is asked for with
// a second's patience is refused after that second.
func TestSkewedServerWaitsAsLongAsEver(t *testing.T) {
	forEachSkew(t, func(t *testing.T, d *sqldb.DB, _ time.Duration) {
		pool := d.Open(t)
		exec(t, pool, "CREATE TABLE t (n INT, at TIMESTAMP)")
		exec(t, pool, dialect[d.Engine].insert)
		holder, err := pool.BeginTx(t.Context(), nil)
		require.NoError(t, err)
		_, err = holder.ExecContext(t.Context(), dialect[d.Engine].lock)
		require.NoError(t, err)

		other, err := pool.Conn(t.Context())
		require.NoError(t, err)
		_, err = other.ExecContext(t.Context(), dialect[d.Engine].impatient)
		require.NoError(t, err)
		began := time.Now()
		_, err = other.ExecContext(t.Context(), dialect[d.Engine].lock)
		waited := time.Since(began)
		require.Error(t, err, "two transactions hold one lock")
		require.GreaterOrEqual(t, waited, 900*time.Millisecond)
		require.Less(t, waited, 30*time.Second)
		require.NoError(t, holder.Rollback())
		_, err = other.ExecContext(t.Context(), dialect[d.Engine].lock)
		require.NoError(t, err)
		require.NoError(t, other.Close())
	})
}
