package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/sqlstore"
)

// Errors as drivers make them.
type (
	mysqlError struct { // as that of go-sql-driver/mysql
		Number   uint16
		SQLState [5]byte
		Message  string
	}
	pgError      struct{ code, text string } // as those of pgx and lib/pq
	moderncError struct{ code int }
	mattnNumber  int
	mattnError   struct { // a value, not a pointer
		Code, ExtendedCode mattnNumber
	}
)

func (e *mysqlError) Error() string   { return fmt.Sprintf("Error %d: %s", e.Number, e.Message) }
func (e *pgError) Error() string      { return "ERROR: " + e.text + " (SQLSTATE " + e.code + ")" }
func (e *pgError) SQLState() string   { return e.code }
func (e *moderncError) Error() string { return "database is locked" }
func (e *moderncError) Code() int     { return e.code }
func (e mattnError) Error() string    { return "database is locked" }
func state(s string) (state [5]byte)  { copy(state[:], s); return state }
func wrapped(err error) error         { return fmt.Errorf("driver: %w", err) }
func mysql(n uint16, s string) error  { return &mysqlError{n, state(s), "the code is 4711"} }
func postgres(code string) error      { return &pgError{code, `value "4711"`} }

// done calls Done on a store whose statement fails with err some times.
func done(t *testing.T, d sqlstore.Dialect, times int, err error, opts ...sqlstore.Option) (calls int, got error) {
	f := &fake{answer: func(string) ([]int64, error) {
		if calls++; calls <= times {
			return nil, err
		}
		return []int64{1}, nil
	}}
	s, fault := sqlstore.New(f.open(t), d, opts...)
	require.NoError(t, fault)
	got = s.Done(t.Context(), smsfailover.Ref{ID: "id", Token: "token"})
	return calls, got
}

func TestCallTriesAgainAfterAConflict(t *testing.T) {
	for name, tc := range map[string]struct {
		d   sqlstore.Dialect
		err error
	}{
		"MySQL deadlock":             {sqlstore.MySQL, mysql(1213, "40001")},
		"MySQL lock wait":            {sqlstore.MySQL, mysql(1205, "HY000")},
		"MySQL wrapped":              {sqlstore.MySQL, wrapped(mysql(1213, "40001"))},
		"MySQL inserted by another":  {sqlstore.MySQL, mysql(1062, "23000")},
		"MariaDB record has changed": {sqlstore.MariaDB, mysql(1020, "HY000")},
		"PostgreSQL deadlock":        {sqlstore.PostgreSQL, postgres("40P01")},
		"PostgreSQL serialization":   {sqlstore.PostgreSQL, wrapped(postgres("40001"))},
		"PostgreSQL lock timeout":    {sqlstore.PostgreSQL, postgres("55P03")},
		"SQLite busy":                {sqlstore.SQLite, &moderncError{5}},
		"SQLite busy snapshot":       {sqlstore.SQLite, &moderncError{5 | 2<<8}},
		"SQLite locked":              {sqlstore.SQLite, wrapped(mattnError{6, 6 | 1<<8})},
		"SQLite unique":              {sqlstore.SQLite, mattnError{19, 19 | 8<<8}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				calls, err := done(t, tc.d, 5, tc.err)
				require.NoError(t, err)
				require.Equal(t, 6, calls)

				_, err = done(t, tc.d, 1, tc.err, sqlstore.WithPatience(0))
				require.ErrorIs(t, err, tc.err, "no patience")

				began := time.Now()
				calls, err = done(t, tc.d, 1<<30, tc.err, sqlstore.WithPatience(3*time.Second))
				require.ErrorIs(t, err, tc.err)
				require.InDelta(t, 3, time.Since(began).Seconds(), 0.11)
				require.Less(t, calls, 600, "it calls all the time")
			})
		})
	}
}

func TestCallTriesNothingElseAgain(t *testing.T) {
	for name, tc := range map[string]struct {
		d   sqlstore.Dialect
		err error
	}{
		"no number":         {sqlstore.MySQL, errors.New("connection refused")},
		"MySQL read only":   {sqlstore.MySQL, mysql(1290, "HY000")},
		"MySQL data":        {sqlstore.MySQL, mysql(1406, "22001")},
		"PostgreSQL syntax": {sqlstore.PostgreSQL, postgres("42601")},
		"SQLite full":       {sqlstore.SQLite, &moderncError{13}},
		"SQLite not null":   {sqlstore.SQLite, &moderncError{19 | 5<<8}},
	} {
		t.Run(name, func(t *testing.T) {
			calls, err := done(t, tc.d, 1<<30, tc.err)
			require.ErrorIs(t, err, tc.err)
			require.Equal(t, 1, calls)
			require.Regexp(t, `^sqlstore: done: `, err.Error())
		})
	}
}

// A driver's text about data or a key quotes them. What it is to errors.As stays.
func TestErrorsQuoteNothing(t *testing.T) {
	for want, tc := range map[string]struct {
		d   sqlstore.Dialect
		err error
	}{
		"sqlstore: done: the database refused the statement: error 1062 23000": {sqlstore.MySQL, mysql(1062, "23000")},
		"sqlstore: done: the database refused the statement: error 1366 HY000": {sqlstore.MariaDB, mysql(1366, "HY000")},
		"sqlstore: done: the database refused the statement: error 1064 42000": {sqlstore.MySQL, wrapped(mysql(1064, "42000"))},
		"sqlstore: done: the database refused the statement: error 0 22P02":    {sqlstore.PostgreSQL, postgres("22P02")},
		"sqlstore: done: the database refused the statement: error 0 23505":    {sqlstore.PostgreSQL, postgres("23505")},
	} {
		_, err := done(t, tc.d, 1<<30, tc.err, sqlstore.WithPatience(0))
		require.EqualError(t, err, want)
		require.ErrorIs(t, err, tc.err)
	}
	_, err := done(t, sqlstore.MySQL, 1, mysql(1146, "42S02"))
	require.ErrorContains(t, err, "Error 1146", "an error that quotes nothing is told")
}

