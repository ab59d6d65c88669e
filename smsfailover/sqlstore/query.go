package sqlstore

import (
	"context"
	"database/sql"
	"encoding/hex"
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
		"{now}", "{token}", "{hash}", "{greatest}", "{lock}", "{skip}", "{arm}", "{end}",
		"{by id}", "{by dedupe}", "{by holder}", "{by due}", "{by k}", "{by expires}",
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

// in appends that what is before it is one of values, which are all text or all
// bytes, as a column holds them. PostgreSQL gets them as one array, so that the
// statement stays the same, in a subselect, so that it is read once and not for
// each row.
func (q *stmt) in(values []any) *stmt {
	if !q.s.f.oneStatement {
		return q.add(" IN ").list(values)
	}
	array, kind := make([]string, len(values)), "text"
	for i, v := range values {
		switch v := v.(type) {
		case string:
			array[i] = v
		case []byte:
			array[i], kind = hexPrefix+hex.EncodeToString(v), "bytea"
		}
	}
	return q.add(" = ANY ((SELECT ?::text::"+kind+"[])::"+kind+"[])", textArray(array))
}

// which appends the table and a condition: that column is one of values, as in
// takes them. More conditions may follow.
func (q *stmt) which(table, column string, values []any) *stmt {
	if q.s.f.joinLists {
		return q.join(table, column, values).add(" WHERE TRUE")
	}
	return q.add(table + " WHERE " + column).in(values)
}

// join appends a join of values with the rows of table whose column is one of
// them. The server searches the index for each value, in the order of values.
func (q *stmt) join(table, column string, values []any) *stmt {
	const one = "SELECT CAST(? AS BINARY) AS wanted"
	list := one + strings.Repeat(" UNION ALL "+one, len(values)-1)
	return q.add("("+list+") AS list STRAIGHT_JOIN "+table+"{by "+column+"} ON "+column+" = wanted", values...)
}

// update makes the statement that changes the jobs with ids.
func (s *Store) update(c change, ids []any) *stmt {
	if s.f.joinLists {
		return s.sql("UPDATE ").join("{jobs}", "id", ids).add(" SET "+c.set, c.args...)
	}
	return s.sql("UPDATE {jobs} SET "+c.set+" WHERE id", c.args...).in(ids)
}

// delete makes the statement that deletes the rows of table whose column is one
// of values.
func (s *Store) delete(table, column string, values []any) *stmt {
	if s.f.joinLists {
		return s.sql("DELETE "+table+" FROM ").join(table, column, values)
	}
	return s.sql("DELETE FROM ").which(table, column, values)
}

// A change is what follows SET, and its arguments.
type change struct {
	set  string
	args []any
}

// fresh appends a condition that always holds, and that makes PostgreSQL plan the
// statement each time. A queue is empty until a provider fails, and long a moment
// later: a plan that a connection has kept since then would read the table from end
// to end, until the server looks at it again by itself, after a minute. The server
// keeps a plan when it costs no more without the values of the arguments than
// with them. With 0 there is nothing to count, and without it very much.
func (q *stmt) fresh() *stmt {
	if !q.s.f.oneStatement {
		return q
	}
	return q.add(" AND (SELECT count(*) FROM generate_series(1, 1000000000) WHERE ?::int > 0) = 0", 0)
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
		b.WriteString(`"` + arrayEscapes.Replace(v) + `"`)
	}
	b.WriteString("}")
	return b.String()
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
