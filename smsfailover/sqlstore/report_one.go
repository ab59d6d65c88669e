package sqlstore

import (
	"context"
	"database/sql"

	"github.com/ycvk/tinybook/smsfailover"
)

// reportAtOnce is one statement, and a second one for the refs that it found
// nothing for: their jobs may have been superseded, also while it ran. Those of
// several refs are one transaction, so that a second one that fails leaves nothing
// of the first; for one ref only one of them changes anything.
func (s *Store) reportAtOnce(ctx context.Context, rep report, refs []smsfailover.Ref, held map[smsfailover.Ref]bool) error {
	both := func(c conn) error {
		clear(held)
		if err := s.reportRefs(ctx, c, s.currentStatement, rep, refs, held); err != nil {
			return err
		}
		return s.reportRefs(ctx, c, s.waitingStatement, rep, without(refs, held), held)
	}
	if len(refs) > 1 {
		return s.tx(ctx, rep.op, both)
	}
	return s.try(ctx, rep.op, func() error { return both(s.db) })
}

func (s *Store) reportRefs(ctx context.Context, c conn, statement func(report, []smsfailover.Ref) *stmt, rep report, refs []smsfailover.Ref, held map[smsfailover.Ref]bool) error {
	if len(refs) == 0 {
		return nil
	}
	return query(ctx, c, statement(rep, refs), func(rows *sql.Rows) error {
		var place int
		err := rows.Scan(&place)
		held[refs[place-1]] = true
		return err
	})
}

func (s *Store) currentStatement(rep report, refs []smsfailover.Ref) *stmt {
	q := s.withRefs(refs)
	if rep.current.set == "" {
		q.add("DELETE FROM {jobs} USING ")
	} else {
		q.add("UPDATE {jobs} SET "+rep.current.set+" FROM ", rep.current.args...)
	}
	return q.add("refs WHERE id = ref_id AND token = ref_token AND holder IS NULL").fresh().add(" RETURNING place")
}

func (s *Store) waitingStatement(rep report, refs []smsfailover.Ref) *stmt {
	return s.withRefs(refs).
		add("UPDATE {jobs} SET "+rep.waiting.set+" FROM ", rep.waiting.args...).
		add("refs WHERE holder = ANY (ARRAY (SELECT ref_id FROM refs)) AND holder = ref_id AND token = ref_token").fresh().add(" RETURNING place")
}

// withRefs begins a statement with the table refs, whose place counts from 1.
func (s *Store) withRefs(refs []smsfailover.Ref) *stmt {
	ids, tokens := make([]string, len(refs)), make([]string, len(refs))
	for i, r := range refs {
		ids[i], tokens[i] = safeText(r.ID), safeText(r.Token)
	}
	return s.sql("WITH refs AS (SELECT * FROM unnest(?::text::text[], ?::text::text[]) WITH ORDINALITY AS r (ref_id, ref_token, place)) ",
		textArray(ids), textArray(tokens))
}
