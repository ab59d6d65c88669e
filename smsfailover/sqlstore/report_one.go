package sqlstore

import (
	"context"
	"database/sql"

	"github.com/ycvk/tinybook/smsfailover"
)

// reportAtOnce is one statement, and a second one for the refs that it found
// nothing for: their jobs may have been superseded, also while it ran.
func (s *Store) reportAtOnce(ctx context.Context, rep report, refs []smsfailover.Ref, held map[smsfailover.Ref]bool) error {
	for _, statement := range []func(report, []smsfailover.Ref) *stmt{s.currentStatement, s.waitingStatement} {
		refs = without(refs, held)
		if len(refs) == 0 {
			return nil
		}
		err := s.try(ctx, rep.op, func() error {
			return query(ctx, s.db, statement(rep, refs), func(rows *sql.Rows) error {
				var place int
				err := rows.Scan(&place)
				held[refs[place-1]] = true
				return err
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
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
