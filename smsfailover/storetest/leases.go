package storetest

import (
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

func leaseScenarios() []scenario {
	return []scenario{
		{name: "LeaseEnds", run: leaseEnds, times: true},
		{name: "LeaseEndsWithoutAClaim", run: tokenOutlivesLease, times: true},
		{name: "ExtendKeeps", run: extendKeeps, times: true},
		{name: "ExtendShortens", run: extendShortens, times: true},
		{name: "RetryAndReleaseWait", run: delaysWait, times: true},
		{name: "LeaseEndsAgainAndAgain", run: leaseEndsAgain, times: true},
	}
}

// A job whose lease ended is somebody else's: the old token is worth nothing.
func leaseEnds(e *env) {
	j := e.job()
	e.put(smsfailover.Queued, j)
	first := e.one(j)
	e.until(e.lease, func() {
		e.none()
		e.depth(0, 0, 1, 0)
	})
	e.depth(1, 0, 0, 0)
	second := e.one(j)
	if second.Token == first.Token {
		e.fatalf("two claims have the same token")
	}
	e.allLost(first.Ref())
	e.none()
	e.done(second)
	e.empty()
	e.allLost(second.Ref())
}

// Until then the old token is good: work that is done need not be done again.
func tokenOutlivesLease(e *env) {
	calls := reports()
	jobs := e.someJobs(len(calls))
	e.put(smsfailover.Queued, jobs...)
	claimed := e.claim(len(jobs))
	e.expire(e.lease)
	for i, call := range calls {
		e.check(call.name+" after the end of the lease", call.call(e, claimed[i].Ref()))
	}
	e.none()
	e.depth(0, 2, 1, 1) // retried and released; extended; buried
}

func extendKeeps(e *env) {
	jobs := e.someJobs(3)
	e.put(smsfailover.Queued, jobs...)
	claimed := e.claim(3)
	for range 2 {
		e.wait(e.lease / 2)
		e.extend(claimed...)
	}
	e.until(e.lease, e.none)
	e.claim(3)
	for _, old := range claimed {
		e.allLost(old.Ref())
	}
}

// A lease ends when the last Extend said, also if that is sooner than before.
func extendShortens(e *env) {
	j := e.job()
	e.put(smsfailover.Queued, j)
	got := e.claimFrom(e.s, 1, time.Hour)
	e.extend(got...)
	e.until(e.lease, e.none)
	e.one(j)
}

func delaysWait(e *env) {
	jobs := e.someJobs(2)
	e.put(smsfailover.Queued, jobs...)
	claimed := e.claim(2)
	e.retry(claimed[0], e.lease)
	e.release(e.lease, claimed[1])
	e.until(e.lease, func() {
		e.none()
		e.depth(0, 2, 0, 0)
	})
	e.done(e.claim(2)...)
	e.empty()
}

// Workers that die one after the other leave a job that counts them.
func leaseEndsAgain(e *env) {
	j := e.job()
	e.put(smsfailover.Queued, j)
	const short = 3
	seen := make(map[string]bool)
	for n := 1; n <= short; n++ {
		got := e.one(j)
		if got.Claims != n || got.Attempt != 0 || seen[got.Token] {
			e.fatalf("claim %d: Claims %d, Attempt %d, token seen before: %v", n, got.Claims, got.Attempt, seen[got.Token])
		}
		seen[got.Token] = true
		if _, err := e.s.Extend(e.t.Context(), time.Millisecond, got.Ref()); err != nil {
			e.fatalf("Extend: %v", err)
		}
		e.expire(time.Millisecond)
	}
}
