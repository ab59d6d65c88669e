package sqlstore_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/sqlstore"
)

// Pods that start together all migrate.
func migrateAtOnce(t *testing.T, d *sqldb.DB) {
	for range 5 {
		d := d.Fresh(t)
		var wg sync.WaitGroup
		for range 6 {
			s, err := sqlstore.New(d.Open(t), dialects[d.Engine])
			require.NoError(t, err)
			wg.Go(func() {
				if err := s.Migrate(t.Context()); err != nil {
					t.Errorf("Migrate: %v", err)
				}
			})
		}
		wg.Wait()
		s, _ := open(t, d) // and once more
		enqueue(t, s, smsfailover.Queued, job(1))
		require.NoError(t, s.Migrate(t.Context()))
		require.Equal(t, job(1).ID, claimOne(t, s).ID, "Migrate changed what was there")
	}
}

// The statements of Schema do what Migrate does, and prefixes keep stores apart.
func schemaByHand(t *testing.T, d *sqldb.DB) {
	pool := d.Fresh(t).Open(t)
	var stores []*sqlstore.Store
	for _, prefix := range []string{"a_", "b_"} {
		statements, err := sqlstore.Schema(dialects[d.Engine], sqlstore.WithPrefix(prefix))
		require.NoError(t, err)
		for range 2 {
			for _, text := range statements {
				exec(t, pool, text)
			}
		}
		s, err := sqlstore.New(pool, dialects[d.Engine], sqlstore.WithPrefix(prefix))
		require.NoError(t, err)
		stores = append(stores, s)
	}
	enqueue(t, stores[0], smsfailover.Queued, job(1))
	enqueue(t, stores[1], smsfailover.Queued, job(1))
	require.NoError(t, stores[0].Done(t.Context(), claimOne(t, stores[0]).Ref()))
	depth, err := stores[1].Depth(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, depth.Ready)
}

// A call whose context is done says why, and does nothing.
func callAfterItsContext(t *testing.T, d *sqldb.DB) {
	s, _ := open(t, d.Fresh(t))
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the pod goes down")
	cancel(cause)
	_, err := s.Enqueue(ctx, job(1))
	require.ErrorIs(t, err, cause)
	require.ErrorIs(t, s.Done(ctx), cause)
	depth, err := s.Depth(t.Context())
	require.NoError(t, err)
	require.Zero(t, depth)
}

// What is there and not right is found at the start, and told in the database's own
// words, and not by the first message.
func migrateFindsWhatIsWrong(t *testing.T, d *sqldb.DB) {
	hasNot := func(t *testing.T, want string, spoil ...string) {
		t.Helper()
		s, pool := open(t, d.Fresh(t))
		for _, text := range spoil {
			exec(t, pool, text)
		}
		err := s.Migrate(t.Context())
		require.ErrorContains(t, err, "sqlstore: migrate: ")
		require.ErrorContains(t, err, want)
	}
	hasNot(t, "prev", "ALTER TABLE sms_jobs DROP COLUMN prev")
	hasNot(t, "expires", "DROP TABLE sms_idem", "CREATE TABLE sms_idem (k INT PRIMARY KEY)")
	switch d.Engine {
	case sqldb.MySQL, sqldb.MariaDB:
		for _, index := range []string{"sms_claim", "sms_dedupe", "sms_holder"} {
			hasNot(t, index, "ALTER TABLE sms_jobs DROP INDEX "+index)
		}
		hasNot(t, "sms_expires", "ALTER TABLE sms_idem DROP INDEX sms_expires")
	default:
		s, pool := open(t, d.Fresh(t))
		exec(t, pool, "DROP INDEX sms_claim")
		require.NoError(t, s.Migrate(t.Context()))
		exec(t, pool, "DROP INDEX sms_claim") // it is there again
	}
	other := sqlstore.MySQL
	if d.Engine == sqldb.MySQL || d.Engine == sqldb.MariaDB {
		other = sqlstore.PostgreSQL
	}
	s, err := sqlstore.New(d.Fresh(t).Open(t), other)
	require.NoError(t, err)
	require.Regexp(t, `syntax|pg_advisory`, s.Migrate(t.Context()), "the dialect of another engine")
}

// In UTF-16 a token of bytes is not what it was when it is read.
func TestMigrateWantsUTF8(t *testing.T) {
	pool := (&sqldb.DB{Driver: "sqlite", DSN: "file:" + t.TempDir() + "/utf16.db?_pragma=encoding('UTF-16')"}).Open(t)
	s, err := sqlstore.New(pool, sqlstore.SQLite)
	require.NoError(t, err)
	require.ErrorContains(t, s.Migrate(t.Context()), "sqlstore: migrate: the encoding of the database is UTF-16")
}
