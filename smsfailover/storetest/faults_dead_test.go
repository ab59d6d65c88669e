package storetest_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/storetest"
)

func deadFaults() []fault {
	filtered := func(change func(f *smsfailover.Filter)) func(f *faulty, ctx context.Context, filter smsfailover.Filter) ([]job, error) {
		return func(f *faulty, ctx context.Context, filter smsfailover.Filter) ([]job, error) {
			change(&filter)
			return f.Store.Dead(ctx, filter)
		}
	}
	return []fault{
		{name: "a dead letter blocks its number", caught: "Bury", job: func(f *faulty, j *job) {
			f.mu.Lock()
			defer f.mu.Unlock()
			if f.count > 0 {
				j.Due = time.Now().Add(time.Hour)
			}
			f.count++
		}},
		{name: "dead letters come again", caught: "Bury", bury: func(f *faulty, ctx context.Context, r ref, cause string) error {
			return f.Store.Retry(ctx, r, 30*time.Second, cause)
		}},
		{name: "Bury forgets why", caught: "Bury", bury: func(f *faulty, ctx context.Context, r ref, _ string) error {
			return f.Store.Bury(ctx, r, "")
		}},
		{name: "Dead takes any ID", caught: "DeadFilter", says: "by ID", dead: filtered(func(f *smsfailover.Filter) { f.IDs = nil })},
		{name: "Dead takes any template", caught: "DeadFilter", says: "template", dead: filtered(func(f *smsfailover.Filter) { f.TplID = "" })},
		{name: "Dead takes any time", caught: "DeadFilter", says: "before", dead: filtered(func(f *smsfailover.Filter) { f.Before = time.Time{} })},
		{name: "Dead takes any number", caught: "DeadFilter", says: "limit", dead: filtered(func(f *smsfailover.Filter) { f.Limit = 0 })},
		{name: "Dead takes the last", caught: "DeadFilter", dead: func(f *faulty, ctx context.Context, filter smsfailover.Filter) ([]job, error) {
			jobs, err := f.Store.Dead(ctx, filter)
			slices.Reverse(jobs)
			return jobs, err
		}},
		{name: "Redrive takes any", caught: "RedriveWhatTheFilterChooses", redrive: func(f *faulty, ctx context.Context, _ smsfailover.Filter) (int, error) {
			return f.Store.Redrive(ctx, smsfailover.Filter{})
		}},
		{name: "Redrive counts what it can't do", caught: "RedriveKeepsOutOfTheWay", redrive: func(f *faulty, ctx context.Context, filter smsfailover.Filter) (int, error) {
			dead, err := f.Store.Dead(ctx, filter)
			if err != nil {
				return 0, err
			}
			_, err = f.Store.Redrive(ctx, filter)
			return len(dead), err
		}},
		{
			name: "Redrive makes young", caught: "Redrive", says: "Enqueued is",
			redrive: func(f *faulty, ctx context.Context, filter smsfailover.Filter) (int, error) {
				f.note("redriven", job{Enqueued: time.Now()})
				return f.Store.Redrive(ctx, filter)
			},
			out: func(f *faulty, j *job) {
				if at, ok := f.noted("redriven"); ok {
					j.Enqueued = at.Enqueued
				}
			},
		},
		{
			name: "Redrive keeps Claims", caught: "Redrive",
			redrive: func(f *faulty, ctx context.Context, filter smsfailover.Filter) (int, error) {
				f.note("redriven", job{})
				return f.Store.Redrive(ctx, filter)
			},
			out: func(f *faulty, j *job) {
				if _, ok := f.noted("redriven"); ok {
					j.Claims += 10
				}
			},
		},
	}
}

