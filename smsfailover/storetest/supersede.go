package storetest

import (
	"fmt"
	"slices"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

func supersedeScenarios() []scenario {
	return []scenario{
		{name: "SupersedeWaiting", run: supersedeWaiting},
		{name: "SupersedeTakesTheNewerFields", run: supersedeFields},
		{name: "SupersedeClaimed", run: supersedeClaimed},
		{name: "SupersedeClaimedUntilLeaseEnds", run: supersedeUntilLeaseEnds, times: true},
		{name: "SupersedeExtended", run: supersedeExtended, times: true},
		{name: "SupersedeTwice", run: supersedeTwice},
		{name: "SupersedeWaitsForItsOwnDue", run: supersedeOwnDue, times: true},
		{name: "SupersedePreLeased", run: supersedePreLeased},
		{name: "SupersedeWaitsUnclaimed", run: supersedeWaitsUnclaimed},
		{name: "SupersededAreRemembered", run: supersededRemembered},
		{name: "SupersedeInOneBatch", run: supersedeInOneBatch},
		{name: "SupersedeNotTheDead", run: supersedeNotTheDead},
		{name: "ManySupersede", run: manySupersede, ownPace: true},
	}
}

// The newest goes out, at once, whatever the older one waited for.
func supersedeWaiting(e *env) {
	for name, wait := range map[string]func(j smsfailover.Job){
		"ready":    func(smsfailover.Job) {},
		"released": func(j smsfailover.Job) { e.release(time.Hour, e.one(j)) },
		"retried":  func(j smsfailover.Job) { e.retry(e.one(j), time.Hour) },
	} {
		e.rule = "the older one is " + name
		j := e.job()
		e.put(smsfailover.Queued, j)
		wait(j)
		n := e.newer(j)
		e.put(smsfailover.Superseded, n)
		e.depth(1, 0, 0, 0)
		e.done(e.one(n))
		e.empty()
	}
}

func supersedeFields(e *env) {
	j := e.job(func(j *smsfailover.Job) { j.Attempt, j.Claims, j.Priority, j.LastErr = 5, 6, -1, cause })
	e.put(smsfailover.Queued, j)
	n := e.newer(j)
	n.Attempt, n.Claims, n.Priority, n.NotAfter, n.Sealed = 1, 2, 1, time.Now().Add(time.Hour), true
	took := e.timed(func() { e.put(smsfailover.Superseded, n) }).took()
	var got smsfailover.Job
	took += e.timed(func() { got = e.one(n) }).took()
	n.Claims = 3
	e.same(got, n, took)
}

// waits checks that n is held back by an older one.
func (e *env) waits() {
	e.t.Helper()
	e.none()
	d, err := e.s.Depth(e.t.Context())
	e.check("Depth", err)
	if d.Ready != 0 || d.Live() != 1 {
		e.fatalf("Depth of a job that waits for a claimed one: %+v, want one delayed or leased", d)
	}
}

// A newer one waits for the worker that has the older one, and follows whatever
// that reports.
func supersedeClaimed(e *env) {
	for _, call := range ends() {
		e.rule = call.name + " of a superseded job"
		j := e.job()
		e.put(smsfailover.Queued, j)
		old := e.one(j)
		n := e.newer(j)
		e.put(smsfailover.Superseded, n)
		e.waits()
		e.check(call.name, call.call(e, old.Ref()))
		e.allLost(old.Ref())
		got := e.one(n)
		if got.Claims != 1 || got.Attempt != 0 || got.LastErr != "" {
			e.fatalf("the newer one has Claims %d, Attempt %d, LastErr %q; want 1, 0 and none", got.Claims, got.Attempt, got.LastErr)
		}
		e.done(got)
		e.empty()
	}
}

// When the lease ends the worker is as good as dead. Once the newer one is
// claimed, the older claim is lost: its worker must not send any more.
func supersedeUntilLeaseEnds(e *env) {
	j := e.job()
	e.put(smsfailover.Queued, j)
	old := e.one(j)
	n := e.newer(j)
	e.put(smsfailover.Superseded, n)
	e.until(e.lease, e.waits)
	got := e.one(n)
	e.allLost(old.Ref())
	e.none()
	e.done(got)
	e.empty()
}

// The worker of a superseded job goes on, and Extend goes on holding the newer
// one back.
func supersedeExtended(e *env) {
	j := e.job()
	e.put(smsfailover.Queued, j)
	old := e.one(j)
	n := e.newer(j)
	e.put(smsfailover.Superseded, n)
	for range 2 {
		e.wait(e.lease / 2)
		e.extend(old)
	}
	e.until(e.lease, e.waits)
	e.done(e.one(n))
	e.allLost(old.Ref())
	e.empty()
}

// Of two that wait for the worker the newer one goes out.
func supersedeTwice(e *env) {
	for _, call := range ends() {
		e.rule = call.name + " of a job that was superseded twice"
		j := e.job()
		e.put(smsfailover.Queued, j)
		old := e.one(j)
		middle, newest := e.newer(j), e.newer(j)
		e.put(smsfailover.Superseded, middle)
		e.put(smsfailover.Superseded, newest)
		e.waits()
		e.extend(old)
		e.check(call.name, call.call(e, old.Ref()))
		e.done(e.one(newest))
		e.empty()
	}
}

// Neither a report nor the end of a lease, also of one that was prolonged, brings
// the newer one sooner than its own Due.
func supersedeOwnDue(e *env) {
	for name, then := range map[string]func(old smsfailover.Job){
		"done":      func(old smsfailover.Job) { e.done(old) },
		"silent":    func(smsfailover.Job) {},
		"prolonged": func(old smsfailover.Job) { e.extend(old) },
	} {
		e.rule = "the worker of the older one is " + name
		j := e.job()
		e.put(smsfailover.Queued, j)
		old := e.one(j)
		n := e.newer(j)
		n.Due = time.Now().Add(3 * e.lease)
		e.put(smsfailover.Superseded, n)
		then(old)
		e.until(3*e.lease, e.none)
		e.done(e.one(n))
	}
}

// One that is stored as claimed is, but not while an older one is claimed.
func supersedePreLeased(e *env) {
	j := e.job()
	e.put(smsfailover.Queued, j)
	n := e.newer(j)
	e.preLease(&n)
	e.put(smsfailover.Superseded, n)
	e.none()
	next := e.newer(j)
	e.preLease(&next)
	e.put(smsfailover.Superseded, next)
	e.allLost(next.Ref())
	e.waits()
	e.done(n)
	e.done(e.one(next))
	e.empty()
}

// The claim of one that has to wait for another never was: whoever counts claims
// that nobody came back from must not find it. Claims that were, stay.
func supersedeWaitsUnclaimed(e *env) {
	for _, c := range []struct {
		preLeased    bool
		stored, want int
	}{{true, 1, 1}, {true, 3, 3}, {true, 0, 1}, {false, 2, 3}} {
		e.rule = fmt.Sprintf("one with %d Claims (stored as claimed: %v) that waits", c.stored, c.preLeased)
		j := e.job()
		e.put(smsfailover.Queued, j)
		old := e.one(j)
		n := e.newer(j)
		if c.preLeased {
			e.preLease(&n)
		}
		n.Claims = c.stored
		e.put(smsfailover.Superseded, n)
		e.waits()
		e.done(old)
		got := e.one(n)
		if got.Claims != c.want {
			e.fatalf("Claims is %d when it is claimed, want %d", got.Claims, c.want)
		}
		e.done(got)
	}
}

// Their IdemKeys stay known.
func supersededRemembered(e *env) {
	j := e.job(func(j *smsfailover.Job) { j.IdemKey = e.name })
	e.put(smsfailover.Queued, j)
	e.put(smsfailover.Superseded, e.newer(j))
	if e.caps.Dedupe {
		e.put(smsfailover.Duplicate, e.job(func(a *smsfailover.Job) { a.IdemKey = e.name }))
	}
	e.claim(1)
	e.none()
}

func supersedeInOneBatch(e *env) {
	j := e.job()
	newer, newest, other := e.newer(j), e.newer(j), e.job()
	out, err := e.s.Enqueue(e.t.Context(), j, newer, other, newest)
	e.check("Enqueue", err)
	q, s := smsfailover.Queued, smsfailover.Superseded
	if want := []smsfailover.Outcome{q, s, q, s}; !slices.Equal(out, want) {
		e.fatalf("Enqueue: %v, want %v", out, want)
	}
	got := ids(e.claim(2))
	e.none()
	slices.Sort(got)
	if want := slices.Sorted(slices.Values([]string{newest.ID, other.ID})); !slices.Equal(got, want) {
		e.fatalf("claimed %v, want %v", got, want)
	}
}

// A dead letter holds nothing up, and isn't touched.
func supersedeNotTheDead(e *env) {
	j := e.job()
	e.put(smsfailover.Queued, j)
	e.bury(e.one(j))
	n := e.newer(j)
	e.put(smsfailover.Queued, n)
	e.deadOne(j)
	e.done(e.one(n))
}

// Of many at once one stays, and nobody waits for ever. While the first is
// claimed as well.
func manySupersede(e *env) {
	e.openPods(2)
	for round := range 4 {
		first := e.job()
		e.put(smsfailover.Queued, first)
		held := []smsfailover.Job{}
		if round%2 == 1 {
			held = e.claimFrom(e.s, 1, time.Hour)
		}
		counts := e.enqueueAtOnce(func(int) smsfailover.Job { return e.newer(first) })
		if counts[smsfailover.Superseded] != 32 {
			e.fatalf("32 newer ones at once: %v, want 32 superseded", counts)
		}
		if round%2 == 1 {
			e.waits()
		}
		e.done(held...)
		e.done(e.claim(1)...)
		e.empty()
	}
}
