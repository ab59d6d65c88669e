// Package sqlstore keeps the messages of smsfailover in a SQL database: MySQL,
// MariaDB, PostgreSQL or SQLite.
//
// A [Store] has the whole contract of [smsfailover.Store]: what it has accepted
// outlives the process, any number of processes share the work and no two hold
// the same job, and a job whose process died is claimed by another when its lease
// ends. It needs database/sql and a driver, which you choose:
//
//	db, err := sql.Open("pgx", dsn) // with _ "github.com/jackc/pgx/v5/stdlib"
//	...
//	store, err := sqlstore.New(db, sqlstore.PostgreSQL)
//	...
//	err = store.Migrate(ctx) // or run the statements of sqlstore.Schema
//	...
//	f, err := smsfailover.New(provider, store)
//
// # How it works
//
// Jobs live in one table, of which a claim searches one index: state, band of
// priority, when it is their turn. A claim writes the end of the lease into that
// last column, so that a job whose worker died is due like any other, and nothing
// else has to find it. Two workers don't wait for each other: they pass by the
// rows that the other has locked (SKIP LOCKED; in SQLite there is one writer at a
// time). Every claim has a token, and a report changes only the row that has it.
//
// All times are the server's: microseconds since 1970, in SQLite whole
// milliseconds. The clocks of the processes don't matter: where they are off by
// more than a call takes, times are translated on their way in and out.
// Nor do the time zone, the isolation and the character set of the session.
//
// A second table holds the hashes of IdemKeys for a day, or longer; see
// [WithIdemRetention]. Calls that store keys delete old ones, a few at a time.
//
// # What to set up
//
// SQLite: journal_mode WAL, so that readers don't stop the writer, and synchronous
// FULL, or the last commits may be lost with the power. A busy_timeout spares a
// call the waits that it else does itself. Several processes on one machine may
// share the file; a database in memory has to have one connection. The encoding is
// UTF-8, as it comes.
//
// MySQL and MariaDB: nothing; binlog_format must not be STATEMENT, which goes with
// no READ COMMITTED, and sessions keep autocommit on and sql_safe_updates off. The
// sql_mode doesn't matter. A driver that interpolates arguments itself, such as
// go-sql-driver/mysql with interpolateParams, saves a round trip per statement.
// innodb_lock_wait_timeout and, in PostgreSQL, lock_timeout are waits that a call
// makes again until its patience ends; see [WithPatience].
//
// PostgreSQL: nothing; bytea_output stays hex. The table asks autovacuum for more
// than its usual care.
//
// A failover to a replica that lags loses the last commits, as everywhere.
//
// # What it stores
//
// Numbers and, without a [smsfailover.Sealer], args lie in the tables in clear,
// args as JSON. Errors hold neither: one whose text may quote values tells its
// number instead.
package sqlstore
