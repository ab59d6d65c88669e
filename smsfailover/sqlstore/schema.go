package sqlstore

import (
	"context"
	"errors"
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

// Migrate makes the tables and indexes that are missing. It may be called at
// every start, by several processes at once, and does not change what is there.
// It needs the right to create tables.
func (s *Store) Migrate(ctx context.Context) error {
	return s.tx(ctx, "migrate", func(c conn) error {
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
		return nil
	})
}
