package sqlstore

import (
	"context"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// A report is what a worker says of claims, as two changes of rows.
type report struct {
	op      string
	current change // of a job that its worker holds; without text it is deleted
	waiting change // of one that waits for an older one, which its worker holds
}

const unclaimed = "token = NULL, holder = NULL, lease_until = NULL, owner = NULL, "

// makesWay is what every report that ends a claim does to the job that waits.
var makesWay = change{set: unclaimed + "due = not_before"}

// Done deletes jobs; see [smsfailover.Store].
func (s *Store) Done(ctx context.Context, refs ...smsfailover.Ref) error {
	return s.end(ctx, report{op: "done", waiting: makesWay}, refs)
}

// Retry makes a job due again after a failed attempt; see [smsfailover.Store].
// 1024 bytes of cause are kept.
func (s *Store) Retry(ctx context.Context, r smsfailover.Ref, after time.Duration, cause string) error {
	wait := micros(after)
	return s.end(ctx, report{
		op: "retry",
		current: change{
			unclaimed + "due = {now} + ?, not_before = {now} + ?, attempt = attempt + 1, prev = ?, last_err = ?",
			[]any{wait, wait, int64(max(after, 0)), s.bytes(cut(cause, maxLastErr))},
		},
		waiting: makesWay,
	}, []smsfailover.Ref{r})
}

// Release makes jobs due again that were not tried; see [smsfailover.Store].
func (s *Store) Release(ctx context.Context, after time.Duration, refs ...smsfailover.Ref) error {
	wait := micros(after)
	return s.end(ctx, report{
		op: "release",
		current: change{
			unclaimed + "due = {now} + ?, not_before = {now} + ?, claims = {greatest}(claims - 1, 0)",
			[]any{wait, wait},
		},
		waiting: makesWay,
	}, refs)
}

// Bury makes a job a dead letter; see [smsfailover.Store]. 1024 bytes of cause
// are kept.
func (s *Store) Bury(ctx context.Context, r smsfailover.Ref, cause string) error {
	return s.end(ctx, report{
		op: "bury",
		current: change{
			unclaimed + "due = {now}, not_before = {now}, state = 1, band = 0, dedupe = NULL, last_err = ?",
			[]any{s.bytes(cut(cause, maxLastErr))},
		},
		waiting: makesWay,
	}, []smsfailover.Ref{r})
}

// Extend prolongs leases; see [smsfailover.Store].
func (s *Store) Extend(ctx context.Context, lease time.Duration, refs ...smsfailover.Ref) (lost []smsfailover.Ref, err error) {
	us := micros(lease)
	return s.report(ctx, report{
		op:      "extend",
		current: change{"due = {now} + ?, lease_until = {now} + ?", []any{us, us}},
		waiting: change{"due = {greatest}(not_before, {now} + ?), lease_until = {now} + ?", []any{us, us}},
	}, refs)
}

func (s *Store) end(ctx context.Context, rep report, refs []smsfailover.Ref) error {
	lost, err := s.report(ctx, rep, refs)
	if err == nil && len(lost) > 0 {
		err = &smsfailover.LostError{Refs: lost}
	}
	return err
}

// report makes the report of each ref, and returns those that name no claim.
func (s *Store) report(ctx context.Context, rep report, refs []smsfailover.Ref) (lost []smsfailover.Ref, err error) {
	held := make(map[smsfailover.Ref]bool, len(refs))
	switch {
	case len(refs) == 0:
		err = s.try(ctx, rep.op, func() error { return nil })
	case s.f.oneStatement:
		err = s.reportAtOnce(ctx, rep, refs, held)
	default:
		err = s.reportInTx(ctx, rep, refs, held)
	}
	if err != nil {
		return nil, err
	}
	return without(refs, held), nil
}

// without returns those of refs that aren't in held.
func without(refs []smsfailover.Ref, held map[smsfailover.Ref]bool) (left []smsfailover.Ref) {
	for _, r := range refs {
		if !held[r] {
			left = append(left, r)
		}
	}
	return left
}
