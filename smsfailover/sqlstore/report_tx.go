package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/ycvk/tinybook/smsfailover"
)

// reportInTx is for servers whose UPDATE returns no rows: it locks the rows,
// compares the tokens itself and changes them.
func (s *Store) reportInTx(ctx context.Context, rep report, refs []smsfailover.Ref, held map[smsfailover.Ref]bool) error {
	if len(refs) == 1 {
		touched, err := s.reportOne(ctx, rep, refs[0])
		if err != nil || touched {
			held[refs[0]] = touched
			return err
		}
	}
	// Calls that overlap lock in one order.
	refs = slices.SortedFunc(slices.Values(refs), func(a, b smsfailover.Ref) int { return cmp.Compare(a.ID, b.ID) })
	return s.tx(ctx, rep.op, func(c conn) error {
		clear(held)
		for part := range slices.Chunk(refs, maxList) {
			if err := s.reportPart(ctx, c, rep, part, held); err != nil {
				return err
			}
		}
		return nil
	})
}

// reportOne reports whether it found the job, claimed as r says and superseded by
// none, and changed it.
func (s *Store) reportOne(ctx context.Context, rep report, r smsfailover.Ref) (touched bool, err error) {
	q := s.sql("DELETE FROM {jobs}")
	if rep.current.set != "" {
		q = s.sql("UPDATE {jobs} SET "+rep.current.set, rep.current.args...)
	}
	q.add(" WHERE id = ? AND token = ? AND holder IS NULL", s.bytes(r.ID), s.bytes(r.Token))
	err = s.try(ctx, rep.op, func() error {
		n, err := exec(ctx, s.db, q)
		touched = n > 0
		return err
	})
	return touched, err
}

func (s *Store) reportPart(ctx context.Context, c conn, rep report, refs []smsfailover.Ref, held map[smsfailover.Ref]bool) error {
	current, err := s.lockClaims(ctx, c, "id", " AND holder IS NULL", refs, held)
	if err != nil {
		return err
	}
	waiting, err := s.lockClaims(ctx, c, "holder", "", without(refs, held), held)
	if err != nil {
		return err
	}
	if err := s.change(ctx, c, rep.current, current); err != nil {
		return err
	}
	return s.change(ctx, c, rep.waiting, waiting)
}

// lockClaims locks the rows whose column names one of refs, puts those refs that
// have the row's token into held, and returns the IDs of their rows.
func (s *Store) lockClaims(ctx context.Context, c conn, column, and string, refs []smsfailover.Ref, held map[smsfailover.Ref]bool) (ids []any, err error) {
	if len(refs) == 0 {
		return nil, nil
	}
	args := make([]any, len(refs))
	asked := make(map[smsfailover.Ref]bool, len(refs))
	for i, r := range refs {
		args[i] = s.bytes(r.ID)
		asked[r] = true
	}
	q := s.sql("SELECT id, "+column+", token FROM ").which("{jobs}", column, args).
		add(and + " AND token IS NOT NULL{lock}")
	err = query(ctx, c, q, func(rows *sql.Rows) error {
		var id string
		var r smsfailover.Ref
		err := rows.Scan(&id, &r.ID, &r.Token)
		if err == nil && asked[r] {
			held[r] = true
			ids = append(ids, s.raw(id))
		}
		return err
	})
	return ids, err
}

func (s *Store) change(ctx context.Context, c conn, ch change, ids []any) error {
	if len(ids) == 0 {
		return nil
	}
	q := s.delete("{jobs}", "id", ids)
	if ch.set != "" {
		q = s.update(ch, ids)
	}
	_, err := exec(ctx, c, q)
	return err
}
