package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

func modelScenarios() []scenario {
	return []scenario{
		{name: "LikeTheModel", run: func(e *env) { e.likeTheModel(400, false) }, ownPace: true},
		{name: "LikeTheModelOverDays", run: func(e *env) { e.likeTheModel(4000, true) }, bubble: true},
	}
}

// A walk compares a store with a naive one, call by call.
type walk struct {
	*env
	model   *naive
	rand    *rand.Rand
	days    bool // time passes
	seen    []smsfailover.Ref
	step    int
	numbers int // numbers to send to
	keys    int // IdemKeys made
	recent  []string
}

// likeTheModel does random calls. On a clock that runs by itself nothing comes
// due but what is at once: everything else waits for an hour.
func (e *env) likeTheModel(steps int, days bool) {
	if e.h.Lag > 0 {
		return // what Claim returns is not the model's to know; see Harness.Lag
	}
	seed := rand.Uint64()
	w := &walk{
		env: e, model: newNaive(e.caps), days: days, numbers: 12,
		rand: rand.New(rand.NewPCG(seed, 0)),
	}
	e.t.Logf("seed %d", seed)
	calls := []struct {
		weight int
		call   func(now time.Time)
	}{
		{10, w.enqueue},
		{10, w.claim},
		{6, w.done},
		{4, w.retry},
		{3, w.release},
		{3, w.bury},
		{2, w.extend},
		{2, w.redrive},
		{2, w.compareDepth},
		{2, w.compareDead},
		{3, w.pass},
	}
	for w.step = range steps {
		at := w.rand.IntN(47)
		for _, c := range calls {
			if at -= c.weight; at < 0 {
				w.rule = fmt.Sprintf("seed %d, step %d", seed, w.step)
				c.call(time.Now())
				break
			}
		}
	}
	w.compareDepth(time.Now())
	w.compareDead(time.Now())
}

// span returns a time to wait, an hour at most.
func (w *walk) span() time.Duration {
	if w.days {
		return time.Duration(1 + w.rand.Int64N(int64(time.Hour)))
	}
	return time.Hour
}

// delay is a span, or none.
func (w *walk) delay() time.Duration {
	if w.rand.IntN(2) == 0 {
		return 0
	}
	return w.span()
}

func (w *walk) pass(time.Time) {
	if w.days {
		w.wait(w.span() / 2)
	}
}

func (w *walk) enqueue(now time.Time) {
	jobs := make([]smsfailover.Job, 1+w.rand.IntN(4))
	for i := range jobs {
		jobs[i] = w.message(now)
	}
	if w.rand.IntN(6) == 0 {
		// The first only: whether an ID is known that an earlier job of the same
		// call drove out is left open.
		if id, ok := w.oldID(); ok {
			jobs[0].ID = id
		}
	}
	got, err := w.s.Enqueue(w.t.Context(), jobs...)
	w.check("Enqueue", err)
	want := make([]smsfailover.Outcome, len(jobs))
	for i, j := range jobs {
		want[i] = w.model.enqueue(now, j)
		w.recent = append(w.recent, j.ID)
		if j.Token != "" {
			w.seen = append(w.seen, j.Ref())
		}
	}
	if !slices.Equal(got, want) {
		w.fatalf("Enqueue: %v, want %v", got, want)
	}
}

func (w *walk) message(now time.Time) smsfailover.Job {
	n := w.rand.IntN(w.numbers)
	j := w.job(func(j *smsfailover.Job) {
		j.To = fmt.Sprintf("+86%s-%d", w.run, n)
		j.Args = []string{strconv.Itoa(w.rand.IntN(4))}
		j.Priority = w.rand.IntN(3) - 1
	})
	switch w.rand.IntN(10) {
	case 0:
		j.Due = now.Add(w.span())
	case 1:
		j.Token, j.LeaseUntil, j.Claims = "token-"+j.ID, now.Add(w.span()), 1
	case 2:
		w.keys++
		j.IdemKey = fmt.Sprintf("%s-%d", w.name, w.rand.IntN(w.keys))
	case 3:
		j.NotAfter = now.Add(w.span())
	}
	return j
}

// oldID returns an ID that was there before, now and then of a finished job. That
// of a superseded one in flight is not used: whether it is known is left open.
func (w *walk) oldID() (string, bool) {
	if len(w.recent) == 0 {
		return "", false
	}
	back := min(len(w.recent), 40)
	id := w.recent[len(w.recent)-1-w.rand.IntN(back)]
	superseded := w.model.find(func(j *naiveJob) bool { return j.Superseded && j.ID == id }) != nil
	return id, !superseded
}

