package storetest_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

func dedupeFaults() []fault {
	return []fault{
		{name: "no IdemKeys", caught: "SameIdemKey", job: func(_ *faulty, j *job) { j.IdemKey = "" }},
		{
			name: "IdemKeys die with their jobs", caught: "SameIdemKey", says: "finished",
			claim: (*faulty).noteClaims,
			done: func(f *faulty, ctx context.Context, refs []ref) error {
				for _, r := range refs {
					if j, ok := f.noted(r.ID); ok {
						f.note("gone "+j.IdemKey, j)
					}
				}
				return f.Store.Done(ctx, refs...)
			},
			job: func(f *faulty, j *job) {
				if _, gone := f.noted("gone " + j.IdemKey); gone {
					j.IdemKey = ""
				}
			},
		},
		{name: "IdemKeys for ever", caught: "IdemKeyIsForgotten", enqueue: func(f *faulty, ctx context.Context, jobs []job) ([]smsfailover.Outcome, error) {
			if _, ok := f.noted(jobs[0].IdemKey); ok && len(jobs) == 1 {
				return []smsfailover.Outcome{smsfailover.Duplicate}, nil
			}
			f.note(jobs[0].IdemKey, jobs[0])
			return f.Store.Enqueue(ctx, jobs...)
		}},
		{name: "IDs aren't looked at", caught: "SameID", job: func(f *faulty, j *job) {
			if _, ok := f.noted(j.ID); ok {
				j.ID += "'"
			}
			f.note(j.ID, *j)
		}},
		{name: "Args aren't looked at", caught: "SameArgs", job: func(f *faulty, j *job) {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.count++
			j.Args = append(slices.Clone(j.Args), fmt.Sprint(f.count))
		}},
		{name: "Args are joined to compare", caught: "OtherArgs", job: func(_ *faulty, j *job) {
			j.Args = []string{strings.Join(j.Args, "")}
		}},
		{name: "the first NotAfter stays", caught: "SameArgsKeepTheLaterNotAfter", job: func(f *faulty, j *job) {
			if first, ok := f.noted(j.To); ok {
				j.NotAfter = first.NotAfter
			}
			f.note(j.To, *j)
		}},
		{name: "a Duplicate's IdemKey is kept", caught: "DuplicateStoresNothing", enqueue: func(f *faulty, ctx context.Context, jobs []job) ([]smsfailover.Outcome, error) {
			out, err := f.Store.Enqueue(ctx, jobs...)
			if err == nil && len(jobs) == 1 && out[0] == smsfailover.Duplicate {
				if _, ok := f.noted(jobs[0].IdemKey); ok || jobs[0].IdemKey == "" {
					return out, nil
				}
				f.note(jobs[0].IdemKey, jobs[0])
				other := job{Message: smsfailover.Message{ID: "other", TplID: "other", To: "other", IdemKey: jobs[0].IdemKey}, Due: time.Now().Add(1000 * time.Hour)}
				_, err = f.Store.Enqueue(ctx, other)
			}
			return out, err
		}},
		{name: "a batch isn't compared with itself", caught: "DuplicatesInOneBatch", enqueue: func(f *faulty, ctx context.Context, jobs []job) ([]smsfailover.Outcome, error) {
			out, err := f.Store.Enqueue(ctx, jobs...)
			for i := range out {
				out[i] = smsfailover.Queued
			}
			return out, err
		}},
	}
}

func supersedeFaults() []fault {
	return []fault{
		{
			name: "the newer one overtakes", caught: "SupersedeClaimed",
			claim: (*faulty).noteNumbers,
			job: func(f *faulty, j *job) {
				if old, ok := f.noted(j.To); ok {
					_ = f.Store.Done(context.Background(), old.Ref())
				}
			},
		},
		{name: "the older one stays", caught: "SupersedeWaiting", job: func(f *faulty, j *job) {
			if _, ok := f.noted(j.To); ok {
				j.Due = time.Now().Add(time.Hour)
			}
			f.note(j.To, *j)
		}},
		{name: "the newer one inherits", caught: "SupersedeTakesTheNewerFields", job: func(f *faulty, j *job) {
			if old, ok := f.noted(j.To); ok {
				j.Priority = old.Priority
			}
			f.note(j.To, *j)
		}},
		{name: "a superseded claim is lost", caught: "SupersedeExtended", extend: func(f *faulty, ctx context.Context, lease time.Duration, refs []ref) ([]ref, error) {
			if d, err := f.Store.Depth(ctx); err != nil || d.Leased > 0 {
				return f.Store.Extend(ctx, lease, refs...)
			}
			return refs, nil
		}},
		{name: "a superseded claim doesn't hold", caught: "SupersedeExtended", extend: func(f *faulty, ctx context.Context, lease time.Duration, refs []ref) ([]ref, error) {
			if d, err := f.Store.Depth(ctx); err != nil || d.Leased > 0 {
				return f.Store.Extend(ctx, lease, refs...)
			}
			return nil, nil
		}},
		{name: "a superseded claim is good for ever", caught: "SupersedeClaimedUntilLeaseEnds", claim: (*faulty).noteClaims, done: func(f *faulty, ctx context.Context, refs []ref) error {
			err := f.Store.Done(ctx, refs...)
			if j, ok := f.noted(refs[0].ID); ok && j.Token == refs[0].Token && len(refs) == 1 && time.Now().After(j.LeaseUntil) {
				return nil
			}
			return err
		}},
		{name: "a superseded job is buried", caught: "SupersedeClaimed", says: "Depth", bury: func(f *faulty, ctx context.Context, r ref, cause string) error {
			err := f.Store.Bury(ctx, r, cause)
			if d, _ := f.Store.Depth(ctx); err == nil && d.Dead == 0 {
				f.note("buried", job{})
			}
			return err
		}, depth: func(d *smsfailover.Depth) {
			if d.Live() == 0 && d.Dead == 0 {
				d.Dead++
			}
		}},
		{name: "superseded IdemKeys are forgotten", caught: "SupersededAreRemembered", job: func(f *faulty, j *job) {
			if _, ok := f.noted(j.IdemKey); ok {
				j.IdemKey = ""
			}
			f.note(j.IdemKey, *j)
		}},
		{name: "a claimed one is stored over a claimed one", caught: "SupersedePreLeased", says: "lost", done: func(f *faulty, ctx context.Context, refs []ref) error {
			if err := f.Store.Done(ctx, refs...); err != nil && !strings.HasPrefix(refs[0].Token, "token-") {
				return err
			}
			return nil
		}},
		{name: "a claim that never was is counted", caught: "SupersedeWaitsUnclaimed", says: "want 1", claim: (*faulty).noteNumbers, job: func(f *faulty, j *job) {
			if _, claimed := f.noted(j.To); claimed && j.Token != "" {
				j.Claims++
			}
		}},
		{name: "who waits was never claimed", caught: "SupersedeWaitsUnclaimed", says: "Claims is 2", claim: (*faulty).noteNumbers, job: func(f *faulty, j *job) {
			if _, claimed := f.noted(j.To); claimed && j.Token == "" {
				j.Claims--
			}
		}},
		{name: "the own Due is forgotten", caught: "SupersedeWaitsForItsOwnDue", job: func(_ *faulty, j *job) { j.Due = time.Time{} }},
	}
}
