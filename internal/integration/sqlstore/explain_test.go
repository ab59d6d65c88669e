package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/sqlstore"
)

// explain says how the server runs a statement.
var explain = map[sqldb.Engine]string{
	sqldb.SQLite:   "EXPLAIN QUERY PLAN ",
	sqldb.MySQL:    "EXPLAIN FORMAT=JSON ",
	sqldb.MariaDB:  "EXPLAIN FORMAT=JSON ",
	sqldb.Postgres: "EXPLAIN ",
}

// slow is what a plan must not say: that a table is read from end to end, or that
// jobs are sorted.
var slow = map[sqldb.Engine]*regexp.Regexp{
	sqldb.SQLite:   regexp.MustCompile(`SCAN sms_|TEMP B-TREE`),
	sqldb.MySQL:    regexp.MustCompile(`"table_name": "sms_\w+",\s+"access_type": "(ALL|index)"|"using_filesort": true`),
	sqldb.MariaDB:  regexp.MustCompile(`"table_name": "sms_\w+",\s+"access_type": "(ALL|index)"|filesort`),
	sqldb.Postgres: regexp.MustCompile(`Seq Scan on sms_|Sort Key: sms_jobs\.due`),
}

// faults returns the plans among statements' that are slow.
func faults(t *testing.T, pool *sql.DB, e sqldb.Engine, statements []noted) (bad []string) {
	t.Helper()
	require.NotEmpty(t, statements)
	for _, st := range statements {
		plan := planOf(t, pool, e, st)
		if word := slow[e].FindString(plan); word != "" {
			bad = append(bad, word+" in\n"+st.text+"\n"+plan)
		}
	}
	return bad
}

func planOf(t *testing.T, pool *sql.DB, e sqldb.Engine, st noted) string {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), explain[e]+st.text, st.args...)
	require.NoError(t, err, st.text)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var plan strings.Builder
	for rows.Next() {
		line := make([]any, len(columns))
		for i := range line {
			line[i] = new(sql.NullString)
		}
		require.NoError(t, rows.Scan(line...))
		fmt.Fprintln(&plan, line[len(line)-1].(*sql.NullString).String)
	}
	require.NoError(t, rows.Err())
	return plan.String()
}

// everyCall makes each call of a worker and an enqueuer once.
func everyCall(ctx context.Context, t *testing.T, s *sqlstore.Store) {
	t.Helper()
	got, err := s.Claim(ctx, "worker", 100, time.Minute)
	require.NoError(t, err)
	require.Len(t, got, 100)
	refs := make([]smsfailover.Ref, len(got))
	for i, j := range got {
		refs[i] = j.Ref()
	}
	lost, err := s.Extend(ctx, time.Minute, refs...)
	require.NoError(t, err)
	require.Empty(t, lost)
	require.NoError(t, s.Done(ctx, refs[91]))
	require.NoError(t, s.Done(ctx, refs[1:50]...))
	require.NoError(t, s.Release(ctx, 0, refs[50:90]...))
	require.NoError(t, s.Retry(ctx, refs[90], time.Minute, "503"))
	newer := got[0] // what multiply made has no number of its own
	newer.ID, newer.IdemKey, newer.Args, newer.Token = "newer", "newer", []string{"newer"}, ""
	out, err := s.Enqueue(ctx, newer, job(1<<30))
	require.NoError(t, err)
	require.Equal(t, []smsfailover.Outcome{smsfailover.Superseded, smsfailover.Queued}, out)
	require.NoError(t, s.Done(ctx, refs[0]))
	for _, r := range refs[92:] {
		require.NoError(t, s.Bury(ctx, r, "404"))
	}
	letters, err := s.Dead(ctx, smsfailover.Filter{Limit: 5})
	require.NoError(t, err)
	require.Len(t, letters, 5)
	n, err := s.Redrive(ctx, smsfailover.Filter{IDs: []string{letters[0].ID}})
	require.NoError(t, err)
	require.Equal(t, 1, n)
}

// fill puts n jobs into the store: of ten, one each is of a higher and of a lower
// band, and four are delayed.
func fill(t testing.TB, s *sqlstore.Store, n int) {
	t.Helper()
	jobs := make([]smsfailover.Job, n)
	for i := range jobs {
		jobs[i] = job(i)
		switch i % 10 {
		case 0:
			jobs[i].Priority = 1
		case 1:
			jobs[i].Priority = -1
		case 2, 3, 4, 5:
			jobs[i].Due = time.Now().Add(time.Hour)
		}
	}
	_, err := s.Enqueue(t.Context(), jobs...)
	require.NoError(t, err)
}

