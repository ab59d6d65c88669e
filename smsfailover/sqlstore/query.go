package sqlstore

import (
	"context"
	"database/sql"
	"strconv"
	"strings"
)

// A stmt is a statement in the making. In its text {words} stand for what
// depends on the dialect or the prefix, and ? for the next argument.
type stmt struct {
	s    *Store
	text strings.Builder
	args []any
}

// newNames returns what replaces {words}.
func newNames(f flavor, prefix string) *strings.Replacer {
	own := strings.NewReplacer("{prefix}", prefix, "{jobs}", prefix+"jobs", "{idem}", prefix+"idem")
	pairs := []string{"{prefix}", prefix, "{jobs}", prefix + "jobs", "{idem}", prefix + "idem"}
	for _, word := range []string{
		"{now}", "{token}", "{hash}", "{greatest}", "{lock}", "{skip}", "{delete}",
		"{by id}", "{by dedupe}", "{by holder}", "{by due}",
	} {
		pairs = append(pairs, word, own.Replace(f.words[word]))
	}
	return strings.NewReplacer(pairs...)
}

func (s *Store) sql(text string, args ...any) *stmt {
	q := &stmt{s: s}
	return q.add(text, args...)
}

// add appends text and its arguments.
func (q *stmt) add(text string, args ...any) *stmt {
	text = q.s.names.Replace(text)
	if !q.s.f.numbered {
		q.text.WriteString(text)
		q.args = append(q.args, args...)
		return q
	}
	for i, part := range strings.Split(text, "?") {
		if i > 0 {
			q.args = append(q.args, args[i-1])
			q.text.WriteString("$" + strconv.Itoa(len(q.args)))
		}
		q.text.WriteString(part)
	}
	return q
}

// list appends (?, ?, ?) with args.
func (q *stmt) list(args []any) *stmt {
	return q.add("("+strings.TrimSuffix(strings.Repeat("?, ", len(args)), ", ")+")", args...)
}

// A conn is a pool, a connection or a transaction.
type conn interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// exec runs q and returns how many rows it touched.
func exec(ctx context.Context, c conn, q *stmt) (int64, error) {
	r, err := c.ExecContext(ctx, q.text.String(), q.args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// query runs q and calls scan for each row.
func query(ctx context.Context, c conn, q *stmt, scan func(*sql.Rows) error) (err error) {
	rows, err := c.QueryContext(ctx, q.text.String(), q.args...)
	if err != nil {
		return err
	}
	defer func() {
		if fault := rows.Close(); err == nil {
			err = fault
		}
	}()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