func (w *walk) claim(now time.Time) {
	n, lease := 1+w.rand.IntN(5), w.span()
	got, err := w.s.Claim(w.t.Context(), "worker", n, lease)
	w.check("Claim", err)
	ready := w.model.ready(now)
	if len(got) != min(n, len(ready)) {
		w.fatalf("Claim of %d: %d jobs, want %d", n, len(got), min(n, len(ready)))
	}
	for i, j := range got {
		at := slices.IndexFunc(ready, func(o *naiveJob) bool { return o.ID == j.ID })
		if at < 0 {
			w.fatalf("Claim: a job that isn't ready")
		}
		want := ready[at]
		if want.band() != ready[i].band() {
			w.fatalf("Claim: a job of band %d, want one of band %d", want.band(), ready[i].band())
		}
		if w.bubble && !w.model.due(want).Equal(w.model.due(ready[i])) {
			w.fatalf("Claim: a job that is not the one due first")
		}
		ready[at], ready[i] = ready[i], ready[at]
	}
	for i, j := range got {
		w.model.claim(ready[i], j.Token, now.Add(lease))
		w.same(j, ready[i].Job, time.Minute)
		w.seen = append(w.seen, j.Ref())
	}
}

// refs returns some claims, current and not.
func (w *walk) refs(n int) []smsfailover.Ref {
	var out []smsfailover.Ref
	for range n {
		if len(w.seen) == 0 {
			break
		}
		back := min(len(w.seen), 12)
		ref := w.seen[len(w.seen)-1-w.rand.IntN(back)]
		if !slices.Contains(out, ref) {
			out = append(out, ref)
		}
	}
	return out
}

// compare checks what a call said of refs: that those are lost that the model,
// asked by f, has lost.
func (w *walk) compare(call string, err error, refs []smsfailover.Ref, f func(ref smsfailover.Ref) bool) {
	w.t.Helper()
	var lost []smsfailover.Ref
	for _, ref := range refs {
		if !f(ref) {
			lost = append(lost, ref)
		}
	}
	if len(lost) == 0 {
		w.check(call, err)
		return
	}
	w.lost(call, err, lost...)
}

func (w *walk) done(time.Time) {
	refs := w.refs(1 + w.rand.IntN(3))
	err := w.s.Done(w.t.Context(), refs...)
	w.compare("Done", err, refs, func(ref smsfailover.Ref) bool { return w.model.end(ref, w.model.drop) })
}

func (w *walk) retry(now time.Time) {
	after := w.delay()
	for _, ref := range w.refs(1) {
		err := w.s.Retry(w.t.Context(), ref, after, cause)
		w.compare("Retry", err, []smsfailover.Ref{ref}, func(ref smsfailover.Ref) bool { return w.model.retry(now, ref, after, cause) })
	}
}

func (w *walk) release(now time.Time) {
	after, refs := w.delay(), w.refs(1+w.rand.IntN(3))
	err := w.s.Release(w.t.Context(), after, refs...)
	w.compare("Release", err, refs, func(ref smsfailover.Ref) bool { return w.model.release(now, ref, after) })
}

func (w *walk) bury(now time.Time) {
	for _, ref := range w.refs(1) {
		err := w.s.Bury(w.t.Context(), ref, cause)
		w.compare("Bury", err, []smsfailover.Ref{ref}, func(ref smsfailover.Ref) bool { return w.model.bury(now, ref, cause) })
	}
}

func (w *walk) extend(now time.Time) {
	refs, lease := w.refs(1+w.rand.IntN(3)), w.span()
	lost, err := w.s.Extend(w.t.Context(), lease, refs...)
	w.check("Extend", err)
	if len(lost) > 0 {
		err = &smsfailover.LostError{Refs: lost}
	}
	w.compare("Extend", err, refs, func(ref smsfailover.Ref) bool {
		j := w.model.byRef(ref)
		if j != nil {
			j.LeaseUntil = now.Add(lease)
		}
		return j != nil
	})
}

func (w *walk) redrive(now time.Time) {
	dead := w.model.dead()
	if len(dead) == 0 {
		return
	}
	j := dead[w.rand.IntN(len(dead))]
	got, err := w.s.Redrive(w.t.Context(), smsfailover.Filter{IDs: []string{j.ID}})
	w.check("Redrive", err)
	if want := w.model.redrive(now, j); (got == 1) != want || got > 1 {
		w.fatalf("Redrive of one: %d, want it redriven: %v", got, want)
	}
}

func (w *walk) compareDepth(now time.Time) {
	got, err := w.s.Depth(w.t.Context())
	w.check("Depth", err)
	want := w.model.depth(now)
	if got.Ready != want.Ready || got.Dead != want.Dead || got.Live() != want.Live() || got.Leased < want.Leased {
		w.fatalf("Depth: %+v, want %+v", got, want)
	}
	if w.bubble && !got.Oldest.Equal(want.Oldest) {
		w.fatalf("Depth: Oldest %v, want %v", got.Oldest, want.Oldest)
	}
}

func (w *walk) compareDead(time.Time) {
	got, err := w.s.Dead(w.t.Context(), smsfailover.Filter{})
	w.check("Dead", err)
	want := w.model.dead()
	if len(got) != len(want) {
		w.fatalf("Dead: %d jobs, want %d", len(got), len(want))
	}
	for i, j := range got {
		w.same(j, want[i].Job, time.Minute)
	}
}