func raceFaults() []fault {
	return []fault{
		{name: "claims twice", caught: "ManyWorkersClaimEachOnce", says: "by two workers at once", claim: func(f *faulty, ctx context.Context, n int, lease time.Duration) ([]job, error) {
			if last, ok := f.noted("last"); ok && f.nth(20) {
				return []job{last}, nil
			}
			jobs, err := f.Store.Claim(ctx, "", n, lease)
			if len(jobs) > 0 {
				f.note("last", jobs[0])
			}
			return jobs, err
		}},
		{name: "loses some", caught: "ManyWorkersClaimEachOnce", says: "are left", claim: func(f *faulty, ctx context.Context, n int, lease time.Duration) ([]job, error) {
			jobs, err := f.Store.Claim(ctx, "", n, lease)
			if len(jobs) > 0 && f.nth(20) {
				_ = f.Store.Done(ctx, jobs[0].Ref())
				jobs = jobs[1:]
			}
			return jobs, err
		}},
		{name: "deadlocks now and then", caught: "EnqueueWhileClaiming", says: "deadlock", enqueue: func(f *faulty, ctx context.Context, jobs []job) ([]smsfailover.Outcome, error) {
			if f.nth(10) {
				return nil, errors.New("deadlock found")
			}
			return f.Store.Enqueue(ctx, jobs...)
		}},
		{name: "done under two tokens", caught: "ManyWorkersAndLeasesThatEnd", done: func(f *faulty, ctx context.Context, refs []ref) error {
			if err := f.Store.Done(ctx, refs...); !errors.Is(err, smsfailover.ErrLost) {
				return err
			}
			return nil
		}},
		{name: "looks before it stores", caught: "ManyEnqueueOneIdemKey", enqueue: func(f *faulty, ctx context.Context, jobs []job) ([]smsfailover.Outcome, error) {
			jobs = slices.Clone(jobs)
			key := jobs[0].IdemKey
			_, known := f.noted(key)
			time.Sleep(time.Nanosecond) // the others come to the same point
			f.note(key, jobs[0])
			if known {
				return []smsfailover.Outcome{smsfailover.Duplicate}, nil
			}
			jobs[0].IdemKey = ""
			return f.Store.Enqueue(ctx, jobs...)
		}},
		{name: "unlike the model", caught: "LikeTheModel", says: "seed", depth: func(d *smsfailover.Depth) {
			if d.Live() > 0 { // every walk comes to this, while some bury nothing
				d.Ready++
			}
		}},
		{name: "unlike the model after days", caught: "LikeTheModelOverDays", says: "seed", retry: func(f *faulty, ctx context.Context, r ref, after time.Duration, cause string) error {
			return f.Store.Retry(ctx, r, min(after, 20*time.Minute), cause)
		}},
	}
}

func declarationFaults() []fault {
	fresh := func(h *storetest.Harness) {
		h.Reopen = func(*testing.T) smsfailover.Store { return smsfailover.NewMemStore() }
	}
	return []fault{
		{name: "no store", caught: "RoundTrip", says: "a Harness without Store", harness: func(h *storetest.Harness) { h.Store = nil }},
		{name: "no lease", caught: "RoundTrip", says: "a Harness without Store, Lease", harness: func(h *storetest.Harness) { h.Lease = 0 }},
		{name: "declared durable, and loses all", caught: "DeclaredDurable", harness: fresh},
		{name: "declared durable, and can't be opened again", caught: "DeclaredDurable", says: "Reopen is nil", harness: func(h *storetest.Harness) { h.Reopen = nil }},
		{name: "loses dead letters", caught: "SurvivesReopen", says: "declared Durable", harness: func(h *storetest.Harness) {
			again := h.Reopen
			h.Reopen = func(t *testing.T) smsfailover.Store {
				_, _ = h.Store.Redrive(t.Context(), smsfailover.Filter{})
				return again(t)
			}
		}},
		{name: "forgets claims of a crash", caught: "ClaimsOfACrashEnd", out: func(_ *faulty, j *job) { j.Claims = 1 }},
		{name: "pods don't share", caught: "TwoPods", harness: fresh},
		{name: "durable, and doesn't declare it", caught: "DeclaredNotDurable", says: "Durable is not declared", caps: func(c *storetest.Caps) { c.Durable = false }},
		{name: "dedupes, and doesn't declare it", caught: "DeclaredNoDedupe", says: "Dedupe is not declared", caps: func(c *storetest.Caps) { c.Dedupe = false }},
		{name: "supersedes, and doesn't declare it", caught: "DeclaredNoSupersede", says: "Supersede is not declared", caps: func(c *storetest.Caps) { c.Supersede = false }},
		{name: "keeps order, and doesn't declare it", caught: "DeclaredUnordered", says: "Unordered is declared", caps: func(c *storetest.Caps) { c.Unordered = true }},
	}
}
