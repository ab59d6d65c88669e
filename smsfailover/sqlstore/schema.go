package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// Schema returns the statements that make the tables and indexes of a [Store]
// with the same arguments, in order, for those whose databases are migrated by
// other means than [Store.Migrate]. Each may be run again without harm. The error
// is that of [New].
func Schema(d Dialect, opts ...Option) ([]string, error) {
	cfg, err := newConfig(opts)
	f, wrong := flavorOf(d)
	if err = errors.Join(err, wrong); err != nil {
		return nil, err
	}
	return statements(newNames(f, cfg.prefix).Replace(f.schema)), nil
}

// statements splits a script without strings, and drops its comments.
func statements(script string) []string {
	var code strings.Builder
	for line := range strings.Lines(script) {
		if !strings.HasPrefix(line, "--") {
			code.WriteString(line)
		}
	}
	var out []string
	for part := range strings.SplitSeq(code.String(), ";") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// Migrate makes the tables that are missing with their indexes, and in PostgreSQL
// and SQLite also indexes that a table has lost. It may be called at every start,
// by several processes at once, and does not change what is there: it fails, with
// the database's own words, if a table of that name lacks a column or, in MySQL
// and MariaDB, an index. It needs the right to create tables.
func (s *Store) Migrate(ctx context.Context) error {
	return s.tx(ctx, migrate, func(c conn) error {
		if s.f.oneStatement {
			// IF NOT EXISTS alone fails when two create the same at once.
			if _, err := exec(ctx, c, s.sql("SELECT pg_advisory_xact_lock(hashtext(?))", "sqlstore migrate "+strings.ToLower(s.cfg.prefix))); err != nil {
				return err
			}
		}
		for _, text := range statements(s.names.Replace(s.f.schema)) {
			if _, err := c.ExecContext(ctx, text); err != nil {
				return err
			}
		}
		return s.verify(ctx, c)
	})
}

// migrate is the call whose statements have no values that an error could quote.
const migrate = "migrate"

// verify asks for every column and every index that statements name.
func (s *Store) verify(ctx context.Context, c conn) error {
	jobs := "SELECT " + strings.Join(itemColumns, ", ") + " FROM {jobs}"
	for _, text := range []string{
		jobs + "{by id}", jobs + "{by dedupe}", jobs + "{by holder}", jobs + "{by due}",
		"SELECT k, expires FROM {idem}{by k}", "SELECT k, expires FROM {idem}{by expires}",
	} {
		if err := query(ctx, c, s.sql(text+" LIMIT 0"), nil); err != nil {
			return err
		}
	}
	if !s.f.byConn {
		return nil
	}
	var encoding string
	err := query(ctx, c, s.sql("PRAGMA encoding"), func(rows *sql.Rows) error { return rows.Scan(&encoding) })
	if err == nil && encoding != "UTF-8" { // || takes bytes for text of the encoding
		err = fmt.Errorf("the encoding of the database is %s, want UTF-8", encoding)
	}
	return err
}
