package sqlstore_test

import (
	"database/sql"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/sqlstore"
)

// A connection of PostgreSQL keeps plans. Those that it makes while the queue is
// empty must not be the ones by which it reads a queue of 20 000 from end to end,
// in the minute before the server looks at the table again.
//
// Trap smsfailover/6: an index that is there, and isn't used.
func TestPlansOfAnEmptyQueue(t *testing.T) {
	d := sqldb.Start(t, sqldb.Postgres, "-c", "autovacuum=off")
	pool := d.Open(t)
	pool.SetMaxOpenConns(1)
	s, err := sqlstore.New(pool, sqlstore.PostgreSQL)
	require.NoError(t, err)
	require.NoError(t, s.Migrate(t.Context()))
	n := 0
	calls := func() {
		jobs := make([]smsfailover.Job, 10)
		for i := range jobs {
			n++
			jobs[i] = job(n)
		}
		enqueue(t, s, smsfailover.Queued, jobs...)
		got, err := s.Claim(t.Context(), "worker", 10, time.Minute)
		require.NoError(t, err)
		require.Len(t, got, 10)
		refs := make([]smsfailover.Ref, len(got))
		for i, j := range got {
			refs[i] = j.Ref()
		}
		_, err = s.Extend(t.Context(), time.Minute, refs...)
		require.NoError(t, err)
		require.NoError(t, s.Done(t.Context(), refs...))
	}
	for range 10 { // a plan is kept from the sixth time on
		calls()
	}
	exec(t, pool, "VACUUM ANALYZE sms_jobs, sms_idem")
	for range 10 {
		calls()
	}
	exec(t, pool, "VACUUM sms_jobs")

	jobs := make([]smsfailover.Job, 20_000)
	for i := range jobs {
		n++
		jobs[i] = job(n)
	}
	enqueue(t, s, smsfailover.Queued, jobs...)
	before := rowsRead(t, pool)
	for range 5 {
		calls()
	}
	require.Less(t, rowsRead(t, pool)-before, int64(len(jobs)), "rows that were read from end to end")
}

// rowsRead returns how many rows scans of whole tables have read.
func rowsRead(t *testing.T, pool *sql.DB) (n int64) {
	t.Helper()
	exec(t, pool, "SELECT pg_stat_force_next_flush()")
	require.NoError(t, pool.QueryRowContext(t.Context(), "SELECT sum(seq_tup_read) FROM pg_stat_user_tables").Scan(&n))
	return n
}
