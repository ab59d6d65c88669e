package sqlstore

import (
	"context"
	"database/sql"
	"slices"
	"time"
)

// bands are those of Priority, in the order in which they are claimed.
var bands = []int{1, 0, -1}

// readyText is for one band: the jobs of a band that are ready lie side by side in
// the index, and those that aren't are not read.
const readyText = "FROM {jobs}{by due} WHERE state = 0 AND band = ? AND due <= {now}"

// claimInTx is for servers whose UPDATE returns no rows.
func (s *Store) claimInTx(ctx context.Context, cl *claim) error {
	var ready []int
	err := s.try(ctx, "claim", func() (err error) {
		ready, err = s.readyBands(ctx)
		return err
	})
	if err != nil || len(ready) == 0 {
		return err
	}
	return s.tx(ctx, "claim", func(c conn) error {
		cl.reset()
		for _, band := range ready {
			if err := s.pick(ctx, c, cl, band); err != nil {
				return err
			}
		}
		return s.lease(ctx, c, cl)
	})
}

// readyBands returns the bands with ready jobs. It locks nothing, so that workers
// with nothing to do are in nobody's way.
func (s *Store) readyBands(ctx context.Context) ([]int, error) {
	q := s.sql("SELECT 1")
	for _, band := range bands {
		q.add(", EXISTS (SELECT 1 "+readyText+")", band)
	}
	var one int
	found := make([]bool, len(bands))
	err := query(ctx, s.db, q, func(rows *sql.Rows) error {
		return rows.Scan(&one, &found[0], &found[1], &found[2])
	})
	var ready []int
	for i, band := range bands {
		if found[i] {
			ready = append(ready, band)
		}
	}
	return ready, err
}

// pick locks ready jobs of a band, if more are wanted.
func (s *Store) pick(ctx context.Context, c conn, cl *claim, band int) error {
	want := cl.n - len(cl.rows)
	if want == 0 {
		return nil
	}
	q := s.sql("SELECT "+rowColumns+", band, due, {now} "+readyText+" ORDER BY due, id LIMIT ?{skip}", band, want)
	from := time.Now()
	err := query(ctx, c, q, cl.scanner())
	if cl.n-len(cl.rows) < want {
		cl.skew = measure(from, time.Now(), cl.now)
	}
	return err
}

// lease claims what pick has locked. The lease runs from the time that pick read.
func (s *Store) lease(ctx context.Context, c conn, cl *claim) error {
	ids := make([]any, len(cl.rows))
	for i := range cl.rows {
		ids[i] = s.raw(cl.rows[i].id)
		cl.rows[i].claims++
	}
	for part := range slices.Chunk(ids, maxList) {
		claimed := change{
			"due = ?, lease_until = ?, token = {token}, holder = NULL, owner = ?, claims = claims + 1",
			[]any{cl.now + cl.lease, cl.now + cl.lease, s.bytes(cl.nonce), cl.owner},
		}
		if _, err := exec(ctx, c, s.update(claimed, part)); err != nil {
			return err
		}
	}
	return nil
}
