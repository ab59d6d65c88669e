package sqlstore_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// A fake is a driver that answers what answer says: the first column of a row
// each, or an error. It notes the statements, and says, as modernc.org/sqlite does,
// that one has failed when its ctx is done by the end of it.
type fake struct {
	answer func(text string) ([]int64, error)

	mu    sync.Mutex
	seen  []string
	conns int // opened
}

func (f *fake) open(t *testing.T) *sql.DB {
	db := sql.OpenDB(f)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func (f *fake) note(ctx context.Context, text string) ([]int64, error) {
	f.mu.Lock()
	f.seen = append(f.seen, text)
	f.mu.Unlock()
	rows, err := f.answer(text)
	if err == nil {
		err = ctx.Err()
	}
	return rows, err
}

// Connect is part of driver.Connector.
func (f *fake) Connect(context.Context) (driver.Conn, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.conns++
	return fakeConn{f}, nil
}

// Driver is part of driver.Connector.
func (f *fake) Driver() driver.Driver { return nil }

type fakeConn struct{ f *fake }

// Prepare is part of driver.Conn.
func (fakeConn) Prepare(string) (driver.Stmt, error) { return nil, errors.New("not used") }

// Close is part of driver.Conn.
func (fakeConn) Close() error { return nil }

// Begin is part of driver.Conn.
func (fakeConn) Begin() (driver.Tx, error) { return nil, errors.New("not used") }

// BeginTx is part of driver.ConnBeginTx.
func (c fakeConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	_, err := c.f.note(ctx, "BEGIN "+sql.IsolationLevel(opts.Isolation).String())
	return c, err
}

// Commit is part of driver.Tx.
func (c fakeConn) Commit() error {
	_, err := c.f.note(context.Background(), "COMMIT")
	return err
}

// Rollback is part of driver.Tx.
func (c fakeConn) Rollback() error {
	_, err := c.f.note(context.Background(), "ROLLBACK")
	return err
}

// ExecContext is part of driver.ExecerContext.
func (c fakeConn) ExecContext(ctx context.Context, text string, _ []driver.NamedValue) (driver.Result, error) {
	rows, err := c.f.note(ctx, text)
	return driver.RowsAffected(len(rows)), err
}

// QueryContext is part of driver.QueryerContext.
func (c fakeConn) QueryContext(ctx context.Context, text string, _ []driver.NamedValue) (driver.Rows, error) {
	rows, err := c.f.note(ctx, text)
	return &fakeRows{rows}, err
}

type fakeRows struct{ left []int64 }

// Columns is part of driver.Rows.
func (*fakeRows) Columns() []string { return []string{"n"} }

// Close is part of driver.Rows.
func (*fakeRows) Close() error { return nil }

// Next is part of driver.Rows.
func (r *fakeRows) Next(dest []driver.Value) error {
	if len(r.left) == 0 {
		return io.EOF
	}
	dest[0], r.left = r.left[0], r.left[1:]
	return nil
}
