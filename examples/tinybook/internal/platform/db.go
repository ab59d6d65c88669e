// Package platform opens what TinyBook stands on: a database and a Redis,
// inside the process or real ones.
package platform

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/glebarez/sqlite"
	mysqldriver "github.com/go-sql-driver/mysql"
	"gorm.io/driver/mysql"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"github.com/ycvk/tinybook/smsfailover/sqlstore"
)

//go:embed schema
var schemas embed.FS

// pingTimeout bounds the first contact with a service.
const pingTimeout = 5 * time.Second

// DB is a database. SQLite has one connection that writes and several that
// read; for MySQL both are the same pool.
type DB struct {
	Write   *gorm.DB
	Read    *gorm.DB
	dialect string
	pools   []*sql.DB
}

// OpenSQLite opens the database in the file dir/tinybook.db.
//
// Write-ahead logging lets readers go on while one connection writes. Writers
// take the lock when they begin: a transaction that reads first and asks for
// the lock later fails at once, whatever the busy timeout is. What is written is
// on the disk at the commit (FULL): a message in the queue is a promise.
func OpenSQLite(ctx context.Context, dir string) (*DB, error) {
	path := filepath.Join(dir, "tinybook.db")
	db := &DB{dialect: "sqlite"}
	err := private(path)
	if err == nil {
		db.Write, err = db.open(sqlite.Open(sqliteDSN(path, true)), 1)
	}
	if err == nil {
		// The first connection that reads finds the journal mode set.
		if err = db.ping(ctx); err == nil {
			readers := max(4, runtime.GOMAXPROCS(0))
			if db.Read, err = db.open(sqlite.Open(sqliteDSN(path, false)), readers); err == nil {
				err = openAll(ctx, db.Read, readers)
			}
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("platform: sqlite: %w", err), db.Close())
	}
	return db, nil
}

// openAll makes all connections of a pool, each with the files that it needs, so that
// a directory which goes away later takes none from those who read.
func openAll(ctx context.Context, db *gorm.DB, n int) error {
	pool, err := db.DB()
	if err != nil {
		return err
	}
	for range n {
		conn, err := pool.Conn(ctx)
		if err != nil {
			return err
		}
		defer conn.Close() // which puts it into the pool
		var tables int
		if err := conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM sqlite_master").Scan(&tables); err != nil {
			return err
		}
	}
	return nil
}

// private makes the file at path if there is none, and takes away from others
// what they may do with it. SQLite gives the files beside it the same mode.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			err = os.Chmod(name, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func sqliteDSN(path string, write bool) string {
	query := []string{
		"_pragma=busy_timeout(5000)", // before the others, which may have to wait
		"_pragma=synchronous(FULL)",
		"_pragma=foreign_keys(1)",
	}
	if write {
		query = append(query, "_pragma=journal_mode(WAL)", "_txlock=immediate")
	} else {
		query = append(query, "_pragma=query_only(1)")
	}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + strings.Join(query, "&")
}

// MySQL says where a MySQL or MariaDB is. DSN, if set, replaces the rest.
type MySQL struct {
	DSN, Addr, User, Password, Name string
}

// DriverConfig returns what the driver is told. Rows that match count as
// affected, as they do in SQLite.
func (m MySQL) DriverConfig() (*mysqldriver.Config, error) {
	cfg := mysqldriver.NewConfig()
	if m.DSN != "" {
		parsed, err := mysqldriver.ParseDSN(m.DSN)
		if err != nil {
			// The driver's text may quote the DSN and its password.
			return nil, errors.New("the DSN is not of the form user:password@tcp(host:port)/name")
		}
		cfg = parsed
	} else {
		if _, _, err := net.SplitHostPort(m.Addr); err != nil {
			return nil, fmt.Errorf("address %q is not host:port", m.Addr)
		}
		cfg.Net, cfg.Addr = "tcp", m.Addr
		cfg.User, cfg.Passwd, cfg.DBName = m.User, m.Password, m.Name
	}
	cfg.ClientFoundRows = true
	cfg.Timeout = pingTimeout
	cfg.Logger = &mysqldriver.NopLogger{} // what fails is told by errors
	return cfg, nil
}

// OpenMySQL opens a real database and fails if it doesn't answer.
func OpenMySQL(ctx context.Context, m MySQL) (*DB, error) {
	cfg, err := m.DriverConfig()
	if err != nil {
		return nil, fmt.Errorf("platform: mysql: %w", err)
	}
	connector, err := mysqldriver.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("platform: mysql: %w", err)
	}
	pool := sql.OpenDB(connector)
	db := &DB{dialect: "mysql", pools: []*sql.DB{pool}}
	pool.SetMaxOpenConns(32)
	pool.SetMaxIdleConns(32)
	pool.SetConnMaxLifetime(3 * time.Minute)
	if err := db.ping(ctx); err != nil {
		err = fmt.Errorf("platform: mysql at %s is not reachable: %w; start it, or unset TINYBOOK_DB_DSN and TINYBOOK_MYSQL_ADDR to use the embedded database", cfg.Addr, err)
		return nil, errors.Join(err, db.Close())
	}
	db.Write, err = gorm.Open(mysql.New(mysql.Config{Conn: pool}), gormConfig())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("platform: mysql: %w", err), db.Close())
	}
	db.Read = db.Write
	return db, nil
}

func (db *DB) open(dialector gorm.Dialector, conns int) (*gorm.DB, error) {
	g, err := gorm.Open(dialector, gormConfig())
	if err != nil {
		return nil, err
	}
	pool, err := g.DB()
	if err != nil {
		return nil, err
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	db.pools = append(db.pools, pool)
	return g, nil
}

// gormConfig silences gorm's own log, which would print e-mails and phones.
func gormConfig() *gorm.Config {
	return &gorm.Config{
		Logger:                 logger.Discard,
		TranslateError:         true,
		SkipDefaultTransaction: true,
		PrepareStmt:            true,
		DisableAutomaticPing:   true,
	}
}

func (db *DB) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	for _, pool := range db.pools {
		if err := pool.PingContext(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Migrate brings the schema up to date. Every statement can be run again and
// by several nodes at once.
func (db *DB) Migrate(ctx context.Context) error {
	text, err := schemas.ReadFile("schema/" + db.dialect + ".sql")
	if err != nil {
		return fmt.Errorf("platform: schema: %w", err)
	}
	for statement := range strings.SplitSeq(string(text), ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if err := db.Write.WithContext(ctx).Exec(statement).Error; err != nil {
			return fmt.Errorf("platform: schema: %w", err)
		}
	}
	return nil
}

// Queue returns the pool that writes, and the dialect of a queue in it.
func (db *DB) Queue(ctx context.Context) (*sql.DB, sqlstore.Dialect, error) {
	if db.dialect == "sqlite" {
		return db.pools[0], sqlstore.SQLite, nil
	}
	var version string
	if err := db.pools[0].QueryRowContext(ctx, "SELECT VERSION()").Scan(&version); err != nil {
		return nil, 0, fmt.Errorf("platform: mysql: version: %w", err)
	}
	if strings.Contains(strings.ToLower(version), "mariadb") {
		return db.pools[0], sqlstore.MariaDB, nil
	}
	return db.pools[0], sqlstore.MySQL, nil
}

// Close closes all connections. That a server was there first is no error: the
// driver has nothing to keep, and a stop after an outage is a clean one.
func (db *DB) Close() error {
	var errs []error
	for _, pool := range db.pools {
		errs = append(errs, pool.Close())
	}
	if db.dialect == "mysql" {
		return nil
	}
	return errors.Join(errs...)
}
