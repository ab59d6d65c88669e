package sqlstore

import (
	_ "embed" // schema/*.sql
	"fmt"
)

// A Dialect is a kind of database.
type Dialect uint8

// The dialects.
const (
	MySQL      Dialect = iota + 1 // MySQL 8.0 or later
	MariaDB                       // MariaDB 10.6 or later
	PostgreSQL                    // PostgreSQL 12 or later
	SQLite                        // SQLite 3.32 or later
)

func (d Dialect) String() string {
	if f, ok := flavors[d]; ok {
		return f.name
	}
	return fmt.Sprintf("Dialect(%d)", uint8(d))
}

// A flavor is how a dialect says what the statements have in common.
type flavor struct {
	name   string
	schema string
	// words replace {words} in statements.
	words map[string]string
	// numbered tells that placeholders are $1, $2 and not question marks.
	numbered bool
	// unsafeText tells that a column of text can't hold every string.
	unsafeText bool
	// oneStatement tells that UPDATE and DELETE can return rows, and a CTE hold
	// them, so that a call is one statement without a transaction around it.
	oneStatement bool
	// joinLists tells that rows are looked up by a join with a list of keys, since
	// IN reads small tables from end to end and locks all that it reads.
	joinLists bool
	// byConn tells that transactions are begun by a statement; see beginConn.
	byConn bool
}

//go:embed schema/mysql.sql
var mysqlSchema string

//go:embed schema/postgresql.sql
var postgresqlSchema string

//go:embed schema/sqlite.sql
var sqliteSchema string

// The hints name the index that a statement is made for: on a table that is
// small, or was when it was looked at last, the server would read it all, wait
// for rows that others hold and sort the rest.
var mysqlWords = map[string]string{
	"{now}":        "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
	"{token}":      "CONCAT(?, id)",
	"{hash}":       "?",
	"{greatest}":   "GREATEST",
	"{lock}":       " FOR UPDATE",
	"{arm}":        "(",
	"{end}":        ")",
	"{skip}":       " FOR UPDATE SKIP LOCKED",
	"{by id}":      " FORCE INDEX (PRIMARY)",
	"{by dedupe}":  " FORCE INDEX ({prefix}dedupe)",
	"{by holder}":  " FORCE INDEX ({prefix}holder)",
	"{by due}":     " FORCE INDEX ({prefix}claim)",
	"{by k}":       " FORCE INDEX (PRIMARY)",
	"{by expires}": " FORCE INDEX ({prefix}expires)",
}

// The subselect makes the time a constant of the statement, which an index can be
// searched for.
var postgresqlWords = map[string]string{
	"{now}":      "(SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint)",
	"{token}":    "?::text || id",
	"{hash}":     "?::bytea",
	"{greatest}": "GREATEST",
	"{lock}":     " FOR UPDATE",
	"{arm}":      "SELECT * FROM (",
	"{end}":      ") arm",
	"{skip}":     " FOR UPDATE SKIP LOCKED",
}

// The time is one of milliseconds. A day of the Julian calendar holds it exactly
// enough to be rounded, and needs no new version.
var sqliteWords = map[string]string{
	"{now}":      "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER) * 1000",
	"{token}":    "CAST(? || id AS BLOB)",
	"{hash}":     "?",
	"{greatest}": "MAX",
}

var flavors = map[Dialect]flavor{
	MySQL:      {name: "MySQL", schema: mysqlSchema, words: mysqlWords, joinLists: true},
	MariaDB:    {name: "MariaDB", schema: mysqlSchema, words: mysqlWords, joinLists: true},
	PostgreSQL: {name: "PostgreSQL", schema: postgresqlSchema, words: postgresqlWords, numbered: true, unsafeText: true, oneStatement: true},
	SQLite:     {name: "SQLite", schema: sqliteSchema, words: sqliteWords, byConn: true},
}
