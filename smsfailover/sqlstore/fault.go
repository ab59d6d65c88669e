package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
)

// failed wraps what ended the call op.
func failed(ctx context.Context, op string, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if op != migrate && quotes(err) {
		err = &driverError{err}
	}
	return fmt.Errorf("sqlstore: %s: %w", op, err)
}

// A driverError is an error whose text may quote what a statement was about. It
// tells its number only, and what it is to errors.Is and errors.As.
type driverError struct{ err error }

func (e *driverError) Error() string {
	c := codeOf(e.err)
	return strings.TrimSpace(fmt.Sprintf("the database refused the statement: error %d %s", c.number, c.state))
}

func (e *driverError) Unwrap() error { return e.err }

// A code is what a driver's error says of itself.
type code struct {
	number int    // MySQL's and MariaDB's, or SQLite's extended result code
	state  string // SQLSTATE
}

// codeOf looks for methods and fields by name, since no driver is imported here:
// SQLState() of pgx and lib/pq, Number and SQLState of go-sql-driver/mysql,
// Code() of modernc.org/sqlite, ExtendedCode of mattn/go-sqlite3.
func codeOf(err error) code {
	var c code
	if e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err); ok {
		c.state = e.SQLState()
	}
	if e, ok := errors.AsType[interface {
		error
		Code() int
	}](err); ok {
		c.number = e.Code()
	}
	for ; err != nil && c == (code{}); err = errors.Unwrap(err) {
		c = fieldsOf(err)
	}
	return c
}

func fieldsOf(err error) code {
	v := reflect.Indirect(reflect.ValueOf(err))
	if v.Kind() != reflect.Struct {
		return code{}
	}
	for _, name := range []string{"Number", "ExtendedCode"} {
		f := v.FieldByName(name)
		if !f.IsValid() {
			continue
		}
		switch {
		case f.CanUint():
			return code{number: int(f.Uint()), state: stateOf(v)}
		case f.CanInt():
			return code{number: int(f.Int())}
		}
	}
	return code{}
}

func stateOf(v reflect.Value) string {
	f := v.FieldByName("SQLState")
	if !f.IsValid() || f.Kind() != reflect.Array || f.Type().Elem().Kind() != reflect.Uint8 {
		return ""
	}
	state := make([]byte, f.Len())
	for i := range state {
		state[i] = byte(f.Index(i).Uint())
	}
	return strings.Trim(string(state), "\x00")
}

// Numbers of MySQL and MariaDB, and primary result codes of SQLite.
const (
	lockWaitTimeout = 1205
	deadlock        = 1213
	recordChanged   = 1020
	duplicateEntry  = 1062

	sqliteBusy       = 5
	sqliteLocked     = 6
	sqliteUnique     = 19 | 8<<8
	sqlitePrimaryKey = 19 | 6<<8
)

// isConflict reports whether the call met another one and should be made again.
// That somebody else inserted the same row is one of these: the second try finds
// it.
func isConflict(err error) bool {
	c := codeOf(err)
	switch c.state {
	case "40001", "40P01", "55P03", "23505": // serialization, deadlock, lock timeout, unique
		return true
	}
	switch c.number {
	case lockWaitTimeout, deadlock, recordChanged, duplicateEntry,
		sqliteUnique, sqlitePrimaryKey:
		return true
	}
	return c.state == "" && (c.number&0xff == sqliteBusy || c.number&0xff == sqliteLocked)
}

// quotes reports whether the text of err may hold values: those of data that
// don't fit, of keys that are there already, and of statements that can't be
// read.
func quotes(err error) bool {
	c := codeOf(err)
	if strings.HasPrefix(c.state, "22") || strings.HasPrefix(c.state, "23") || c.state == "42601" {
		return true
	}
	switch c.number {
	case duplicateEntry, 1064, 1264, 1265, 1292, 1366, 1406, 1411, 1525:
		return true
	}
	return false
}