// Of 1000 jobs multiply makes 100 000, each with an ID, a number and a hash of its
// own, if not the hash of the number. In SQLite, whose plans don't depend on how
// many there are, it makes 10 000.
const (
	copied = `tpl, idem_key, args, sealed, priority, not_after, attempt, claims, prev, last_err,
		enqueued, not_before, state, band, due, lease_until, token, holder, owner`
	numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 99) "
	into    = "INSERT INTO sms_jobs (id, recipient, dedupe, " + copied + ") "
	inMySQL = into + numbers + "SELECT CONCAT(id, '-', i), CONCAT(recipient, '-', i), UNHEX(SHA2(CONCAT(id, '-', i), 256)), " +
		copied + " FROM sms_jobs JOIN n"
)

var multiply = map[sqldb.Engine]string{
	sqldb.SQLite: strings.Replace(numbers, "99", "9", 1) + into + "SELECT CAST(id || '-' || i AS BLOB), CAST(recipient || '-' || i AS BLOB), randomblob(32), " +
		copied + " FROM sms_jobs JOIN n",
	sqldb.MySQL:   inMySQL,
	sqldb.MariaDB: inMySQL,
	sqldb.Postgres: numbers + into + "SELECT id || '-' || i, recipient || '-' || i, sha256((id || '-' || i)::bytea), " +
		copied + " FROM sms_jobs CROSS JOIN n",
}

var multiplyKeys = map[sqldb.Engine]string{
	sqldb.SQLite:   "INSERT INTO sms_idem (k, expires) SELECT randomblob(32), due * 2 FROM sms_jobs",
	sqldb.MySQL:    "INSERT INTO sms_idem (k, expires) SELECT UNHEX(SHA2(id, 256)), due * 2 FROM sms_jobs",
	sqldb.MariaDB:  "INSERT INTO sms_idem (k, expires) SELECT UNHEX(SHA2(id, 256)), due * 2 FROM sms_jobs",
	sqldb.Postgres: "INSERT INTO sms_idem (k, expires) SELECT sha256(id::bytea), due * 2 FROM sms_jobs",
}

func job(n int) smsfailover.Job {
	return smsfailover.Job{Message: smsfailover.Message{
		ID:    fmt.Sprintf("0197%012d-%016d", n, n),
		TplID: "login", To: fmt.Sprintf("+86138%08d", n),
		IdemKey: fmt.Sprintf("key-%d", n),
		Args:    []string{fmt.Sprintf("%06d", n%1e6), "10"},
	}}
}

var analyze = map[sqldb.Engine]string{
	sqldb.SQLite:   "ANALYZE",
	sqldb.MySQL:    "ANALYZE TABLE sms_jobs, sms_idem",
	sqldb.MariaDB:  "ANALYZE TABLE sms_jobs, sms_idem",
	sqldb.Postgres: "ANALYZE sms_jobs, sms_idem",
}

var dropIndex = map[sqldb.Engine]string{
	sqldb.SQLite:   "DROP INDEX sms_claim",
	sqldb.MySQL:    "ALTER TABLE sms_jobs DROP KEY sms_claim, ADD KEY sms_claim (state)",
	sqldb.MariaDB:  "ALTER TABLE sms_jobs DROP KEY sms_claim, ADD KEY sms_claim (state)",
	sqldb.Postgres: "DROP INDEX sms_claim",
}

// Trap smsfailover/6: no call but Depth reads a table from end to end or sorts
// the jobs, neither when the server knows its tables nor when it has only seen
// them empty. Without the index the same test does find it.
func TestCallsUseIndexes(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e sqldb.Engine) {
		d := sqldb.Start(t, e)
		s, plain := open(t, d)
		fill(t, s, 1000)
		exec(t, plain, multiply[e])
		exec(t, plain, multiplyKeys[e])

		pool, tp := tapped(t, d)
		watched, err := sqlstore.New(pool, dialects[e])
		require.NoError(t, err)
		everyCall(t.Context(), t, watched)
		statements := tp.take()
		require.Empty(t, faults(t, plain, e, statements), "before ANALYZE")
		exec(t, plain, analyze[e])
		require.Empty(t, faults(t, plain, e, statements), "after ANALYZE")

		exec(t, plain, dropIndex[e])
		require.NotEmpty(t, faults(t, plain, e, statements), "without the index all is well too: the test sees nothing")
	})
}

func exec(t testing.TB, pool *sql.DB, text string, args ...any) {
	t.Helper()
	_, err := pool.ExecContext(t.Context(), text, args...)
	require.NoError(t, err, text)
}
