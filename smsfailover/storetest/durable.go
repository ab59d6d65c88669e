package storetest

import (
	"slices"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

func durableScenarios() []scenario {
	return []scenario{
		{name: "SurvivesReopen", run: survives},
		{name: "ClaimsOfACrashEnd", run: claimsOfACrash, times: true},
		{name: "TwoPods", run: twoPods},
	}
}

// All that was in it is in the same data when it is opened again.
func survives(e *env) {
	e.rule = "the store is declared Durable"
	ready, delayed, done, dead := e.job(), e.job(), e.job(), e.job()
	done.IdemKey = e.name
	e.put(smsfailover.Queued, done, dead)
	both := e.claim(2)
	if both[0].ID == dead.ID {
		slices.Reverse(both)
	}
	e.done(both[0])
	e.bury(both[1])
	delayed.Due = time.Now().Add(time.Hour)
	e.put(smsfailover.Queued, ready, delayed)

	e.s = e.reopen()
	e.depth(1, 1, 0, 1)
	e.deadOne(dead)
	e.same(e.one(ready), withClaims(ready, 1), time.Hour)
	if e.caps.Dedupe {
		e.put(smsfailover.Duplicate, delayed)
		e.put(smsfailover.Duplicate, e.job(func(j *smsfailover.Job) { j.IdemKey = done.IdemKey }))
	}
	if e.caps.Supersede {
		n := e.newer(delayed)
		e.put(smsfailover.Superseded, n)
		e.one(n)
	}
}

func withClaims(j smsfailover.Job, n int) smsfailover.Job {
	j.Claims = n
	return j
}

// Claims of a process that is gone end by themselves, with nobody to rescue
// them, and count.
func claimsOfACrash(e *env) {
	jobs := e.someJobs(3)
	e.put(smsfailover.Queued, jobs...)
	claimed := e.claim(3)
	e.s = e.reopen()
	if !e.h.Takeover {
		e.until(e.lease, func() {
			e.none()
			e.depth(0, 0, 3, 0)
		})
	}
	got := e.claim(3)
	for _, j := range got {
		if j.Claims != 2 {
			e.fatalf("claimed again after a crash: Claims %d, want 2", j.Claims)
		}
	}
	for _, old := range claimed {
		e.allLost(old.Ref())
	}
	e.done(got...)
	e.empty()
}

// What one pod stores another sends, and it is in neither's way. Reports may
// come through any.
func twoPods(e *env) {
	other := e.reopen()
	j := e.job(func(j *smsfailover.Job) { j.IdemKey = e.name })
	e.put(smsfailover.Queued, j)
	if e.caps.Dedupe {
		out, err := other.Enqueue(e.t.Context(), e.job(func(a *smsfailover.Job) { a.IdemKey = e.name }))
		e.check("Enqueue", err)
		if out[0] != smsfailover.Duplicate {
			e.fatalf("the other pod's Enqueue of the same IdemKey: %v", out[0])
		}
	}
	if e.h.Takeover {
		return // which of them gets it is not for the test to say
	}
	got := e.claimFrom(other, 1, e.lease)
	e.none()
	e.noneFrom(other)
	e.release(0, got...)
	e.done(e.one(j))
	e.lost("Done", other.Done(e.t.Context(), got[0].Ref()), got[0].Ref())
	e.empty()
}
