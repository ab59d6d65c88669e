package sqlstore

import (
	"context"
	"database/sql"
	"slices"

	"github.com/ycvk/tinybook/smsfailover"
)

// maxRedrive is how many dead letters one statement changes.
const maxRedrive = 200

// Redrive makes dead letters ready again, in one transaction; see
// [smsfailover.Store]. Where there may be very many, set Limit.
func (s *Store) Redrive(ctx context.Context, f smsfailover.Filter) (int, error) {
	var chosen []letter
	err := s.try(ctx, "redrive", func() (err error) {
		chosen, _, err = s.letters(ctx, f, "id", func(l *letter, rows *sql.Rows) error {
			return rows.Scan(&l.id, &l.due)
		})
		return err
	})
	if err != nil || len(chosen) == 0 {
		return 0, err
	}
	n := 0
	err = s.tx(ctx, "redrive", func(c conn) error {
		n = 0
		for part := range slices.Chunk(chosen, maxRedrive) {
			revived, err := s.revive(ctx, c, part)
			if err != nil {
				return err
			}
			n += revived
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}

// revive makes those letters live whose number no live job has, of several with
// one number the first, and returns how many.
func (s *Store) revive(ctx context.Context, c conn, letters []letter) (int, error) {
	hashes, err := s.lockLetters(ctx, c, letters)
	if err != nil {
		return 0, err
	}
	taken, err := s.taken(ctx, c, hashes)
	if err != nil {
		return 0, err
	}
	var ids []any
	revived := change{set: `state = 0, band = CASE WHEN priority > 0 THEN 1 WHEN priority < 0 THEN -1 ELSE 0 END,
		due = {now}, not_before = {now}, attempt = 0, claims = 0, prev = 0, dedupe = CASE id`}
	for _, l := range letters {
		h, locked := hashes[l.id]
		if !locked || taken[h] {
			continue
		}
		taken[h] = true
		ids = append(ids, s.raw(l.id))
		revived.set += " WHEN ? THEN {hash}"
		revived.args = append(revived.args, s.raw(l.id), []byte(h))
	}
	if len(ids) == 0 {
		return 0, nil
	}
	revived.set += " END"
	_, err = exec(ctx, c, s.update(revived, ids))
	return len(ids), err
}

// lockLetters locks those letters that are still dead, and returns the hashes of
// their templates and numbers by ID.
func (s *Store) lockLetters(ctx context.Context, c conn, letters []letter) (map[string]string, error) {
	ids := make([]any, len(letters))
	for i, l := range letters {
		ids[i] = s.raw(l.id)
	}
	hashes := make(map[string]string, len(letters))
	q := s.sql("SELECT id, tpl, recipient FROM ").which("{jobs}", "id", ids).add(" AND state = 1{lock}")
	err := query(ctx, c, q, func(rows *sql.Rows) error {
		var r row
		if err := rows.Scan(&r.id, &r.tpl, &r.to); err != nil {
			return err
		}
		tpl, err := s.string(r.tpl)
		if err != nil {
			return err
		}
		to, err := s.string(r.to)
		hashes[r.id] = hash(tpl, to)
		return err
	})
	return hashes, err
}

// taken returns those of hashes that live jobs have. Those that come to have one
// before the end of the transaction make it fail, and begin again.
func (s *Store) taken(ctx context.Context, c conn, hashes map[string]string) (map[string]bool, error) {
	taken := make(map[string]bool)
	var args []any
	for _, h := range hashes {
		args = append(args, []byte(h))
	}
	if len(args) == 0 {
		return taken, nil
	}
	q := s.sql("SELECT dedupe FROM {jobs}{by dedupe} WHERE dedupe").in(args)
	err := query(ctx, c, q, func(rows *sql.Rows) error {
		var h string
		err := rows.Scan(&h)
		taken[h] = true
		return err
	})
	return taken, err
}
