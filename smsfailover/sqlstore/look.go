package sqlstore

import (
	"context"
	"database/sql"
	"time"
)

// A sight is what a batch finds in the store. Its rows are locked.
type sight struct {
	now  int64 // the server's
	skew skew
	ids  map[string]bool     // those in the store, also of superseded jobs that are claimed
	idem map[string]int64    // when the keys end that are there, by hash
	live map[string]*liveRow // by dedupe
}

// A liveRow is the live job of a template and a number. Its strings are as the
// columns hold them.
type liveRow struct {
	id                   string
	args                 string // encoded
	sealed               bool
	notAfter, leaseUntil sql.NullInt64
	token, holder, owner sql.NullString
}

// column returns what a column holds as an argument.
func (s *Store) column(v sql.NullString) any {
	if !v.Valid {
		return nil
	}
	return s.raw(v.String)
}

// raw returns an argument that is in the form of a column already.
func (s *Store) raw(v string) any {
	if s.f.unsafeText {
		return v
	}
	return []byte(v)
}

// remembers reports whether the item's IdemKey was stored not too long ago.
func (seen *sight) remembers(it *item) bool { return seen.idem[it.idem] > seen.now }

func (s *Store) look(ctx context.Context, c conn, batch []*item) (*sight, error) {
	seen := &sight{
		ids:  make(map[string]bool),
		idem: make(map[string]int64),
		live: make(map[string]*liveRow),
	}
	if err := query(ctx, c, s.lookForJobs(batch), func(rows *sql.Rows) error { return s.see(rows, seen) }); err != nil {
		return nil, err
	}
	from := time.Now()
	err := query(ctx, c, s.lookForKeys(batch), func(rows *sql.Rows) error {
		var key sql.NullString
		var expires sql.NullInt64
		err := rows.Scan(&seen.now, &key, &expires)
		seen.idem[key.String] = expires.Int64
		return err
	})
	seen.skew = measure(from, time.Now(), seen.now)
	return seen, err
}

// see takes in a row, which may come more than once.
func (s *Store) see(rows *sql.Rows, seen *sight) error {
	var r liveRow
	var dedupe sql.NullString
	err := rows.Scan(&r.id, &r.args, &r.sealed, &r.notAfter, &r.leaseUntil, &r.token, &r.holder, &r.owner, &dedupe)
	if err != nil {
		return err
	}
	for _, stored := range []string{r.id, r.holder.String} {
		id, err := s.string(stored)
		if err != nil {
			return err
		}
		seen.ids[id] = true
	}
	if r.args, err = s.string(r.args); err != nil {
		return err
	}
	if dedupe.Valid {
		seen.live[dedupe.String] = &r
	}
	return nil
}

// lookForJobs searches each index by itself: with OR in their place servers read
// the whole table at times, and some lock all that they read.
func (s *Store) lookForJobs(batch []*item) *stmt {
	const columns = "SELECT id, args, sealed, not_after, lease_until, token, holder, owner, dedupe FROM "
	ids, hashes := make([]any, len(batch)), make([]any, len(batch))
	for i, it := range batch {
		ids[i], hashes[i] = s.bytes(it.ID), []byte(it.dedupe)
	}
	arm := func(q *stmt, column string, args []any) *stmt {
		return q.add("{arm}"+columns).which("{jobs}", column, args).fresh().add("{lock}{end}")
	}
	q := arm(s.sql(""), "id", ids).add(" UNION ALL ")
	q = arm(q, "holder", ids).add(" UNION ALL ")
	return arm(q, "dedupe", hashes)
}

// lookForKeys asks for the time too, of which there is a row in any case.
func (s *Store) lookForKeys(batch []*item) *stmt {
	var keys []any
	for _, it := range batch {
		if it.idem != "" {
			keys = append(keys, []byte(it.idem))
		}
	}
	if len(keys) == 0 {
		return s.sql("SELECT {now}, NULL, NULL")
	}
	return s.sql("SELECT now, k, expires FROM (SELECT {now} AS now) clock LEFT JOIN {idem} ON k").in(keys).fresh()
}
