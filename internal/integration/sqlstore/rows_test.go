package sqlstore_test

import (
	"database/sql"
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/sqlstore"
)

func enqueue(t *testing.T, s *sqlstore.Store, want smsfailover.Outcome, jobs ...smsfailover.Job) {
	t.Helper()
	out, err := s.Enqueue(t.Context(), jobs...)
	require.NoError(t, err)
	for _, o := range out {
		require.Equal(t, want, o)
	}
}

func claimOne(t *testing.T, s *sqlstore.Store) smsfailover.Job {
	t.Helper()
	got, err := s.Claim(t.Context(), "worker", 1, time.Minute)
	require.NoError(t, err)
	require.Len(t, got, 1)
	return got[0]
}

// Trap smsfailover/4: SQLite gives a new row the number of one that was deleted.
// The report of the old job's worker names its ID and its token, which no later
// job has, not even one with the same ID.
func reportOfAnOldJobDoesNothingToANewOne(t *testing.T, d *sqldb.DB) {
	s, pool := open(t, d.Fresh(t))
	enqueue(t, s, smsfailover.Queued, job(1))
	number := rowid(t, pool, d.Engine)
	old := claimOne(t, s)
	require.NoError(t, s.Done(t.Context(), old.Ref()))

	again := job(2)
	again.ID = old.ID
	enqueue(t, s, smsfailover.Queued, again)
	require.Equal(t, number, rowid(t, pool, d.Engine), "no number is used twice: this shows nothing")
	require.ErrorIs(t, s.Done(t.Context(), old.Ref()), smsfailover.ErrLost)
	got := claimOne(t, s)
	require.Equal(t, again.To, got.To)
	require.ErrorIs(t, s.Done(t.Context(), old.Ref()), smsfailover.ErrLost)
	require.NoError(t, s.Done(t.Context(), got.Ref()))
}

// rowid returns the number of the only row in SQLite, and 1 elsewhere.
func rowid(t *testing.T, pool *sql.DB, e sqldb.Engine) (n int) {
	t.Helper()
	text := "SELECT COUNT(*) FROM sms_jobs"
	if e == sqldb.SQLite {
		text = "SELECT rowid FROM sms_jobs"
	}
	require.NoError(t, pool.QueryRowContext(t.Context(), text).Scan(&n))
	return n
}

// Trap smsfailover/8: a dead letter holds nothing up. A new message of the same
// template to the same number is queued, and while it is, the letter stays dead.
func deadLetterDoesNotBlockItsNumber(t *testing.T, d *sqldb.DB) {
	s, _ := open(t, d.Fresh(t))
	enqueue(t, s, smsfailover.Queued, job(1))
	require.NoError(t, s.Bury(t.Context(), claimOne(t, s).Ref(), "404"))
	again := job(1)
	again.ID, again.IdemKey = "again", "again"
	enqueue(t, s, smsfailover.Queued, again)

	n, err := s.Redrive(t.Context(), smsfailover.Filter{})
	require.NoError(t, err)
	require.Zero(t, n, "two live jobs of one number")
	require.NoError(t, s.Done(t.Context(), claimOne(t, s).Ref()))
	n, err = s.Redrive(t.Context(), smsfailover.Filter{})
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.NoError(t, s.Done(t.Context(), claimOne(t, s).Ref()))
}

// Somebody wrote into the table by hand. The row is put aside, not handed out
// half, and not in the way of others.
func rowOfAnotherHandIsBuried(t *testing.T, d *sqldb.DB) {
	s, pool := open(t, d.Fresh(t))
	enqueue(t, s, smsfailover.Queued, job(1), job(2), job(3))
	text := "UPDATE sms_jobs SET args = ? WHERE recipient = ?"
	if d.Engine == sqldb.Postgres {
		text = "UPDATE sms_jobs SET args = $1 WHERE recipient = $2"
	}
	exec(t, pool, text, []byte(`["+8613800000002, 123456`), []byte(job(2).To))

	got, err := s.Claim(t.Context(), "worker", 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, got, 2)
	for _, j := range got {
		require.NotEqual(t, job(2).ID, j.ID)
	}
	letters, err := s.Dead(t.Context(), smsfailover.Filter{})
	require.NoError(t, err)
	require.Len(t, letters, 1)
	require.Equal(t, job(2).ID, letters[0].ID)
	require.Empty(t, letters[0].Args)
	require.Regexp(t, `^sqlstore: a row that isn't ours: args of 24 bytes`, letters[0].LastErr)
}

