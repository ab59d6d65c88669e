package sqlstore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/sqlstore"
)

// A conflict is what a store tries again after.
type conflict struct{}

func (conflict) Error() string    { return "a deadlock that the test made" }
func (conflict) SQLState() string { return "40P01" }

// A call that is tried again starts from nothing: what its first try has seen was
// rolled back, and may be somebody else's by now.
func triesStartFromNothing(t *testing.T, d *sqldb.DB) {
	d = d.Fresh(t)
	other, pool := open(t, d)
	taps, tp := tapped(t, d)
	s, err := sqlstore.New(taps, dialects[d.Engine])
	require.NoError(t, err)
	const n = 250 // so that Redrive takes two statements
	jobs := make([]smsfailover.Job, n)
	for i := range jobs {
		jobs[i] = job(i)
	}
	_, err = other.Enqueue(t.Context(), jobs...)
	require.NoError(t, err)

	tp.failOnce(t, "UPDATE", 1, nil)
	got, err := s.Claim(t.Context(), "worker", n, time.Minute)
	require.NoError(t, err)
	require.Equal(t, n, len(got))
	for _, j := range got {
		require.Equal(t, 1, j.Claims)
	}

	// Of three claims the first is lost between two tries, and the last is nobody's.
	refs := []smsfailover.Ref{got[0].Ref(), got[1].Ref(), {ID: "nobody's", Token: "t"}}
	word := "DELETE"
	if d.Engine == sqldb.Postgres { // it deletes first, and looks for the last one then
		word = "UPDATE"
	}
	tp.failOnce(t, word, 1, func() { require.NoError(t, other.Done(t.Context(), refs[0])) })
	lost, ok := errors.AsType[*smsfailover.LostError](s.Done(t.Context(), refs...))
	require.True(t, ok)
	require.Equal(t, []smsfailover.Ref{refs[0], refs[2]}, lost.Refs)

	_, err = pool.ExecContext(t.Context(), "UPDATE sms_jobs SET state = 1, band = 0, dedupe = NULL, token = NULL, lease_until = NULL")
	require.NoError(t, err)
	tp.failOnce(t, "UPDATE", 2, nil)
	revived, err := s.Redrive(t.Context(), smsfailover.Filter{})
	require.NoError(t, err)
	require.Equal(t, n-2, revived)
}

// failOnce makes the nth statement from now on whose word is UPDATE, or DELETE, a
// conflict instead of running it, and calls between before the one after it.
func (tp *tap) failOnce(t *testing.T, word string, nth int, between func()) {
	t.Helper()
	failed := false
	tp.before = func(text string) error {
		switch {
		case failed && text != "ROLLBACK":
			tp.before = nil
			if between != nil {
				between()
			}
		case strings.HasPrefix(text, word) || strings.Contains(text, word+" sms_jobs"):
			if nth--; nth == 0 {
				failed = true
				return conflict{}
			}
		}
		return nil
	}
	t.Cleanup(func() { require.True(t, failed, "no statement with %s failed", word) })
}
