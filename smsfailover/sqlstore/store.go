package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// A Store is a [smsfailover.Store] in a SQL database, for any number of processes
// at once. It starts no goroutine, holds no connection between calls, and is safe
// for concurrent use.
//
// Enqueue is one transaction. In PostgreSQL, Claim is one statement, and so is a
// report (Done, Extend, Retry, Release, Bury) on a single job; one on several is
// that statement in a transaction. In the others they are one transaction of two
// statements, of up to four for a Claim, and a report on a single job is one
// statement. A report on a job that was superseded or lost is a statement more. A Claim that finds nothing ready is
// one read. Depth reads the whole table, Dead and Redrive the dead letters.
//
// A call that meets others in its way tries again; see [WithPatience].
type Store struct {
	db    *sql.DB
	cfg   config
	f     flavor
	names *strings.Replacer
}

var _ smsfailover.Store = (*Store)(nil)

// New returns a Store on db, which stays the caller's, in a database whose tables
// [Store.Migrate] or the statements of [Schema] have made. It calls nothing. The
// error wraps [smsfailover.ErrInput] and joins all that is wrong with the
// arguments.
//
// Any driver of database/sql will do. What a deadlock and the like are is read
// off the errors of go-sql-driver/mysql, pgx, lib/pq, modernc.org/sqlite and
// mattn/go-sqlite3, and those made like them; a driver whose errors tell neither
// number nor SQLSTATE gets no second try.
func New(db *sql.DB, d Dialect, opts ...Option) (*Store, error) {
	cfg, err := newConfig(opts)
	if db == nil {
		err = errors.Join(err, fault("New: the *sql.DB is nil"))
	}
	f, wrong := flavorOf(d)
	if err = errors.Join(err, wrong); err != nil {
		return nil, err
	}
	return &Store{db: db, cfg: cfg, f: f, names: newNames(f, cfg.prefix)}, nil
}

func flavorOf(d Dialect) (flavor, error) {
	f, ok := flavors[d]
	if !ok {
		return flavor{}, fault("%v: want MySQL, MariaDB, PostgreSQL or SQLite", d)
	}
	return f, nil
}

// Depth counts the jobs; see [smsfailover.Store]. It reads the whole table, which
// takes 50 to 100 ms for 100 000 jobs: don't ask more often than every second.
func (s *Store) Depth(ctx context.Context) (smsfailover.Depth, error) {
	var d smsfailover.Depth
	err := s.try(ctx, "depth", func() error {
		var now int64
		var oldest sql.NullInt64
		from := time.Now()
		err := query(ctx, s.db, s.sql(depthText), func(rows *sql.Rows) error {
			return rows.Scan(&now, &d.Ready, &d.Leased, &d.Delayed, &d.Dead, &oldest)
		})
		if oldest.Valid {
			d.Oldest = measure(from, time.Now(), now).local(oldest.Int64)
		}
		return err
	})
	if err != nil {
		return smsfailover.Depth{}, err
	}
	return d, nil
}

const depthText = `SELECT MAX(now),
	COALESCE(SUM(CASE WHEN state = 0 AND due <= now THEN 1 ELSE 0 END), 0),
	COALESCE(SUM(CASE WHEN state = 0 AND due > now AND lease_until > now THEN 1 ELSE 0 END), 0),
	COALESCE(SUM(CASE WHEN state = 0 AND due > now AND COALESCE(lease_until, 0) <= now THEN 1 ELSE 0 END), 0),
	COALESCE(SUM(CASE WHEN state = 1 THEN 1 ELSE 0 END), 0),
	MIN(CASE WHEN state = 0 THEN enqueued END)
FROM (SELECT {now} AS now) clock LEFT JOIN {jobs} ON 1 = 1`
