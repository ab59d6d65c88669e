package storetest

import (
	"slices"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

func deadScenarios(c Caps) []scenario {
	all := []scenario{
		{name: "Bury", run: bury, times: true},
		{name: "DeadFilter", run: deadFilter, times: true},
		{name: "Redrive", run: redrive},
		{name: "RedriveWhatTheFilterChooses", run: redriveFilter},
	}
	if c.Supersede || c.Dedupe {
		all = append(all, scenario{name: "RedriveKeepsOutOfTheWay", run: redriveConflict})
	}
	return all
}

func (e *env) deadOf(f smsfailover.Filter) []smsfailover.Job {
	e.t.Helper()
	dead, err := e.s.Dead(e.t.Context(), f)
	e.check("Dead", err)
	return dead
}

// deadOne returns the only dead letter there is, which must be j.
func (e *env) deadOne(j smsfailover.Job) smsfailover.Job {
	e.t.Helper()
	dead := e.deadOf(smsfailover.Filter{})
	if len(dead) != 1 || dead[0].ID != j.ID {
		e.fatalf("Dead: %d jobs, want the one that was buried", len(dead))
	}
	return dead[0]
}

func (e *env) redrive(f smsfailover.Filter, want int) {
	e.t.Helper()
	n, err := e.s.Redrive(e.t.Context(), f)
	e.check("Redrive", err)
	if n != want {
		e.fatalf("Redrive: %d jobs, want %d", n, want)
	}
}

// buried stores jobs and buries them in order.
func (e *env) buried(jobs ...smsfailover.Job) {
	e.t.Helper()
	for _, j := range jobs {
		e.put(smsfailover.Queued, j)
		e.bury(e.one(j))
	}
}

// A dead letter is out of the way: it never comes by itself, and its number is
// free for the same message again.
func bury(e *env) {
	j := e.job()
	e.put(smsfailover.Queued, j)
	got := e.one(j)
	e.retry(got, 0)
	got = e.one(j)
	span := e.timed(func() { e.bury(got) })
	e.depth(0, 0, 0, 1)
	dead := e.timed(func() { got = e.deadOne(j) })
	e.within("Due of a dead letter", got.Due, span.and(dead), 0)
	if got.LastErr != cause || got.Attempt != 1 || got.Claims != 2 || got.Token != "" || !got.LeaseUntil.IsZero() {
		e.fatalf("dead letter: LastErr %q, Attempt %d, Claims %d, Token %q, LeaseUntil %v; want %q, 1, 2 and no claim",
			got.LastErr, got.Attempt, got.Claims, got.Token, got.LeaseUntil, cause)
	}
	e.expire(e.lease)
	e.none()
	again := e.like(j)
	e.put(smsfailover.Queued, again)
	e.done(e.one(again))
	e.deadOne(j)
}

// and returns the span of both. Times that a call returns may be off by what it
// took.
func (s span) and(o span) span { return span{s.from.Add(-o.took()), s.to.Add(o.took())} }

func deadFilter(e *env) {
	jobs := e.someJobs(6)
	for i := range jobs {
		jobs[i].TplID = []string{"a", "b"}[i%2]
	}
	e.buried(jobs[:3]...)
	e.wait(4 * e.h.Grain)
	middle := time.Now()
	e.wait(4 * e.h.Grain)
	e.buried(jobs[3:]...)
	all := ids(jobs)
	for _, c := range []struct {
		name   string
		filter smsfailover.Filter
		want   []string
	}{
		{"all", smsfailover.Filter{}, all},
		{"by ID", smsfailover.Filter{IDs: []string{all[4], "unknown", all[1]}}, []string{all[1], all[4]}},
		{"by unknown ID", smsfailover.Filter{IDs: []string{"unknown"}}, nil},
		{"by template", smsfailover.Filter{TplID: "b"}, []string{all[1], all[3], all[5]}},
		{"by unknown template", smsfailover.Filter{TplID: "B"}, nil},
		{"before", smsfailover.Filter{Before: middle}, all[:3]},
		{"before an hour ago", smsfailover.Filter{Before: time.Now().Add(-time.Hour)}, nil},
		{"before in an hour", smsfailover.Filter{Before: time.Now().Add(time.Hour)}, all},
		{"limit", smsfailover.Filter{Limit: 2}, all[:2]},
		{"large limit", smsfailover.Filter{Limit: 100}, all},
		{"all of it", smsfailover.Filter{IDs: all[1:], TplID: "a", Before: middle, Limit: 1}, []string{all[2]}},
		{"template and limit", smsfailover.Filter{TplID: "b", Limit: 2}, []string{all[1], all[3]}},
	} {
		if got := ids(e.deadOf(c.filter)); !slices.Equal(got, c.want) {
			e.fatalf("Dead, %s: %v, want %v", c.name, got, c.want)
		}
	}
}

// A redriven job is as good as new, but no younger: its age is the message's.
func redrive(e *env) {
	j := e.job(func(j *smsfailover.Job) { j.Attempt, j.Claims, j.Prev, j.IdemKey = 8, 9, time.Minute, e.name })
	stored := e.timed(func() { e.buried(j) })
	e.wait(3 * e.h.Grain)
	e.redrive(smsfailover.Filter{}, 1)
	e.depth(1, 0, 0, 0)
	got := e.one(j)
	e.within("Enqueued", got.Enqueued, stored, 0)
	if got.Attempt != 0 || got.Claims != 1 || got.Prev != 0 {
		e.fatalf("redriven: Attempt %d, Claims %d, Prev %v; want 0, 1, 0", got.Attempt, got.Claims, got.Prev)
	}
	e.bury(got)
	e.deadOne(j)
	e.redrive(smsfailover.Filter{}, 1)
	e.redrive(smsfailover.Filter{}, 0)
	e.done(e.one(j))
	e.empty()
}

func redriveFilter(e *env) {
	jobs := e.someJobs(4)
	jobs[3].TplID = "other"
	e.buried(jobs...)
	e.redrive(smsfailover.Filter{IDs: []string{jobs[1].ID}}, 1)
	e.done(e.one(jobs[1]))
	e.redrive(smsfailover.Filter{TplID: "other"}, 1)
	e.done(e.one(jobs[3]))
	e.redrive(smsfailover.Filter{Before: time.Now().Add(-time.Hour)}, 0)
	e.redrive(smsfailover.Filter{Limit: 1}, 1)
	e.done(e.one(jobs[0]))
	e.redrive(smsfailover.Filter{}, 1)
	e.done(e.one(jobs[2]))
	e.empty()
}

// A dead letter doesn't come back over a newer message to the number, nor do
// two for one number.
func redriveConflict(e *env) {
	j := e.job()
	twin, live := e.newer(j), e.newer(j)
	e.buried(j, twin)
	e.put(smsfailover.Queued, live)
	e.redrive(smsfailover.Filter{}, 0)
	e.depth(1, 0, 0, 2)
	got := e.one(live)
	e.redrive(smsfailover.Filter{}, 0) // it is claimed, but live
	e.done(got)
	e.redrive(smsfailover.Filter{}, 1)
	e.depth(1, 0, 0, 1)
	e.done(e.claim(1)...)
	e.redrive(smsfailover.Filter{}, 1)
	e.done(e.claim(1)...)
	e.empty()
}
