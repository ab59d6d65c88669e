package platform_test

import (
	"context"
	"errors"
	"testing"

	mysqldriver "github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
)

// What MySQL undid to end a deadlock is done again, a few times; any other failure
// is the caller's, and so is a context that is over.
func TestTxTriesDeadlocksAgain(t *testing.T) {
	db, err := platform.OpenSQLite(t.Context(), t.TempDir())
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, db.Write.Exec("CREATE TABLE n (v INTEGER PRIMARY KEY)").Error)
	deadlock := error(&mysqldriver.MySQLError{Number: 1213})
	other := error(&mysqldriver.MySQLError{Number: 1205})
	ctx, cancel := context.WithCancel(t.Context())
	for name, tc := range map[string]struct {
		fails []error // of the first runs; then it works
		runs  int
		want  error
	}{
		"works":         {nil, 1, nil},
		"twice":         {[]error{deadlock, errors.Join(deadlock)}, 3, nil},
		"for ever":      {[]error{deadlock, deadlock, deadlock, deadlock, deadlock, deadlock}, 5, deadlock},
		"other failure": {[]error{other}, 1, other},
	} {
		t.Run(name, func(t *testing.T) {
			runs := 0
			err := db.Tx(ctx, func(tx *gorm.DB) error {
				runs++
				require.NoError(t, tx.Exec("INSERT INTO n VALUES (1)").Error, "what was done before is undone")
				if runs <= len(tc.fails) {
					return tc.fails[runs-1]
				}
				return tx.Exec("DELETE FROM n").Error
			})
			require.ErrorIs(t, err, tc.want)
			require.Equal(t, tc.runs, runs)
		})
	}
	runs := 0
	err = db.Tx(ctx, func(*gorm.DB) error {
		runs++
		cancel()
		return deadlock
	})
	require.Error(t, err)
	require.Equal(t, 1, runs)
}

// An insert says whether there was a row before. That MySQL says the same is shown
// where rows are inserted.
func TestInsertNew(t *testing.T) {
	db, err := platform.OpenSQLite(t.Context(), t.TempDir())
	require.NoError(t, err)
	defer func() { require.NoError(t, db.Close()) }()
	require.NoError(t, db.Write.Exec("CREATE TABLE n (v INTEGER PRIMARY KEY)").Error)
	insert := db.InsertNew("INSERT INTO n (v) VALUES (?)")
	for _, want := range []int64{1, 0, 0} {
		done := db.Write.Exec(insert, 7)
		require.NoError(t, done.Error)
		require.Equal(t, want, done.RowsAffected)
	}
}
