package storetest_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

func faults() (all []fault) {
	for _, group := range [][]fault{
		storageFaults(), claimFaults(), leaseFaults(), dedupeFaults(), supersedeFaults(),
		deadFaults(), raceFaults(), declarationFaults(),
	} {
		all = append(all, group...)
	}
	return all
}

func storageFaults() []fault {
	return []fault{
		{name: "a batch is stored one by one", caught: "EnqueueIsAllOrNothing", enqueue: (*faulty).oneByOne},
		{name: "takes jobs without an ID", caught: "EnqueueIsAllOrNothing", job: func(_ *faulty, j *job) {
			if j.ID == "" {
				j.ID = "none"
			}
		}},
		{name: "cuts long keys", caught: "EnqueueIsAllOrNothing", job: func(_ *faulty, j *job) {
			j.IdemKey = j.IdemKey[:min(len(j.IdemKey), smsfailover.MaxIdemKey)]
		}},
		{name: "errors name the number", caught: "EnqueueIsAllOrNothing", says: "gives away", enqueue: func(f *faulty, ctx context.Context, jobs []job) ([]smsfailover.Outcome, error) {
			out, err := f.Store.Enqueue(ctx, jobs...)
			if err != nil {
				err = fmt.Errorf("%s: %w", jobs[0].To, err)
			}
			return out, err
		}},
		{name: "args run together", caught: "RoundTrip", says: "Args is not what it was", job: func(_ *faulty, j *job) {
			j.Args = []string{strings.Join(j.Args, "")}
		}},
		{name: "args as JSON", caught: "RoundTrip", says: "Args is not what it was", job: func(_ *faulty, j *job) {
			j.Args = slices.Clone(j.Args)
			for i, a := range j.Args {
				j.Args[i] = strings.ToValidUTF8(a, "\ufffd")
			}
		}},
		{name: "three-byte characters", caught: "RoundTrip", job: func(_ *faulty, j *job) {
			j.To = strings.ReplaceAll(j.To, "\U0001F4F1", "?")
		}},
		{name: "forgets Sealed", caught: "RoundTrip", says: "Sealed is not", job: func(_ *faulty, j *job) { j.Sealed = false }},
		{name: "forgets Attempt", caught: "RoundTrip", says: "Attempt is not", job: func(_ *faulty, j *job) { j.Attempt = 0 }},
		{name: "forgets Prev", caught: "RoundTrip", says: "Prev is not", job: func(_ *faulty, j *job) { j.Prev = 0 }},
		{name: "forgets LastErr", caught: "RoundTrip", says: "LastErr is not", job: func(_ *faulty, j *job) { j.LastErr = "" }},
		{name: "NotAfter in seconds", caught: "RoundTrip", says: "NotAfter is", job: func(_ *faulty, j *job) {
			j.NotAfter = j.NotAfter.Truncate(time.Second)
		}},
		{name: "NotAfter by another clock", caught: "RoundTrip", says: "NotAfter is", out: func(_ *faulty, j *job) {
			if !j.NotAfter.IsZero() {
				j.NotAfter = j.NotAfter.Add(5 * time.Minute)
			}
		}},
		{name: "LeaseUntil by another clock", caught: "RoundTrip", says: "LeaseUntil", out: func(_ *faulty, j *job) {
			j.LeaseUntil = j.LeaseUntil.Add(-5 * time.Minute)
		}},
		{
			name: "keeps the caller's args", caught: "ArgsAreCopied", says: "Enqueue was given",
			job: func(f *faulty, j *job) { f.note(j.ID, *j) },
			out: func(f *faulty, j *job) {
				kept, _ := f.noted(j.ID)
				j.Args = kept.Args
			},
		},
		{name: "lowers case", caught: "BytesTellKeysApart", job: func(_ *faulty, j *job) { j.IdemKey = strings.ToLower(j.IdemKey) }},
		{name: "trims blanks", caught: "BytesTellKeysApart", job: func(_ *faulty, j *job) { j.To = strings.TrimRight(j.To, " ") }},
		{name: "TplID and To run together", caught: "BytesTellKeysApart", job: func(_ *faulty, j *job) {
			if all := j.TplID + ":" + j.To; strings.HasPrefix(all, "a:") {
				j.TplID, j.To = "a", strings.Trim(j.To, ":")
			}
		}},
		{name: "ignores ctx", caught: "ContextDone", retry: func(f *faulty, ctx context.Context, r ref, after time.Duration, cause string) error {
			return f.Store.Retry(context.WithoutCancel(ctx), r, after, cause)
		}},
		{name: "a cause is text", caught: "AnyCause", bury: func(f *faulty, ctx context.Context, r ref, cause string) error {
			if strings.Contains(cause, "\x00") {
				return errors.New("invalid byte sequence")
			}
			return f.Store.Bury(ctx, r, cause)
		}},
		{name: "claims for no time", caught: "BadArguments", claim: func(f *faulty, ctx context.Context, n int, lease time.Duration) ([]job, error) {
			return f.Store.Claim(ctx, "", n, max(lease, 1))
		}},
	}
}

