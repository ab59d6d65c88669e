package kafkastore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/sqlstore"
)

// sqlIndex opens the store on d that is the index of a queue.
func sqlIndex(t testing.TB, d *sqldb.DB) smsfailover.Store {
	t.Helper()
	s, err := sqlstore.New(d.Open(t), sqlstore.SQLite)
	require.NoError(t, err)
	require.NoError(t, s.Migrate(t.Context()))
	return s
}
