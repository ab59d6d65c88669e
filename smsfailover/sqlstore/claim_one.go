package sqlstore

import (
	"context"
	"time"
)

// claimAtOnce is one statement. Append runs the searches of the bands one after
// the other and stops when it has enough, so that no more rows are locked than
// are claimed.
func (s *Store) claimAtOnce(ctx context.Context, cl *claim) error {
	return s.try(ctx, "claim", func() error {
		cl.reset()
		from := time.Now()
		err := query(ctx, s.db, s.claimStatement(cl), cl.scan)
		if len(cl.rows) > 0 {
			cl.skew = measure(from, time.Now(), cl.now)
		}
		return err
	})
}

func (s *Store) claimStatement(cl *claim) *stmt {
	q := s.sql("WITH clock AS MATERIALIZED (SELECT {now} AS now), picked AS MATERIALIZED (SELECT * FROM (")
	for i, band := range bands {
		if i > 0 {
			q.add(" UNION ALL ")
		}
		q.add("SELECT * FROM (SELECT id AS picked_id, due AS was_due "+readyText+
			"(SELECT now FROM clock) ORDER BY due, id LIMIT ?{skip}) band", band, cl.n)
	}
	q.add(") ready LIMIT ?) UPDATE {jobs} ", cl.n)
	q.add(`SET due = now + ?, lease_until = now + ?, token = {token}, holder = NULL, owner = ?, claims = claims + 1
		FROM picked, clock WHERE id = picked_id`, cl.lease, cl.lease, cl.nonce, cl.owner)
	return q.fresh().add(" RETURNING " + rowColumns + ", band, was_due, now")
}