func (f *faulty) oneByOne(ctx context.Context, jobs []job) ([]smsfailover.Outcome, error) {
	var out []smsfailover.Outcome
	for _, j := range jobs {
		o, err := f.Store.Enqueue(ctx, j)
		if err != nil {
			return nil, err
		}
		out = append(out, o...)
	}
	return out, nil
}

func claimFaults() []fault {
	sorted := func(less func(a, b job) int) func(f *faulty, ctx context.Context, n int, lease time.Duration) ([]job, error) {
		return func(f *faulty, ctx context.Context, n int, lease time.Duration) ([]job, error) {
			jobs, err := f.Store.Claim(ctx, "", n, lease)
			slices.SortStableFunc(jobs, less)
			return jobs, err
		}
	}
	return []fault{
		{name: "order of Enqueue", caught: "ClaimOrder", says: "was due later", claim: sorted(func(a, b job) int {
			return strings.Compare(a.ID, b.ID)
		})},
		{name: "no bands", caught: "ClaimOrder", says: "lower band", claim: sorted(func(a, b job) int { return a.Due.Compare(b.Due) })},
		{name: "more than three bands", caught: "ClaimOrder", says: "was due later", claim: sorted(func(a, b job) int {
			return b.Priority - a.Priority
		})},
		{name: "claims one more", caught: "ClaimTakesNoMoreThanItIsAsked", claim: func(f *faulty, ctx context.Context, n int, lease time.Duration) ([]job, error) {
			return f.Store.Claim(ctx, "", n+1, lease)
		}},
		{name: "attempts start anew", caught: "ClaimsAndAttempts", out: func(_ *faulty, j *job) { j.Attempt = 0 }},
		{name: "doesn't count claims", caught: "ClaimsAndAttempts", out: func(_ *faulty, j *job) { j.Claims = min(j.Claims, 1) }},
		{name: "Release is an attempt", caught: "ClaimsAndAttempts", release: func(f *faulty, ctx context.Context, after time.Duration, refs []ref) error {
			for _, r := range refs {
				if err := f.Store.Retry(ctx, r, after, ""); err != nil {
					return err
				}
			}
			return nil
		}},
		{name: "due late", caught: "DueIsADuration", job: func(_ *faulty, j *job) {
			if !j.Due.IsZero() {
				j.Due = j.Due.Add(time.Second)
			}
		}},
		{name: "due at once", caught: "DueIsADuration", job: func(_ *faulty, j *job) { j.Due = time.Time{} }},
		{name: "due by another clock", caught: "DueZeroOrPassedIsNow", job: func(_ *faulty, j *job) {
			if !j.Due.IsZero() {
				j.Due = j.Due.Add(5 * time.Minute)
			}
		}},
		{name: "depth without leases", caught: "DepthCounts", depth: func(d *smsfailover.Depth) { d.Delayed, d.Leased = d.Delayed+d.Leased, 0 }},
		{name: "depth is late", caught: "LeaseEnds", depth: func(d *smsfailover.Depth) { d.Leased, d.Ready = d.Leased+d.Ready, 0 }},
		{name: "no Oldest", caught: "DepthCounts", depth: func(d *smsfailover.Depth) { d.Oldest = time.Time{} }},
		{name: "Oldest is now", caught: "DepthOldest", depth: func(d *smsfailover.Depth) { d.Oldest = time.Now() }},
	}
}
