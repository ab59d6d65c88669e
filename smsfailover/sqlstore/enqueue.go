package sqlstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ycvk/tinybook/smsfailover"
)

const (
	maxLook   = 200 // items that one statement looks for
	maxInsert = 100 // rows of one INSERT, of 22 arguments each
	maxList   = 500 // arguments of other lists
)

// Enqueue stores jobs in one transaction; see [smsfailover.Store]. A Token may
// have 128 bytes, and a LastErr is cut after 1024. The jobs are only read.
func (s *Store) Enqueue(ctx context.Context, jobs ...smsfailover.Job) ([]smsfailover.Outcome, error) {
	items := make([]*item, len(jobs))
	for i, j := range jobs {
		it, err := newItem(i, j)
		if err != nil {
			return nil, fmt.Errorf("sqlstore: enqueue: job %d of %d: %w", i+1, len(jobs), err)
		}
		items[i] = it
	}
	if len(jobs) == 0 {
		return nil, s.try(ctx, "enqueue", func() error { return nil })
	}
	out := make([]smsfailover.Outcome, len(jobs))
	batches := batchesOf(items)
	err := s.tx(ctx, "enqueue", func(c conn) error {
		for _, b := range batches {
			if err := s.enqueue(ctx, c, b, out); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// batchesOf cuts items into batches, none of which holds two that could be each
// other's like, and no item comes before an earlier one that could be its like.
// In a batch they lie by their hashes: calls that overlap then take rows in one
// order, and wait for each other rather than deadlock.
func batchesOf(items []*item) [][]*item {
	rounds := make([][]*item, 1)
	next := make(map[string]int) // the first round that is free, by what likes share
	for _, it := range items {
		shared := []string{"i" + it.ID, "d" + it.dedupe}
		if it.idem != "" {
			shared = append(shared, "k"+it.idem)
		}
		round := 0
		for _, key := range shared {
			round = max(round, next[key])
		}
		for _, key := range shared {
			next[key] = round + 1
		}
		if round == len(rounds) {
			rounds = append(rounds, nil)
		}
		rounds[round] = append(rounds[round], it)
	}
	var out [][]*item
	for _, round := range rounds {
		slices.SortFunc(round, func(a, b *item) int { return cmp.Compare(a.dedupe, b.dedupe) })
		out = slices.AppendSeq(out, slices.Chunk(round, maxLook))
	}
	return out
}

// enqueue stores a batch.
func (s *Store) enqueue(ctx context.Context, c conn, batch []*item, out []smsfailover.Outcome) error {
	seen, err := s.look(ctx, c, batch)
	if err != nil {
		return err
	}
	var fresh, stored []*item
	for _, it := range batch {
		old := seen.live[it.dedupe]
		switch {
		case seen.ids[it.ID] || seen.remembers(it):
			out[it.at] = smsfailover.Duplicate
		case old == nil:
			out[it.at] = smsfailover.Queued
			fresh = append(fresh, it)
			stored = append(stored, it)
		case old.args == it.args && old.sealed == it.Sealed:
			out[it.at] = smsfailover.Duplicate
			err = s.postpone(ctx, c, old, it, seen)
		default:
			out[it.at] = smsfailover.Superseded
			stored = append(stored, it)
			err = s.supersede(ctx, c, old, it, seen)
		}
		if err != nil {
			return err
		}
	}
	if err := s.insert(ctx, c, fresh, seen); err != nil {
		return err
	}
	return s.remember(ctx, c, stored, seen)
}

func (s *Store) insert(ctx context.Context, c conn, items []*item, seen *sight) error {
	for part := range slices.Chunk(items, maxInsert) {
		q := s.sql("INSERT INTO {jobs} (" + strings.Join(itemColumns, ", ") + ") VALUES ")
		for i, it := range part {
			if i > 0 {
				q.add(", ")
			}
			q.list(s.values(it, s.turn(it, seen.now, seen.skew), seen.now, seen.skew))
		}
		if _, err := exec(ctx, c, q); err != nil {
			return err
		}
	}
	return nil
}

// supersede writes it over old. If old is claimed its worker keeps the lease,
// which is over when the worker reports; it stays known by its ID until then.
func (s *Store) supersede(ctx context.Context, c conn, old *liveRow, it *item, seen *sight) error {
	t := s.turn(it, seen.now, seen.skew)
	if old.token.Valid {
		if t.token != nil { // that claim never was
			t.claims = max(t.claims-1, 0)
		}
		t.due = max(t.notBefore, old.leaseUntil.Int64)
		t.leaseUntil, t.token, t.owner = old.leaseUntil.Int64, s.column(old.token), s.column(old.owner)
		t.holder = s.column(old.holder)
		if !old.holder.Valid {
			t.holder = s.raw(old.id)
		}
	}
	q := s.sql("UPDATE {jobs}{by id} SET ")
	for i, v := range s.values(it, t, seen.now, seen.skew) {
		if i > 0 {
			q.add(", ")
		}
		q.add(itemColumns[i]+" = ?", v)
	}
	_, err := exec(ctx, c, q.add(" WHERE id = ?", s.raw(old.id)).fresh())
	return err
}

// postpone makes old's NotAfter the later of the two; none is later than any.
func (s *Store) postpone(ctx context.Context, c conn, old *liveRow, it *item, seen *sight) error {
	after := timeOrNull(it.NotAfter, seen.skew)
	if !old.notAfter.Valid || after != nil && after.(int64) <= old.notAfter.Int64 {
		return nil
	}
	_, err := exec(ctx, c, s.sql("UPDATE {jobs}{by id} SET not_after = ? WHERE id = ?", after, s.raw(old.id)).fresh())
	return err
}
