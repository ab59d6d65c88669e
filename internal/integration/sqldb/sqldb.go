// Package sqldb starts real databases for tests and opens pools on them.
//
// One server serves a whole test: start it once and give each subtest a database
// of its own with [DB.Fresh]. The DSN works in another process too, so a test
// may start children that share the database and kill them.
package sqldb

import (
	"database/sql"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/ycvk/tinybook/internal/realserver"

	_ "github.com/go-sql-driver/mysql" // driver "mysql"
	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
	_ "modernc.org/sqlite"             // driver "sqlite"
)

// An Engine is a kind of database.
type Engine string

// The engines that [Start] knows.
const (
	SQLite   Engine = "sqlite"
	MySQL    Engine = "mysql"
	MariaDB  Engine = "mariadb"
	Postgres Engine = "postgres"
)

// Engines lists all of them, the one that needs no server first.
func Engines() []Engine { return []Engine{SQLite, MySQL, MariaDB, Postgres} }

// A DB is one database of a server, which lives as long as the test that started
// it.
type DB struct {
	Engine Engine
	Server *realserver.Server // nil for SQLite
	Driver string             // for sql.Open
	DSN    string             // for sql.Open; see [DB.Open]
}

// Start starts a server of the engine with args added to its command line, and
// makes an empty database on it. It skips or fails the test where the server is
// missing, as package realserver does. For SQLite it names a file.
func Start(t testing.TB, e Engine, args ...string) *DB {
	t.Helper()
	if e == SQLite {
		return (&DB{Engine: e, Driver: "sqlite"}).Fresh(t)
	}
	return StartSpec(t, e, e.Spec(t, args...))
}

// StartSpec is [Start] with the server described by a changed [Engine.Spec], such
// as one that has gone through [realserver.Skewed].
func StartSpec(t testing.TB, e Engine, spec realserver.Spec) *DB {
	t.Helper()
	d := &DB{Engine: e, Server: realserver.Start(t, spec), Driver: "mysql"}
	if e == Postgres {
		d.Driver = "pgx"
	}
	return d.Fresh(t)
}

// Spec describes the engine's server; SQLite has none, which ends the test.
func (e Engine) Spec(t testing.TB, args ...string) realserver.Spec {
	t.Helper()
	switch e {
	case MySQL:
		return realserver.MySQLSpec(args...)
	case MariaDB:
		return realserver.MariaDBSpec(args...)
	case Postgres:
		return realserver.PostgreSQLSpec(args...)
	default:
		t.Fatalf("sqldb: %q has no server", e)
		return realserver.Spec{}
	}
}

// names numbers the databases of this process.
var names atomic.Int64

// Fresh makes another empty database on the same server.
func (d *DB) Fresh(t testing.TB) *DB {
	t.Helper()
	fresh := *d
	if d.Engine == SQLite {
		fresh.DSN = sqliteDSN(filepath.Join(t.TempDir(), "test.db"))
		return &fresh
	}
	admin := *d
	admin.DSN = d.dsn(map[Engine]string{Postgres: "postgres"}[d.Engine])
	name := fmt.Sprintf("test%d", names.Add(1))
	pool := admin.Open(t)
	defer pool.Close() // no need to hold its connection until the test ends
	if _, err := pool.ExecContext(t.Context(), "CREATE DATABASE "+name); err != nil {
		t.Fatalf("%s: CREATE DATABASE: %v", d.Engine, err)
	}
	fresh.DSN = d.dsn(name)
	return &fresh
}

// Open opens a new pool on the database; it is closed at the end of t, before
// the server ends. On MySQL and MariaDB times are scanned as UTC; on SQLite a
// transaction takes the write lock when it begins, and waits up to ten seconds
// for it.
func (d *DB) Open(t testing.TB) *sql.DB {
	t.Helper()
	pool, err := sql.Open(d.Driver, d.DSN)
	if err != nil {
		t.Fatalf("%s: %v", d.Engine, err)
	}
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Errorf("%s: Close: %v", d.Engine, err)
		}
	})
	return pool
}

func (d *DB) dsn(database string) string {
	if d.Engine == Postgres {
		return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", d.Server.Addr(), database)
	}
	return fmt.Sprintf("root@tcp(%s)/%s?parseTime=true&loc=UTC", d.Server.Addr(), database)
}

func sqliteDSN(path string) string {
	pragmas := url.Values{
		"_pragma": {"journal_mode(WAL)", "busy_timeout(10000)", "synchronous(FULL)"},
		"_txlock": {"immediate"},
	}
	return "file:" + strings.NewReplacer("?", "%3F", "#", "%23").Replace(path) + "?" + pragmas.Encode()
}

// Version returns what the database calls itself.
func (d *DB) Version(t testing.TB) (version string) {
	t.Helper()
	ask := "SELECT version()"
	if d.Engine == SQLite {
		ask = "SELECT 'SQLite ' || sqlite_version()"
	}
	if err := d.Open(t).QueryRowContext(t.Context(), ask).Scan(&version); err != nil {
		t.Fatalf("%s: %v", d.Engine, err)
	}
	return version
}
