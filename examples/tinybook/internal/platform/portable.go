package platform

import (
	"context"
	"errors"
	"strings"

	mysqldriver "github.com/go-sql-driver/mysql"
	"gorm.io/gorm"
)

// Tx runs f in a transaction, and again, a few times, when MySQL has undone it
// to end a deadlock. f must do nothing that a second run may not repeat.
func (db *DB) Tx(ctx context.Context, f func(tx *gorm.DB) error) error {
	const tries = 5
	var err error
	for range tries {
		if err = db.Write.WithContext(ctx).Transaction(f); !isDeadlock(err) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func isDeadlock(err error) bool {
	const deadlock = 1213
	failed, ok := errors.AsType[*mysqldriver.MySQLError](err)
	return ok && failed.Number == deadlock
}

// InsertNew returns sql, an INSERT, so that it does nothing and affects no row
// when there is a row with its key. An upsert that changes nothing won't do:
// MySQL then counts a row as affected, since here rows that match count.
func (db *DB) InsertNew(sql string) string {
	if db.dialect == "sqlite" {
		return sql + " ON CONFLICT DO NOTHING"
	}
	return strings.Replace(sql, "INSERT", "INSERT IGNORE", 1)
}

// ForUpdate returns sql, a SELECT, so that the rows are the transaction's own
// until it ends. In SQLite a transaction that writes has the whole database.
func (db *DB) ForUpdate(sql string) string {
	if db.dialect == "sqlite" {
		return sql
	}
	return sql + " FOR UPDATE"
}
