package storetest

import (
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

func depthScenarios() []scenario {
	return []scenario{
		{name: "DepthCounts", run: depthCounts},
		{name: "DepthOldest", run: depthOldest, times: true},
	}
}

func depthCounts(e *env) {
	e.depth(0, 0, 0, 0)
	jobs := e.someJobs(10)
	for i := range 3 {
		jobs[i].Due = time.Now().Add(time.Hour)
	}
	e.put(smsfailover.Queued, jobs...)
	e.depth(7, 3, 0, 0)
	claimed := e.claim(5)
	e.depth(2, 3, 5, 0)
	e.release(time.Hour, claimed[0])
	e.depth(2, 4, 4, 0)
	e.retry(claimed[1], time.Hour)
	e.depth(2, 5, 3, 0)
	e.bury(claimed[2])
	e.depth(2, 5, 2, 1)
	e.done(claimed[3])
	e.depth(2, 5, 1, 1)
	e.extend(claimed[4])
	e.depth(2, 5, 1, 1)
	e.expire(e.lease)
	e.depth(3, 5, 0, 1)
	e.claim(3)
	e.depth(0, 5, 3, 1)
	e.redrive(smsfailover.Filter{}, 1)
	e.depth(1, 5, 3, 0)
}

// Oldest is of the live ones, and stays what it was through Retry.
func depthOldest(e *env) {
	first := e.timed(func() { e.put(smsfailover.Queued, e.job()) })
	e.wait(4 * e.h.Grain)
	second := e.timed(func() { e.put(smsfailover.Queued, e.job()) })
	oldest := func(want span) {
		e.t.Helper()
		var d smsfailover.Depth
		asked := e.timed(func() {
			var err error
			d, err = e.s.Depth(e.t.Context())
			e.check("Depth", err)
		})
		e.within("Oldest", d.Oldest, want.and(asked), 0)
	}
	oldest(first)
	held := e.claim(1)[0]
	oldest(first)
	e.retry(held, 0)
	oldest(first)
	both := e.claim(2)
	for i, j := range both {
		if j.Enqueued.Before(both[1-i].Enqueued) {
			e.bury(j)
		}
	}
	oldest(second)
}
