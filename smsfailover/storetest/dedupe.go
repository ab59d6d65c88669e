package storetest

import (
	"slices"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

func dedupeScenarios() []scenario {
	return []scenario{
		{name: "SameID", run: sameID},
		{name: "SameIdemKey", run: sameIdemKey},
		{name: "IdemKeyIsForgotten", run: idemForgotten, bubble: true},
		{name: "SameArgs", run: sameArgs},
		{name: "SameArgsKeepTheLaterNotAfter", run: laterNotAfter},
		{name: "OtherArgs", run: otherArgs},
		{name: "DuplicateStoresNothing", run: duplicateStoresNothing},
		{name: "DuplicatesInOneBatch", run: duplicatesInOneBatch},
		{name: "ManyEnqueueOneIdemKey", run: manyOneIdemKey, ownPace: true},
		{name: "ManyEnqueueOneID", run: manyOneID, ownPace: true},
		{name: "ManyEnqueueTheSame", run: manyTheSame, ownPace: true},
	}
}

// stages are what may have become of a job.
func stages() map[string]func(e *env, j smsfailover.Job) {
	return map[string]func(e *env, j smsfailover.Job){
		"waits":    func(*env, smsfailover.Job) {},
		"claimed":  func(e *env, j smsfailover.Job) { e.one(j) },
		"released": func(e *env, j smsfailover.Job) { e.release(time.Hour, e.one(j)) },
		"retried":  func(e *env, j smsfailover.Job) { e.retry(e.one(j), time.Hour) },
		"finished": func(e *env, j smsfailover.Job) { e.done(e.one(j)) },
		"buried":   func(e *env, j smsfailover.Job) { e.bury(e.one(j)) },
		"redriven": func(e *env, j smsfailover.Job) {
			e.bury(e.one(j))
			e.redrive(smsfailover.Filter{IDs: []string{j.ID}}, 1)
			e.one(j)
		},
	}
}

// An ID is known for as long as its job is in the store, dead or alive.
func sameID(e *env) {
	for name, stage := range stages() {
		e.rule = "the job with this ID " + name
		j := e.job()
		e.put(smsfailover.Queued, j)
		stage(e, j)
		want := smsfailover.Duplicate
		if name == "finished" {
			want = smsfailover.Queued
		}
		again := e.job(func(a *smsfailover.Job) { a.ID = j.ID })
		e.put(want, again)
		e.drain()
	}
}

// drain claims what there is.
func (e *env) drain() {
	e.t.Helper()
	e.poll(func() bool {
		got, err := e.s.Claim(e.t.Context(), "drain", 1000, time.Hour)
		e.check("Claim", err)
		return len(got) == 0 && e.h.Lag == 0
	})
}

// An IdemKey is known whatever became of its job.
func sameIdemKey(e *env) {
	for name, stage := range stages() {
		e.rule = "the job with this IdemKey " + name
		key := func(j *smsfailover.Job) { j.IdemKey = e.name + name }
		j := e.job(key)
		e.put(smsfailover.Queued, j)
		stage(e, j)
		e.put(smsfailover.Duplicate, e.job(key), e.job(key))
		e.drain()
	}
	e.rule = "no IdemKey is none"
	e.put(smsfailover.Queued, e.someJobs(3)...)
}

// Exactly as long as promised.
func idemForgotten(e *env) {
	key := func(j *smsfailover.Job) { j.IdemKey = e.name }
	for range 2 {
		e.put(smsfailover.Queued, e.job(key))
		e.drain()
		e.wait(smsfailover.IdemRetention / 2)
		e.put(smsfailover.Duplicate, e.job(key)) // doesn't prolong it
		e.until(smsfailover.IdemRetention/2, func() { e.put(smsfailover.Duplicate, e.job(key)) })
	}
	e.put(smsfailover.Queued, e.job(key))
}

// like returns a job for the same number with the same template and Args.
func (e *env) like(j smsfailover.Job) smsfailover.Job {
	return e.job(func(n *smsfailover.Job) { n.TplID, n.To, n.Args = j.TplID, j.To, slices.Clone(j.Args) })
}

func sameArgs(e *env) {
	for name, stage := range stages() {
		e.rule = "the job with the same Args " + name
		j := e.job()
		e.put(smsfailover.Queued, j)
		stage(e, j)
		want := smsfailover.Duplicate
		if name == "finished" || name == "buried" {
			want = smsfailover.Queued
		}
		e.put(want, e.like(j))
		e.drain()
	}
}

func laterNotAfter(e *env) {
	sooner, later := time.Now().Add(time.Minute), time.Now().Add(time.Hour)
	for _, c := range []struct{ first, second, want time.Time }{
		{sooner, later, later},
		{later, sooner, later},
		{time.Time{}, sooner, time.Time{}}, // zero is never
		{sooner, time.Time{}, time.Time{}},
	} {
		for _, claimed := range []bool{false, true} {
			j := e.job(func(j *smsfailover.Job) { j.NotAfter = c.first })
			again := e.like(j)
			again.NotAfter = c.second
			took := e.timed(func() {
				e.put(smsfailover.Queued, j)
				if claimed {
					held := e.one(j)
					defer func() { e.release(0, held) }()
				}
				e.put(smsfailover.Duplicate, again)
			}).took()
			j.NotAfter, j.Claims = c.want, 1
			var got smsfailover.Job
			took += e.timed(func() { got = e.one(j) }).took()
			e.same(got, j, took)
			e.done(got)
		}
	}
}

// Args that run together to the same text aren't the same.
func otherArgs(e *env) {
	all := [][]string{
		{"a", "bc"},
		{"ab", "c"},
		{"abc"},
		{"c", "ab"},
		{"a", "bc", ""},
		{"", "a", "bc"},
		{"A", "bc"},
		{"a ", "bc"},
		{"a,bc"},
		{`a","bc`},
		{`["a","bc"]`},
		{"a\xff", "bc"},
		{"a\xfe", "bc"},
		{"a\ufffd", "bc"},
		{},
		{""},
	}
	var firsts, seconds []smsfailover.Job
	var want []smsfailover.Outcome
	for i, first := range all {
		for k, second := range all {
			j := e.job(func(j *smsfailover.Job) { j.Args = first })
			n := e.like(j)
			n.Args = second
			firsts, seconds = append(firsts, j), append(seconds, n)
			want = append(want, e.afterOther(i == k))
		}
	}
	e.put(smsfailover.Queued, firsts...)
	out, err := e.s.Enqueue(e.t.Context(), seconds...)
	e.check("Enqueue", err)
	for i, o := range out {
		if o != want[i] {
			e.fatalf("Args %q after %q: %v, want %v", seconds[i].Args, firsts[i].Args, o, want[i])
		}
	}
}

// afterOther returns what a job is that comes after one to the same number.
func (e *env) afterOther(same bool) smsfailover.Outcome {
	switch {
	case same:
		return smsfailover.Duplicate
	case e.caps.Supersede:
		return smsfailover.Superseded
	}
	return smsfailover.Queued
}

func duplicateStoresNothing(e *env) {
	j := e.job()
	e.put(smsfailover.Queued, j)
	again := e.like(j)
	again.IdemKey, again.Priority, again.Due = e.name, 1, time.Now().Add(time.Hour)
	e.put(smsfailover.Duplicate, again)
	e.depth(1, 0, 0, 0)
	got := e.one(j)
	want := j
	want.Claims = 1
	e.same(got, want, 0)
	e.done(got)
	e.empty()
	again.Due = time.Time{}
	e.put(smsfailover.Queued, again) // neither its ID nor its IdemKey is known
	e.done(e.one(again))
	e.empty()
}

func duplicatesInOneBatch(e *env) {
	first := e.job(func(j *smsfailover.Job) { j.IdemKey = e.name })
	batch := []smsfailover.Job{
		first,
		e.job(func(j *smsfailover.Job) { j.ID = first.ID }),
		e.job(func(j *smsfailover.Job) { j.IdemKey = first.IdemKey }),
		e.like(first),
		e.job(),
	}
	out, err := e.s.Enqueue(e.t.Context(), batch...)
	e.check("Enqueue", err)
	q, d := smsfailover.Queued, smsfailover.Duplicate
	if want := []smsfailover.Outcome{q, d, d, d, q}; !slices.Equal(out, want) {
		e.fatalf("Enqueue: %v, want %v", out, want)
	}
	e.claim(2)
	e.none()
}

// enqueueAtOnce has 32 goroutines enqueue one job each and counts what became
// of them.
func (e *env) enqueueAtOnce(f func(i int) smsfailover.Job) map[smsfailover.Outcome]int {
	const crowd = 32
	jobs := jobsOf(crowd, f)
	outs, errs := together(crowd, func(i int) (smsfailover.Outcome, error) {
		s := e.pods[i%len(e.pods)]
		out, err := s.Enqueue(e.t.Context(), jobs[i])
		if err != nil {
			return 0, err
		}
		return out[0], nil
	})
	counts := map[smsfailover.Outcome]int{}
	for i := range outs {
		e.check("Enqueue", errs[i])
		counts[outs[i]]++
	}
	return counts
}

func manyOneIdemKey(e *env) {
	e.openPods(2)
	for range 3 {
		key := e.job().ID
		e.exactlyOne(e.enqueueAtOnce(func(int) smsfailover.Job {
			return e.job(func(j *smsfailover.Job) { j.IdemKey = key })
		}))
	}
}

func manyOneID(e *env) {
	e.openPods(2)
	for range 3 {
		id := e.job().ID
		e.exactlyOne(e.enqueueAtOnce(func(int) smsfailover.Job {
			return e.job(func(j *smsfailover.Job) { j.ID = id })
		}))
	}
}

func manyTheSame(e *env) {
	e.openPods(2)
	for range 3 {
		j := e.job()
		e.exactlyOne(e.enqueueAtOnce(func(int) smsfailover.Job { return e.like(j) }))
	}
}

// exactlyOne checks that one of the jobs was Queued, and is the only one there.
func (e *env) exactlyOne(counts map[smsfailover.Outcome]int) {
	e.t.Helper()
	if counts[smsfailover.Queued] != 1 || counts[smsfailover.Duplicate] != 31 {
		e.fatalf("32 at once: %v, want one queued and 31 duplicates", counts)
	}
	e.done(e.claim(1)...)
	e.empty()
}
