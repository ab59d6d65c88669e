package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// Dead returns dead letters; see [smsfailover.Store]. All that it returns is in
// memory at once: set Limit where there may be many. Of a row that can't be
// read, since somebody else wrote it, it returns what it can, and says so in its
// LastErr.
func (s *Store) Dead(ctx context.Context, f smsfailover.Filter) ([]smsfailover.Job, error) {
	var found []letter
	var k skew
	err := s.try(ctx, "dead", func() (err error) {
		found, k, err = s.letters(ctx, f, rowColumns, func(l *letter, rows *sql.Rows) error {
			return rows.Scan(append(l.fields(), &l.due)...)
		})
		return err
	})
	var out []smsfailover.Job
	for i := range found {
		j, fault := s.job(&found[i].row, k)
		if fault != nil {
			j.LastErr = "sqlstore: " + fault.Error()
		}
		j.Due = k.local(found[i].due)
		out = append(out, j)
	}
	return out, err
}

// A letter is a dead letter. They are in the order of due and then id.
type letter struct {
	row
	due int64
}

// letters returns the columns, and due, of the dead letters that f chooses. The
// columns begin with id.
func (s *Store) letters(ctx context.Context, f smsfailover.Filter, columns string, scan func(*letter, *sql.Rows) error) ([]letter, skew, error) {
	k, err := s.skew(ctx)
	if err != nil {
		return nil, 0, err
	}
	var found []letter
	keep := func(rows *sql.Rows) error {
		var l letter
		err := scan(&l, rows)
		found = append(found, l)
		return err
	}
	if len(f.IDs) == 0 {
		err := query(ctx, s.db, s.lettersStatement(f, columns, nil, k), keep)
		return found, k, err
	}
	for part := range slices.Chunk(f.IDs, maxList) {
		if err := query(ctx, s.db, s.lettersStatement(f, columns, part, k), keep); err != nil {
			return nil, 0, err
		}
	}
	return firstOf(found, f.Limit), k, nil
}

// firstOf sorts what several statements found, without doubles, and cuts it.
func firstOf(all []letter, limit int) []letter {
	slices.SortFunc(all, func(a, b letter) int {
		return cmp.Or(cmp.Compare(a.due, b.due), cmp.Compare(a.id, b.id))
	})
	all = slices.CompactFunc(all, func(a, b letter) bool { return a.id == b.id })
	if limit > 0 && limit < len(all) {
		all = all[:limit]
	}
	return all
}

func (s *Store) lettersStatement(f smsfailover.Filter, columns string, ids []string, k skew) *stmt {
	hint := "{by due}"
	if ids != nil {
		hint = "{by id}"
	}
	q := s.sql("SELECT " + columns + ", due FROM {jobs}" + hint + " WHERE state = 1 AND band = 0")
	if ids != nil {
		args := make([]any, len(ids))
		for i, id := range ids {
			args[i] = s.bytes(id)
		}
		q.add(" AND id").in(args)
	}
	if f.TplID != "" {
		q.add(" AND tpl = ?", s.bytes(f.TplID))
	}
	if !f.Before.IsZero() {
		q.add(" AND due < ?", k.server(f.Before))
	}
	if ids != nil {
		return q // not all of them: firstOf sorts
	}
	q.add(" ORDER BY due, id")
	if f.Limit > 0 {
		q.add(" LIMIT ?", f.Limit)
	}
	return q
}

// skew asks how far the clocks are apart.
func (s *Store) skew(ctx context.Context) (skew, error) {
	var now int64
	from := time.Now()
	err := query(ctx, s.db, s.sql("SELECT {now}"), func(rows *sql.Rows) error { return rows.Scan(&now) })
	return measure(from, time.Now(), now), err
}
