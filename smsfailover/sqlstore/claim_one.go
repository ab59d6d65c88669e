package sqlstore

import (
	"context"
	"time"
)

// claimAtOnce is one statement. It searches the bands one after the other and
// stops when it has enough, so that no more rows are locked than are claimed.
func (s *Store) claimAtOnce(ctx context.Context, cl *claim) error {
	q := s.claimStatement(cl)
	return s.try(ctx, "claim", func() error {
		cl.reset()
		from := time.Now()
		err := query(ctx, s.db, q, cl.scanner())
		if len(cl.rows) > 0 {
			cl.skew = measure(from, time.Now(), cl.now)
		}
		return err
	})
}

// The rows that were locked are found again by their place, which saves a search
// each. A row that has moved since the statement began is not there: it is locked,
// and left for the next claim.
func (s *Store) claimStatement(cl *claim) *stmt {
	return s.sql(`WITH clock AS MATERIALIZED (SELECT {now} AS now), picked AS MATERIALIZED (
		SELECT place, was_due FROM (VALUES (1), (0), (-1)) AS bands (wanted) CROSS JOIN LATERAL (
			SELECT {jobs}.ctid AS place, due AS was_due FROM {jobs}
			WHERE state = 0 AND band = wanted AND due <= (SELECT now FROM clock)
			ORDER BY due, id LIMIT ?{skip}) ready LIMIT ?)
		UPDATE {jobs} SET due = now + ?, lease_until = now + ?, token = {token},
			holder = NULL, owner = ?, claims = claims + 1
		FROM picked, clock WHERE {jobs}.ctid = place`,
		cl.n, cl.n, cl.lease, cl.lease, cl.nonce, cl.owner).
		fresh().
		add(" RETURNING " + rowColumns + ", band, was_due, now")
}
