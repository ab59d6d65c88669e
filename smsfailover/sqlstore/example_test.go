package sqlstore_test

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"strings"

	"github.com/ycvk/tinybook/smsfailover/sqlstore"
)

// Tables for whoever migrates by other means.
func ExampleSchema() {
	statements, err := sqlstore.Schema(sqlstore.PostgreSQL, sqlstore.WithPrefix("notify_"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, s := range statements {
		head, _, _ := strings.Cut(s, "(")
		fmt.Println(strings.TrimSpace(head))
	}
	// Output:
	// CREATE TABLE IF NOT EXISTS notify_jobs
	// CREATE UNIQUE INDEX IF NOT EXISTS notify_dedupe ON notify_jobs
	// CREATE INDEX IF NOT EXISTS notify_claim ON notify_jobs
	// CREATE INDEX IF NOT EXISTS notify_holder ON notify_jobs
	// CREATE TABLE IF NOT EXISTS notify_idem
	// CREATE INDEX IF NOT EXISTS notify_expires ON notify_idem
}

// New calls nothing, and names all that is wrong at once.
func ExampleNew() {
	var connector driver.Connector // of your driver
	_, err := sqlstore.New(sql.OpenDB(connector), 0, sqlstore.WithPrefix("sms-"), sqlstore.WithPatience(-1))
	fmt.Println(err)
	// Output:
	// sqlstore: smsfailover: invalid argument: WithPrefix("sms-"): want 1 to 40 letters, digits and underscores, the first no digit
	// sqlstore: smsfailover: invalid argument: WithPatience(-1ns): want 0 or more
	// sqlstore: smsfailover: invalid argument: Dialect(0): want MySQL, MariaDB, PostgreSQL or SQLite
}