func TestContextEndsTheTrying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cause := errors.New("the pod goes down")
		ctx, cancel := context.WithCancelCause(t.Context())
		f := &fake{answer: func(string) ([]int64, error) { return nil, mysql(1213, "40001") }}
		s, err := sqlstore.New(f.open(t), sqlstore.MySQL, sqlstore.WithPatience(time.Hour))
		require.NoError(t, err)
		time.AfterFunc(time.Second, func() { cancel(cause) })
		began := time.Now()
		_, err = s.Claim(ctx, "worker", 1, time.Minute)
		require.ErrorIs(t, err, cause)
		require.Equal(t, time.Second, time.Since(began))
	})
}

// What ends a transaction whose statement failed, and that it says READ COMMITTED.
//
// Trap smsfailover/5: the store doesn't take the isolation that the session has.
func TestTransactions(t *testing.T) {
	ref := smsfailover.Ref{ID: "id", Token: "token"}
	for _, tc := range []struct {
		d    sqlstore.Dialect
		fail string // the statement that fails
		want []string
	}{
		{sqlstore.MySQL, "none", []string{"BEGIN Read Committed", "COMMIT"}},
		{sqlstore.MariaDB, "SELECT", []string{"BEGIN Read Committed", "ROLLBACK"}},
		{sqlstore.MariaDB, "COMMIT", []string{"BEGIN Read Committed", "COMMIT"}},
		{sqlstore.SQLite, "none", []string{"BEGIN IMMEDIATE", "COMMIT"}},
		{sqlstore.SQLite, "SELECT", []string{"BEGIN IMMEDIATE", "ROLLBACK"}},
		{sqlstore.SQLite, "COMMIT", []string{"BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"}},
		{sqlstore.SQLite, "BEGIN", []string{"BEGIN IMMEDIATE"}},
	} {
		t.Run(fmt.Sprint(tc.d, " ", tc.fail), func(t *testing.T) {
			broken := errors.New("broken")
			f := &fake{answer: func(text string) ([]int64, error) {
				if strings.HasPrefix(text, tc.fail) {
					return nil, broken
				}
				return nil, nil
			}}
			s, err := sqlstore.New(f.open(t), tc.d)
			require.NoError(t, err)
			err = s.Done(t.Context(), ref, ref)
			if tc.fail == "none" {
				broken = smsfailover.ErrLost // no row is there
			}
			require.ErrorIs(t, err, broken)
			var got []string
			for _, text := range f.seen {
				if strings.HasPrefix(text, "BEGIN") || text == "COMMIT" || text == "ROLLBACK" {
					got = append(got, text)
				}
			}
			require.Equal(t, tc.want, got)
		})
	}
}

// A report on several claims that fails half way leaves nothing of it.
func TestHalfAReport(t *testing.T) {
	broken := errors.New("broken")
	f := &fake{answer: func(text string) ([]int64, error) {
		switch {
		case strings.Contains(text, "DELETE"):
			return []int64{2}, nil
		case strings.Contains(text, "UPDATE"):
			return nil, broken
		}
		return nil, nil
	}}
	s, err := sqlstore.New(f.open(t), sqlstore.PostgreSQL)
	require.NoError(t, err)
	require.ErrorIs(t, s.Done(t.Context(), smsfailover.Ref{ID: "a", Token: "1"}, smsfailover.Ref{ID: "b", Token: "2"}), broken)
	require.Equal(t, "BEGIN Read Committed", f.seen[0])
	require.Equal(t, "ROLLBACK", f.seen[len(f.seen)-1])
	require.Len(t, f.seen, 4)
}

// Refs that no row has are lost, one by one.
func TestLostRefs(t *testing.T) {
	refs := []smsfailover.Ref{{ID: "a", Token: "1"}, {ID: "b", Token: "2"}}
	f := &fake{answer: func(text string) ([]int64, error) {
		if strings.Contains(text, "DELETE") {
			return []int64{2}, nil // the place of the second
		}
		return nil, nil
	}}
	s, err := sqlstore.New(f.open(t), sqlstore.PostgreSQL)
	require.NoError(t, err)
	lost, ok := errors.AsType[*smsfailover.LostError](s.Done(t.Context(), refs...))
	require.True(t, ok)
	require.Equal(t, refs[:1], lost.Refs)
	require.NoError(t, s.Done(t.Context()), "nothing to do")
}

func TestArgumentsThatMakeNoSense(t *testing.T) {
	f := &fake{answer: func(text string) ([]int64, error) { return nil, errors.New("it called " + text) }}
	s, err := sqlstore.New(f.open(t), sqlstore.SQLite)
	require.NoError(t, err)
	for _, call := range []func() error{
		func() error { _, err := s.Claim(t.Context(), "", 0, time.Minute); return err },
		func() error { _, err := s.Claim(t.Context(), "", 1, 0); return err },
		func() error { _, err := s.Enqueue(t.Context(), smsfailover.Job{}); return err },
		func() error {
			j := smsfailover.Job{Message: smsfailover.Message{ID: "i", TplID: "t", To: "n"}, Token: strings.Repeat("x", 129)}
			_, err := s.Enqueue(t.Context(), j)
			return err
		},
	} {
		err := call()
		require.ErrorIs(t, err, smsfailover.ErrInput)
		require.Regexp(t, "^sqlstore: (claim|enqueue): ", err.Error())
	}
	require.Empty(t, f.seen)
}
