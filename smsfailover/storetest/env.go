package storetest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// An env is what a scenario works with.
type env struct {
	t      *testing.T
	h      Harness
	s      smsfailover.Store
	pods   []smsfailover.Store // see openPods
	caps   Caps
	lease  time.Duration
	bubble bool
	calm   bool   // being slow is no excuse
	run    string // in every number and arg of this run
	name   string // in every ID, which errors may name
	jobs   int    // made
	began  time.Time
	waited time.Duration // by the scenario's own will
	rule   string        // what is broken when the scenario fails, if it says so
}

func newEnv(t *testing.T, h Harness, caps Caps, bubble bool) *env {
	e := &env{
		t: t, h: h, caps: caps, lease: h.Lease, bubble: bubble,
		run:   fmt.Sprintf("%08x", rand.Uint32()),
		name:  fmt.Sprintf("job-%08x", rand.Uint32()),
		began: time.Now(),
	}
	e.s = e.spied(h.Store)
	return e
}

// tooSlow is what fatalf panics with when the scenario should begin again.
type tooSlow string

// attempt runs f and returns why it should run again, if it should.
func (e *env) attempt(f func(e *env)) (slow string) {
	e.t.Helper()
	defer func() {
		if r := recover(); r != nil {
			why, ok := r.(tooSlow)
			if !ok {
				panic(r)
			}
			slow = string(why)
		}
	}()
	f(e)
	return ""
}

// fatalf fails the test, or begins it again if it took longer than it may.
func (e *env) fatalf(format string, args ...any) {
	e.t.Helper()
	if e.rule != "" {
		format, args = "%s: "+format, append([]any{e.rule}, args...)
	}
	if !e.calm && time.Since(e.began)-e.waited > e.lease/4 {
		panic(tooSlow(fmt.Sprintf(format, args...)))
	}
	e.t.Fatalf(format, args...)
}

func (e *env) check(call string, err error) {
	e.t.Helper()
	if err != nil {
		e.fatalf("%s: %v", call, err)
	}
}

// wait lets d pass. What it took longer is not the scenario's will.
func (e *env) wait(d time.Duration) {
	start := time.Now()
	e.h.Advance(d)
	e.waited += min(d, time.Since(start))
}

// expire lets d and a grain pass, so that what comes due in d is.
func (e *env) expire(d time.Duration) { e.wait(d + e.h.Grain) }

// until lets d pass and runs f before its end: just before, in a bubble, and
// half way where the machine's time passes.
func (e *env) until(d time.Duration, f func()) {
	e.t.Helper()
	early := e.h.Grain
	if !e.bubble {
		early = d / 2
	}
	e.wait(d - early)
	f()
	e.expire(early)
}

// job returns a job for a number of its own, after change.
func (e *env) job(change ...func(j *smsfailover.Job)) smsfailover.Job {
	e.jobs++
	j := smsfailover.Job{Message: smsfailover.Message{
		ID:    fmt.Sprintf("%s-%d", e.name, e.jobs),
		TplID: "login",
		To:    fmt.Sprintf("+86%s%d", e.run, e.jobs),
		Args:  []string{"code " + e.run},
	}}
	for _, f := range change {
		f(&j)
	}
	return j
}

func (e *env) someJobs(n int) []smsfailover.Job {
	jobs := make([]smsfailover.Job, n)
	for i := range jobs {
		jobs[i] = e.job()
	}
	return jobs
}

// newer returns a job that takes the place of j.
func (e *env) newer(j smsfailover.Job) smsfailover.Job {
	return e.job(func(n *smsfailover.Job) {
		n.TplID, n.To = j.TplID, j.To
		n.Args = []string{fmt.Sprintf("newer %s %d", e.run, e.jobs)}
	})
}

// put stores jobs, each of which must have that outcome.
func (e *env) put(want smsfailover.Outcome, jobs ...smsfailover.Job) {
	e.t.Helper()
	out, err := e.s.Enqueue(e.t.Context(), jobs...)
	e.check("Enqueue", err)
	if len(out) != len(jobs) {
		e.fatalf("Enqueue of %d jobs returned %d outcomes", len(jobs), len(out))
	}
	for i, o := range out {
		if o != want {
			e.fatalf("Enqueue: job %d of %d is %v, want %v", i+1, len(jobs), o, want)
		}
	}
}

// claim claims exactly n jobs.
func (e *env) claim(n int) []smsfailover.Job {
	e.t.Helper()
	return e.claimFrom(e.s, n, e.lease)
}

func (e *env) claimFrom(s smsfailover.Store, n int, lease time.Duration) []smsfailover.Job {
	e.t.Helper()
	var got []smsfailover.Job
	e.poll(func() bool {
		more, err := s.Claim(e.t.Context(), "worker", n-len(got), lease)
		e.check("Claim", err)
		got = append(got, more...)
		return len(got) >= n
	})
	if len(got) != n {
		e.fatalf("Claim: %d jobs, want %d", len(got), n)
	}
	for _, j := range got {
		if j.Token == "" {
			e.fatalf("Claim returned a job without a Token")
		}
	}
	return got
}

// poll calls f until it is true, or Lag is over; at least once.
func (e *env) poll(f func() bool) {
	const step = 5 * time.Millisecond
	for left := e.h.Lag; !f() && left > 0; left -= step {
		e.wait(min(step, left))
	}
}

// one claims the only job there is, which must be j. Where that would take Lag
// it doesn't look for a second.
func (e *env) one(j smsfailover.Job) smsfailover.Job {
	e.t.Helper()
	got := e.claim(1)[0]
	if got.ID != j.ID {
		e.fatalf("Claim returned another job than expected")
	}
	if e.h.Lag == 0 {
		e.none()
	}
	return got
}

// none checks that there is nothing to claim.
func (e *env) none() {
	e.t.Helper()
	e.noneFrom(e.s)
}

func (e *env) noneFrom(s smsfailover.Store) {
	e.t.Helper()
	if e.h.Lag > 0 {
		e.wait(e.h.Lag)
	}
	got, err := s.Claim(e.t.Context(), "idle", 10, e.lease)
	e.check("Claim", err)
	if len(got) != 0 {
		e.fatalf("Claim: %d jobs, want none", len(got))
	}
}

// depth checks what Depth counts.
func (e *env) depth(ready, delayed, leased, dead int) {
	e.t.Helper()
	var d smsfailover.Depth
	e.poll(func() bool {
		var err error
		d, err = e.s.Depth(e.t.Context())
		e.check("Depth", err)
		return d.Ready == ready && d.Delayed == delayed && d.Leased == leased && d.Dead == dead
	})
	if d.Ready != ready || d.Delayed != delayed || d.Leased != leased || d.Dead != dead {
		e.fatalf("Depth: %d ready, %d delayed, %d leased, %d dead; want %d, %d, %d, %d",
			d.Ready, d.Delayed, d.Leased, d.Dead, ready, delayed, leased, dead)
	}
	if d.Oldest.IsZero() != (d.Live() == 0) {
		e.fatalf("Depth: Oldest is %v with %d live jobs", d.Oldest, d.Live())
	}
}

// empty checks that the store has nothing any more.
func (e *env) empty() {
	e.t.Helper()
	e.none()
	e.depth(0, 0, 0, 0)
}

func refs(jobs ...smsfailover.Job) []smsfailover.Ref {
	rs := make([]smsfailover.Ref, len(jobs))
	for i, j := range jobs {
		rs[i] = j.Ref()
	}
	return rs
}

func ids(jobs []smsfailover.Job) []string {
	out := make([]string, len(jobs))
	for i, j := range jobs {
		out[i] = j.ID
	}
	return out
}
