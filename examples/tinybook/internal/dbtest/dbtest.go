// Package dbtest runs a test on every database that the application knows.
package dbtest

import (
	"database/sql"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	mysqldriver "github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/internal/realserver"
)

// Each runs f as a subtest on SQLite, on MariaDB and on MySQL; on the servers that
// this machine lacks it skips. open opens a new database with the schema, which is
// closed at the end of its test.
func Each(t *testing.T, f func(t *testing.T, open func(t *testing.T) *platform.DB)) {
	t.Run("sqlite", func(t *testing.T) { f(t, func(t *testing.T) *platform.DB { return SQLite(t) }) })
	t.Run("mariadb", func(t *testing.T) { f(t, onServer(t, realserver.MariaDB(t))) })
	t.Run("mysql", func(t *testing.T) { f(t, onServer(t, realserver.MySQL(t))) })
}

// SQLite opens a new database in a file.
func SQLite(t testing.TB) *platform.DB {
	t.Helper()
	db, err := platform.OpenSQLite(t.Context(), t.TempDir())
	require.NoError(t, err)
	return migrated(t, db)
}

func onServer(t *testing.T, server *realserver.Server) func(t *testing.T) *platform.DB {
	t.Helper()
	cfg := mysqldriver.NewConfig()
	cfg.Net, cfg.Addr, cfg.User, cfg.Logger = "tcp", server.Addr(), "root", &mysqldriver.NopLogger{}
	connector, err := mysqldriver.NewConnector(cfg)
	require.NoError(t, err)
	admin := sql.OpenDB(connector)
	t.Cleanup(func() { require.NoError(t, admin.Close()) })
	var made atomic.Int64
	return func(t *testing.T) *platform.DB {
		t.Helper()
		name := fmt.Sprintf("tinybook%d", made.Add(1))
		_, err := admin.ExecContext(t.Context(), "CREATE DATABASE "+name)
		require.NoError(t, err)
		db, err := platform.OpenMySQL(t.Context(), platform.MySQL{Addr: server.Addr(), User: "root", Name: name})
		require.NoError(t, err)
		return migrated(t, db)
	}
}

func migrated(t testing.TB, db *platform.DB) *platform.DB {
	t.Helper()
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, db.Migrate(t.Context()))
	require.NoError(t, db.Migrate(t.Context()), "again")
	return db
}

// Plan returns how the database does the queries of run, which it catches on their
// way through db.Read, in the words of the database.
func Plan(t *testing.T, db *platform.DB, run func()) string {
	t.Helper()
	var plans strings.Builder
	explain := "EXPLAIN FORMAT=TRADITIONAL "
	if db.Read.Name() == "sqlite" {
		explain = "EXPLAIN QUERY PLAN "
	}
	const name = "dbtest:plan"
	caught := 0
	callback := db.Read.Callback().Row()
	raw := db.Read.Callback().Query()
	catch := func(tx *gorm.DB) {
		text := tx.Statement.SQL.String()
		if strings.HasPrefix(text, "EXPLAIN") {
			return
		}
		caught++
		pool, err := db.Read.DB()
		require.NoError(t, err)
		plans.WriteString(rowsOf(t, pool, explain+text, tx.Statement.Vars))
	}
	require.NoError(t, callback.After("gorm:row").Register(name, catch))
	require.NoError(t, raw.After("gorm:query").Register(name, catch))
	run()
	require.NoError(t, callback.Remove(name))
	require.NoError(t, raw.Remove(name))
	require.Positive(t, caught, "no query was seen")
	return plans.String()
}

func rowsOf(t *testing.T, pool *sql.DB, query string, args []any) string {
	t.Helper()
	rows, err := pool.QueryContext(t.Context(), query, args...)
	require.NoError(t, err)
	defer rows.Close()
	columns, err := rows.Columns()
	require.NoError(t, err)
	var text strings.Builder
	for rows.Next() {
		cells := make([]any, len(columns))
		for i := range cells {
			cells[i] = new(sql.NullString)
		}
		require.NoError(t, rows.Scan(cells...))
		for _, cell := range cells {
			text.WriteString(cell.(*sql.NullString).String + " ")
		}
		text.WriteString("\n")
	}
	require.NoError(t, rows.Err())
	return text.String()
}
