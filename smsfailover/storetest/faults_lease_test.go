package storetest_test

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

func leaseFaults() []fault {
	leasing := func(change func(d time.Duration) time.Duration) func(f *faulty, ctx context.Context, n int, lease time.Duration) ([]job, error) {
		return func(f *faulty, ctx context.Context, n int, lease time.Duration) ([]job, error) {
			return f.Store.Claim(ctx, "", n, change(lease))
		}
	}
	extending := func(change func(d time.Duration) time.Duration) func(f *faulty, ctx context.Context, lease time.Duration, refs []ref) ([]ref, error) {
		return func(f *faulty, ctx context.Context, lease time.Duration, refs []ref) ([]ref, error) {
			return f.Store.Extend(ctx, change(lease), refs...)
		}
	}
	return []fault{
		{name: "leases never end", caught: "LeaseEnds", claim: leasing(func(d time.Duration) time.Duration { return 1000 * d })},
		{name: "leases end early", caught: "LeaseEnds", claim: leasing(func(d time.Duration) time.Duration { return d / 2 })},
		{name: "Extend does nothing", caught: "ExtendKeeps", extend: func(*faulty, context.Context, time.Duration, []ref) ([]ref, error) { return nil, nil }},
		{name: "Extend adds", caught: "ExtendShortens", extend: extending(func(d time.Duration) time.Duration { return d + time.Hour })},
		{name: "a stale Done is taken", caught: "LeaseEnds", says: "Done of a claim that is lost", done: func(f *faulty, ctx context.Context, refs []ref) error {
			if err := f.Store.Done(ctx, refs...); !errors.Is(err, smsfailover.ErrLost) {
				return err
			}
			return nil
		}},
		{name: "Done goes by ID", caught: "IDReuse", claim: (*faulty).noteClaims, done: func(f *faulty, ctx context.Context, refs []ref) error {
			refs = slices.Clone(refs)
			for i, r := range refs {
				if j, ok := f.noted(r.ID); ok {
					refs[i] = j.Ref()
				}
			}
			return f.Store.Done(ctx, refs...)
		}},
		{name: "a lease that ended is lost", caught: "LeaseEndsWithoutAClaim", claim: (*faulty).noteClaims, done: func(f *faulty, ctx context.Context, refs []ref) error {
			if j, ok := f.noted(refs[0].ID); ok && time.Now().After(j.LeaseUntil) {
				return &smsfailover.LostError{Refs: refs}
			}
			return f.Store.Done(ctx, refs...)
		}},
		{name: "a batch with one that is lost does nothing", caught: "LostNamesTheLost", done: func(f *faulty, ctx context.Context, refs []ref) error {
			if lost, err := f.Store.Extend(ctx, time.Minute, refs...); err != nil || len(lost) > 0 {
				return errors.Join(err, &smsfailover.LostError{Refs: lost})
			}
			return f.Store.Done(ctx, refs...)
		}},
		{name: "all of a batch is named lost", caught: "LostNamesTheLost", release: func(f *faulty, ctx context.Context, after time.Duration, refs []ref) error {
			if err := f.Store.Release(ctx, after, refs...); err != nil {
				return &smsfailover.LostError{Refs: refs}
			}
			return nil
		}},
		{name: "ErrLost without names", caught: "WrongTokens", done: func(f *faulty, ctx context.Context, refs []ref) error {
			if err := f.Store.Done(ctx, refs...); err != nil {
				return smsfailover.ErrLost
			}
			return nil
		}},
		{name: "no token fits what is not claimed", caught: "WrongTokens", release: func(f *faulty, ctx context.Context, after time.Duration, refs []ref) error {
			if len(refs) == 1 && refs[0].Token == "" {
				return nil
			}
			return f.Store.Release(ctx, after, refs...)
		}},
		{name: "delays are forgotten", caught: "RetryAndReleaseWait", retry: func(f *faulty, ctx context.Context, r ref, _ time.Duration, cause string) error {
			return f.Store.Retry(ctx, r, 0, cause)
		}},
		{name: "stored as unclaimed", caught: "PreLeased", job: func(_ *faulty, j *job) { j.Token = "" }},
		{name: "stored as claimed for ever", caught: "PreLeasedEnds", job: func(_ *faulty, j *job) {
			if j.Token != "" {
				j.LeaseUntil = time.Now().Add(time.Hour)
			}
		}},
	}
}

func (f *faulty) noteClaims(ctx context.Context, n int, lease time.Duration) ([]job, error) {
	jobs, err := f.Store.Claim(ctx, "", n, lease)
	for _, j := range jobs {
		f.note(j.ID, j)
	}
	return jobs, err
}

// noteNumbers notes the jobs that are claimed by To.
func (f *faulty) noteNumbers(ctx context.Context, n int, lease time.Duration) ([]job, error) {
	jobs, err := f.Store.Claim(ctx, "", n, lease)
	for _, j := range jobs {
		f.note(j.To, j)
	}
	return jobs, err
}