// Keys are forgotten a day after they were stored, a few at a time, by calls that
// store others.
func oldIdemKeysGo(t *testing.T, d *sqldb.DB) {
	s, pool := open(t, d.Fresh(t))
	const old = 500
	jobs := make([]smsfailover.Job, old)
	for i := range jobs {
		jobs[i] = job(i)
	}
	enqueue(t, s, smsfailover.Queued, jobs...)
	finish(t, s, old)
	for i := range jobs {
		jobs[i].ID = "again" + jobs[i].ID
	}
	enqueue(t, s, smsfailover.Duplicate, jobs...)
	exec(t, pool, "UPDATE sms_idem SET expires = 1")

	enqueue(t, s, smsfailover.Queued, jobs[0]) // in the place of the one that has expired
	left := func() (n int) {
		require.NoError(t, pool.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM sms_idem").Scan(&n))
		return n
	}
	require.Greater(t, left(), old/2, "one call has cleared the table")
	added := 1
	for ; left() > added && added < 20*old; added++ {
		enqueue(t, s, smsfailover.Queued, job(old+added))
	}
	require.Equal(t, added, left(), "keys that have expired are still there")
	enqueue(t, s, smsfailover.Duplicate, withID(jobs[0], "once more"))
}

func withID(j smsfailover.Job, id string) smsfailover.Job {
	j.ID = id
	return j
}

func finish(t *testing.T, s *sqlstore.Store, n int) {
	t.Helper()
	got, err := s.Claim(t.Context(), "worker", n, time.Minute)
	require.NoError(t, err)
	require.Len(t, got, n)
	refs := make([]smsfailover.Ref, n)
	for i, j := range got {
		refs[i] = j.Ref()
	}
	require.NoError(t, s.Done(t.Context(), refs...))
}

// A database that refuses tells why, and nothing of the message.
func errorsTellNothingOfTheMessage(t *testing.T, d *sqldb.DB) {
	s, pool := open(t, d.Fresh(t))
	secret := smsfailover.Job{Message: smsfailover.Message{ID: "id-4711", TplID: "login", To: "+8613800004711", Args: []string{"code-4711"}, IdemKey: "key-4711"}}
	exec(t, pool, "DROP TABLE sms_idem")
	_, err := s.Enqueue(t.Context(), secret)
	require.ErrorContains(t, err, "sqlstore: enqueue: ")
	require.ErrorContains(t, err, "sms_idem")
	require.NotContains(t, err.Error(), "4711")
	require.NotNil(t, errors.Unwrap(err))
	depth, err := s.Depth(t.Context())
	require.NoError(t, err)
	require.Zero(t, depth, "half of it was stored")
}

// Drivers quote what they can't put into a column of another type.
func columnOfAnotherTypeTellsNothing(t *testing.T, d *sqldb.DB) {
	for _, column := range []string{"args", "recipient", "idem_key"} {
		pool := d.Fresh(t).Open(t)
		statements, err := sqlstore.Schema(dialects[d.Engine])
		require.NoError(t, err)
		for _, text := range statements {
			exec(t, pool, regexp.MustCompile(`(\s`+column+`\s+)\S+`).ReplaceAllString(text, "${1}DATE"))
		}
		s, err := sqlstore.New(pool, dialects[d.Engine])
		require.NoError(t, err)
		secret := smsfailover.Job{Message: smsfailover.Message{ID: "id", TplID: "login", To: "+8613800004711", Args: []string{"code-4711"}, IdemKey: "key-4711"}}
		_, err = s.Enqueue(t.Context(), secret)
		if d.Engine == sqldb.SQLite {
			require.NoError(t, err, "its columns take everything")
			continue
		}
		require.Error(t, err)
		require.NotContains(t, err.Error(), "4711")
	}
}
