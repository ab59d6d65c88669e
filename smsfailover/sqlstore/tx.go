package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"time"
)

const (
	firstPause = 2 * time.Millisecond
	longPause  = 100 * time.Millisecond
)

// try calls f until it meets nobody in its way any more, or patience ends.
func (s *Store) try(ctx context.Context, op string, f func() error) error {
	if ctx.Err() != nil {
		return failed(ctx, op, context.Cause(ctx))
	}
	began := time.Now()
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		err := f()
		if err == nil {
			return nil
		}
		if !isConflict(err) || time.Since(began) >= s.cfg.patience {
			return failed(ctx, op, err)
		}
		if !sleep(ctx, rand.N(pause)) {
			return failed(ctx, op, err)
		}
	}
}

// sleep reports whether ctx let it sleep for d.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// tx runs f in a transaction, and again if another one is in the way: f must
// start from nothing each time.
func (s *Store) tx(ctx context.Context, op string, f func(c conn) error) error {
	begin := s.beginTx
	if s.f.byConn {
		begin = s.beginConn
	}
	return s.try(ctx, op, func() error { return begin(ctx, f) })
}

// beginTx says READ COMMITTED itself. Under REPEATABLE READ, which is what MySQL
// and MariaDB start with, a claim locks the gaps between the rows too, where
// others insert: they deadlock.
func (s *Store) beginTx(ctx context.Context, f func(c conn) error) error {
	tx, err := s.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelReadCommitted})
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback() // err says why; a connection that can't is dropped
		return err
	}
	return tx.Commit()
}

// beginConn takes SQLite's lock for writers at once: a transaction that reads
// first and writes later fails when somebody wrote in between. It also keeps the
// transaction when COMMIT finds readers in its way, where some drivers would lose
// hold of it.
func (s *Store) beginConn(ctx context.Context, f func(c conn) error) (err error) {
	c, err := s.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() {
		// A connection that was dropped is closed already.
		if fault := c.Close(); err == nil && !errors.Is(fault, sql.ErrConnDone) {
			err = fault
		}
	}()
	if _, err := c.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		if ctx.Err() != nil { // some drivers say that of a statement that was done by then
			rollback(ctx, c)
		}
		return err
	}
	if err := f(c); err != nil {
		rollback(ctx, c)
		return err
	}
	if err := s.commit(ctx, c); err != nil {
		rollback(ctx, c)
		return err
	}
	return nil
}

// commit makes the last check of ctx itself: of a COMMIT that was interrupted
// nobody knows whether it took place.
func (s *Store) commit(ctx context.Context, c *sql.Conn) error {
	began := time.Now()
	for {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		_, err := c.ExecContext(context.WithoutCancel(ctx), "COMMIT")
		if err == nil || !isConflict(err) || time.Since(began) >= s.cfg.patience || !sleep(ctx, firstPause) {
			return err
		}
	}
}

// rollback ends the transaction, or the connection that would stay in it.
func rollback(ctx context.Context, c *sql.Conn) {
	ctx = context.WithoutCancel(ctx)
	if _, err := c.ExecContext(ctx, "ROLLBACK"); err != nil && !isIdle(ctx, c) {
		_ = c.Raw(func(any) error { return driver.ErrBadConn }) // the pool drops it, which is all there is to do
	}
}

// isIdle reports whether c is in no transaction. SQLite has ended it already when
// a statement that writes was interrupted; to drop the connection for that would
// empty a database in memory.
func isIdle(ctx context.Context, c *sql.Conn) bool {
	for _, text := range []string{"BEGIN", "ROLLBACK"} {
		if _, err := c.ExecContext(ctx, text); err != nil {
			return false
		}
	}
	return true
}
