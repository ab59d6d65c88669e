package storetest

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

func claimScenarios(c Caps) []scenario {
	all := []scenario{
		{name: "ClaimTakesNoMoreThanItIsAsked", run: claimLimit},
		{name: "ClaimsAndAttempts", run: claimsAndAttempts},
	}
	if !c.Unordered {
		all = append(all, scenario{name: "ClaimOrder", run: func(e *env) {
			if why := e.order(); why != "" {
				e.fatalf("%s", why)
			}
		}, times: true})
	}
	return all
}

func claimLimit(e *env) {
	jobs := e.someJobs(10)
	e.put(smsfailover.Queued, jobs...)
	var got []string
	for _, n := range []int{3, 3, 4} {
		got = append(got, ids(e.claim(n))...)
	}
	e.none()
	slices.Sort(got)
	if want := slices.Sorted(slices.Values(ids(jobs))); !slices.Equal(got, want) {
		e.fatalf("claimed %v, want each of %v once", got, want)
	}
}

// order enqueues jobs in no order and returns what is wrong with the one in
// which they come out.
func (e *env) order() string {
	step := max(2*e.h.Grain, 5*time.Millisecond)
	type key struct {
		band int
		due  time.Duration
	}
	keys := make(map[string]key)
	var jobs []smsfailover.Job
	now := time.Now()
	for i := range 8 {
		for _, priority := range []int{-7, -1, 0, 0, 1, 9} {
			j := e.job()
			// No two of a band are due at once.
			due := time.Duration(6*i+len(jobs)%6+1) * step
			j.Priority, j.Due = priority, now.Add(due)
			keys[j.ID] = key{min(max(priority, -1), 1), due}
			jobs = append(jobs, j)
		}
	}
	rand.Shuffle(len(jobs), func(i, k int) { jobs[i], jobs[k] = jobs[k], jobs[i] })
	e.put(smsfailover.Queued, jobs...)
	e.expire(time.Duration(len(jobs)+1) * step)
	var got []string
	for len(got) < len(jobs) { // some claims take from two bands
		got = append(got, ids(e.claim(min(7, len(jobs)-len(got))))...)
	}
	for i := 1; i < len(got); i++ {
		a, b := keys[got[i-1]], keys[got[i]]
		if a.band < b.band {
			return "a job of a lower band of Priority came first"
		}
		if a.band == b.band && a.due > b.due {
			return "a job that was due later came first"
		}
	}
	return ""
}

func claimsAndAttempts(e *env) {
	j := e.job()
	e.put(smsfailover.Queued, j)
	got := e.one(j)
	expect := func(when string, attempt, claims int, prev time.Duration, lastErr string) {
		e.t.Helper()
		if got.Attempt != attempt || got.Claims != claims || got.Prev != prev || got.LastErr != lastErr {
			e.fatalf("%s: Attempt %d, Claims %d, Prev %v, LastErr %q; want %d, %d, %v, %q", when,
				got.Attempt, got.Claims, got.Prev, got.LastErr, attempt, claims, prev, lastErr)
		}
	}
	expect("first claim", 0, 1, 0, "")
	e.release(0, got)
	got = e.one(j)
	expect("after Release", 0, 1, 0, "")
	e.retry(got, time.Millisecond)
	e.expire(time.Millisecond)
	got = e.one(j)
	expect("after Retry", 1, 2, time.Millisecond, cause)
	e.release(0, got)
	got = e.one(j)
	expect("after Retry and Release", 1, 2, time.Millisecond, cause)
	e.extend(got)
	e.expire(e.lease)
	got = e.one(j)
	expect("after its lease ended", 1, 3, time.Millisecond, cause)
	e.retry(got, 0)
	got = e.one(j)
	expect("after a second Retry", 2, 4, 0, cause)
	e.done(got)
	e.empty()
}
