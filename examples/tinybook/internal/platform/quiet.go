package platform

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"

	mysqldriver "github.com/go-sql-driver/mysql"
	"gorm.io/gorm"
)

// Quiet returns an error about a store that can be logged. Its text names what
// happened and none of the values that the store was given, which databases
// quote: MySQL does in errors 1366 and 1406, Redis in the error for a command
// that it doesn't know. errors.Is and errors.As see the whole of err.
func Quiet(err error) error {
	if err == nil {
		return nil
	}
	return &quietError{text: quietText(err), err: err}
}

type quietError struct {
	text string
	err  error
}

func (q *quietError) Error() string { return q.text }
func (q *quietError) Unwrap() error { return q.err }

// fixed are errors whose texts say what they say to everybody.
var fixed = []error{
	context.Canceled, context.DeadlineExceeded,
	io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
	sql.ErrConnDone, sql.ErrTxDone, driver.ErrBadConn, mysqldriver.ErrInvalidConn,
	gorm.ErrInvalidDB, gorm.ErrCheckConstraintViolated, gorm.ErrForeignKeyViolated,
}

func quietText(err error) string {
	for _, known := range fixed {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	if quiet, ok := errors.AsType[*quietError](err); ok {
		return quiet.text
	}
	if e, ok := errors.AsType[*mysqldriver.MySQLError](err); ok {
		return fmt.Sprintf("MySQL error %d (%s)", e.Number, e.SQLState[:])
	}
	if e, ok := errors.AsType[interface { // SQLite
		error
		Code() int
	}](err); ok {
		return fmt.Sprintf("SQLite error %d", e.Code())
	}
	if e, ok := errors.AsType[*net.OpError](err); ok {
		return e.Error() // addresses, and what the system said
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	// database/sql has no name for this one.
	if text := err.Error(); text == "sql: database is closed" {
		return text
	}
	return fmt.Sprintf("error of type %T", err)
}
