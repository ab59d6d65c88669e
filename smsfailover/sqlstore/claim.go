package sqlstore

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// Claim leases up to n ready jobs; see [smsfailover.Store]. Jobs that another
// call is claiming are passed by, so that workers don't wait for each other. The
// first 128 bytes of owner are kept in a column of that name, for people who
// look. It costs the same however many jobs are delayed, claimed or dead. A row
// that can't be read, since somebody else wrote it, is buried.
func (s *Store) Claim(ctx context.Context, owner string, n int, lease time.Duration) ([]smsfailover.Job, error) {
	if n <= 0 || lease <= 0 {
		return nil, fmt.Errorf("sqlstore: claim: %w: %d jobs for %v, want both above 0", smsfailover.ErrInput, n, lease)
	}
	cl := &claim{
		owner: s.bytes(cut(owner, maxOwner)),
		nonce: rand.Text(),
		n:     n,
		lease: micros(lease),
	}
	run := s.claimInTx
	if s.f.oneStatement {
		run = s.claimAtOnce
	}
	if err := run(ctx, cl); err != nil {
		return nil, err
	}
	jobs, broken := s.claimed(cl)
	for _, j := range broken {
		if err := s.Bury(ctx, j.Ref(), j.LastErr); err != nil && !errors.Is(err, smsfailover.ErrLost) {
			return nil, err
		}
	}
	return jobs, nil
}

// A claim is one call of Claim.
type claim struct {
	owner any
	nonce string // with the ID of a job, the token of its claim
	n     int
	lease int64 // microseconds
	now   int64 // the server's time of the claim
	skew  skew
	rows  []claimedRow
}

type claimedRow struct {
	row
	band int
	due  int64 // when it was its turn
}

// scanner returns what reads a row with band, due and now behind its columns.
func (cl *claim) scanner() func(*sql.Rows) error {
	var r claimedRow
	fields := append(r.fields(), &r.band, &r.due, &cl.now)
	return func(rows *sql.Rows) error {
		err := rows.Scan(fields...)
		cl.rows = append(cl.rows, r)
		return err
	}
}

// reset forgets an attempt that failed.
func (cl *claim) reset() { cl.rows = cl.rows[:0] }

// claimed returns the jobs in order, which a statement doesn't keep, and those
// that can't be read and would come back for ever.
func (s *Store) claimed(cl *claim) (jobs, broken []smsfailover.Job) {
	slices.SortFunc(cl.rows, func(a, b claimedRow) int {
		return cmp.Or(cmp.Compare(b.band, a.band), cmp.Compare(a.due, b.due), cmp.Compare(a.id, b.id))
	})
	if len(cl.rows) > 0 {
		jobs = make([]smsfailover.Job, 0, len(cl.rows))
	}
	for i := range cl.rows {
		r := &cl.rows[i].row
		j, err := s.job(r, cl.skew)
		j.Token = cl.nonce + r.id
		j.LeaseUntil = cl.skew.local(cl.now + cl.lease)
		if err != nil {
			j.LastErr = "sqlstore: " + err.Error()
			broken = append(broken, j)
			continue
		}
		jobs = append(jobs, j)
	}
	return jobs, broken
}
