package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"strings"
	"sync"
	"testing"

	"github.com/ycvk/tinybook/internal/integration/sqldb"
)

// A tap is a driver that notes every statement on its way to the database.
type tap struct {
	driver driver.Driver
	dsn    string
	deaf   bool                    // transactions have the isolation of the session, whatever is asked for
	before func(text string) error // if not nil, asked before every statement, by one call at a time

	mu   sync.Mutex
	seen []noted
}

// A noted statement can be given to EXPLAIN as it was run.
type noted struct {
	text string
	args []any
}

// tapped opens a pool whose statements the tap notes.
func tapped(t testing.TB, d *sqldb.DB) (*sql.DB, *tap) {
	t.Helper()
	tp := &tap{driver: d.Open(t).Driver(), dsn: d.DSN}
	pool := sql.OpenDB(tp)
	t.Cleanup(func() {
		if err := pool.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return pool, tp
}

// Connect is part of driver.Connector.
func (tp *tap) Connect(context.Context) (driver.Conn, error) {
	c, err := tp.driver.Open(tp.dsn)
	if err != nil {
		return nil, err
	}
	return &tapConn{c, tp}, nil
}

// Driver is part of driver.Connector.
func (tp *tap) Driver() driver.Driver { return tp.driver }

// ask notes a statement and returns what before says.
func (tp *tap) ask(text string, named []driver.NamedValue) error {
	tp.note(text, named)
	if tp.before == nil {
		return nil
	}
	return tp.before(text)
}

func (tp *tap) note(text string, named []driver.NamedValue) {
	args := make([]any, len(named))
	for i, v := range named {
		args[i] = v.Value
	}
	tp.mu.Lock()
	defer tp.mu.Unlock()
	tp.seen = append(tp.seen, noted{text, args})
}

// take returns the statements noted since the last call that look for
// rows, and forgets them.
func (tp *tap) take() []noted {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	var out []noted
	for _, n := range tp.seen {
		switch word, _, _ := strings.Cut(strings.TrimLeft(n.text, "("), " "); word {
		case "SELECT", "UPDATE", "DELETE", "WITH":
			out = append(out, n)
		}
	}
	tp.seen = nil
	return out
}

type tapConn struct {
	driver.Conn
	tap *tap
}

// BeginTx is part of driver.ConnBeginTx.
func (c *tapConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if c.tap.deaf {
		opts.Isolation = driver.IsolationLevel(sql.LevelDefault)
	}
	return c.Conn.(driver.ConnBeginTx).BeginTx(ctx, opts)
}

// ExecContext is part of driver.ExecerContext.
func (c *tapConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.tap.ask(text, args); err != nil {
		return nil, err
	}
	return c.Conn.(driver.ExecerContext).ExecContext(ctx, text, args)
}

// QueryContext is part of driver.QueryerContext.
func (c *tapConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.tap.ask(text, args); err != nil {
		return nil, err
	}
	return c.Conn.(driver.QueryerContext).QueryContext(ctx, text, args)
}
