package sqlstore_test

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/sqlstore"
)

// Contexts end at any moment of a call. The next call works: no connection stays
// in a transaction. In SQLite, which has no connection that breaks, a call that
// failed has stored nothing.
func contextsEndAnywhere(t *testing.T, d *sqldb.DB) {
	s, pool := open(t, d.Fresh(t))
	n := endContexts(t, s, pool)
	if d.Engine == sqldb.SQLite {
		require.Zero(t, n, "calls that failed and stored their jobs")
	}
}

// A database in memory lives as long as its connection: contexts that end must
// not cost it.
func TestContextsEndInMemory(t *testing.T) {
	pool := (&sqldb.DB{Driver: "sqlite", DSN: ":memory:"}).Open(t)
	pool.SetMaxOpenConns(1)
	s, err := sqlstore.New(pool, sqlstore.SQLite)
	require.NoError(t, err)
	require.NoError(t, s.Migrate(t.Context()))
	require.Zero(t, endContexts(t, s, pool))
}

// endContexts returns how many calls failed and stored their jobs all the same.
func endContexts(t *testing.T, s *sqlstore.Store, pool *sql.DB) (unsaid int) {
	t.Helper()
	const calls, jobs = 200, 5
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	long, failed, stored := time.Millisecond, 0, 0
	for i := range calls {
		batch := make([]smsfailover.Job, jobs)
		for k := range batch {
			batch[k] = job(i*jobs + k)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(r.Int64N(int64(long))))
		_, err := s.Enqueue(ctx, batch...)
		cancel()
		was := stored
		require.NoError(t, pool.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM sms_jobs").Scan(&stored))
		switch {
		case err != nil:
			require.ErrorIs(t, err, context.DeadlineExceeded)
			failed++
			long += long / 50 // until about half of them succeed
			if stored != was {
				unsaid++
			}
		default:
			// A server may end later what it was told before the connection broke.
			require.GreaterOrEqual(t, stored, was+jobs)
			long -= long / 50
		}
		require.Zero(t, (stored-was)%jobs, "half a batch")
	}
	require.NotZero(t, failed, "no context ended in time: this shows nothing")
	require.NotZero(t, stored, "no call had the time it takes: this shows nothing")
	return unsaid
}
