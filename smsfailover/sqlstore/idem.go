package sqlstore

import (
	"context"
	"database/sql"
	"math/rand/v2"
	"slices"
)

// purgeEvery is how many IdemKeys are stored, on average, before twice as many
// old ones are deleted.
const purgeEvery = 32

// remember keeps the hashes of the items' IdemKeys.
func (s *Store) remember(ctx context.Context, c conn, items []*item, seen *sight) error {
	var keys, expired []any
	for _, it := range items {
		if it.idem == "" {
			continue
		}
		keys = append(keys, []byte(it.idem))
		if seen.idem[it.idem] != 0 {
			expired = append(expired, []byte(it.idem))
		}
	}
	if err := s.forget(ctx, c, expired); err != nil {
		return err
	}
	for part := range slices.Chunk(keys, maxInsert) {
		q := s.sql("INSERT INTO {idem} (k, expires) VALUES ")
		for i, key := range part {
			if i > 0 {
				q.add(", ")
			}
			q.list([]any{key, seen.now + micros(s.cfg.retention)})
		}
		if _, err := exec(ctx, c, q); err != nil {
			return err
		}
	}
	return s.purge(ctx, c, len(keys), seen.now)
}

// purge deletes keys that are past their time, after some calls, so that the
// table doesn't grow for ever and no call has to clear it all. It passes by those
// that another call is about to delete.
func (s *Store) purge(ctx context.Context, c conn, stored int, now int64) error {
	if rand.N(purgeEvery) >= stored {
		return nil
	}
	var old []any
	q := s.sql("SELECT k FROM {idem}{by expires} WHERE expires <= ?", now).fresh().
		add(" ORDER BY expires LIMIT ?{skip}", 2*max(stored, purgeEvery))
	err := query(ctx, c, q, func(rows *sql.Rows) error {
		var key []byte
		err := rows.Scan(&key)
		old = append(old, key)
		return err
	})
	if err != nil {
		return err
	}
	return s.forget(ctx, c, old)
}

func (s *Store) forget(ctx context.Context, c conn, keys []any) error {
	for part := range slices.Chunk(keys, maxList) {
		if _, err := exec(ctx, c, s.delete("{idem}", "k", part).fresh()); err != nil {
			return err
		}
	}
	return nil
}
