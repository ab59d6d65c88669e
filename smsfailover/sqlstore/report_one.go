package sqlstore

import (
	"context"
	"database/sql"
	"strings"

	"github.com/ycvk/tinybook/smsfailover"
)

// reportAtOnce is one statement, and a second one for the refs that it found
// nothing for: the row may have been superseded after the statement began.
func (s *Store) reportAtOnce(ctx context.Context, rep report, refs []smsfailover.Ref, held map[smsfailover.Ref]bool) error {
	for range 2 {
		var left []smsfailover.Ref
		for _, r := range refs {
			if !held[r] {
				left = append(left, r)
			}
		}
		if len(left) == 0 {
			return nil
		}
		err := s.try(ctx, rep.op, func() error {
			return query(ctx, s.db, s.reportStatement(rep, left), func(rows *sql.Rows) error {
				var place int
				err := rows.Scan(&place)
				held[left[place-1]] = true
				return err
			})
		})
		if err != nil {
			return err
		}
		refs = left
	}
	return nil
}

func (s *Store) reportStatement(rep report, refs []smsfailover.Ref) *stmt {
	ids, tokens := make([]string, len(refs)), make([]string, len(refs))
	for i, r := range refs {
		ids[i], tokens[i] = safeText(r.ID), safeText(r.Token)
	}
	q := s.sql(`WITH refs AS (SELECT * FROM unnest(?::text::text[], ?::text::text[]) WITH ORDINALITY AS r (ref_id, ref_token, place)), current AS (`,
		textArray(ids), textArray(tokens))
	const reported = "refs WHERE %s = ref_id AND token = ref_token"
	if rep.current.set == "" {
		q.add("DELETE FROM {jobs} USING ")
	} else {
		q.add("UPDATE {jobs} SET "+rep.current.set+" FROM ", rep.current.args...)
	}
	q.add(strings.ReplaceAll(reported, "%s", "id") + " AND holder IS NULL RETURNING place), waiting AS (")
	q.add("UPDATE {jobs} SET "+rep.waiting.set+" FROM ", rep.waiting.args...)
	return q.add(strings.ReplaceAll(reported, "%s", "holder") +
		" RETURNING place) SELECT place FROM current UNION ALL SELECT place FROM waiting")
}

var arrayEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// textArray returns values as the text of an array, which every driver can send.
func textArray(values []string) string {
	var b strings.Builder
	b.WriteString("{")
	for i, v := range values {
		if i > 0 {
			b.WriteString(",")
		}
		b.WriteString(`"`)
		b.WriteString(arrayEscapes.Replace(v))
		b.WriteString(`"`)
	}
	b.WriteString("}")
	return b.String()
}
