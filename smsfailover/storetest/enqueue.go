package storetest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

func enqueueScenarios() []scenario {
	return []scenario{
		{name: "EnqueueIsAllOrNothing", run: allOrNothing},
		{name: "RoundTrip", run: roundTrip, times: true},
		{name: "RoundTripOfDeadLetters", run: roundTripOfDead},
		{name: "ArgsAreCopied", run: argsAreCopied},
		{name: "DueIsADuration", run: dueIsADuration, times: true},
		{name: "DueZeroOrPassedIsNow", run: duePassed, times: true},
		{name: "PreLeased", run: preLeased, times: true},
		{name: "PreLeasedEnds", run: preLeasedEnds, times: true},
	}
}

// invalid returns jobs that no store takes.
func (e *env) invalid() map[string]smsfailover.Job {
	with := func(f func(j *smsfailover.Job)) smsfailover.Job { return e.job(f) }
	return map[string]smsfailover.Job{
		"no ID":             with(func(j *smsfailover.Job) { j.ID = "" }),
		"no TplID":          with(func(j *smsfailover.Job) { j.TplID = "" }),
		"no To":             with(func(j *smsfailover.Job) { j.To = "" }),
		"a long ID":         with(func(j *smsfailover.Job) { j.ID = strings.Repeat("i", smsfailover.MaxID+1) }),
		"a long TplID":      with(func(j *smsfailover.Job) { j.TplID = strings.Repeat("t", smsfailover.MaxTplID+1) }),
		"a long To":         with(func(j *smsfailover.Job) { j.To = e.run + strings.Repeat("1", smsfailover.MaxTo) }),
		"a long IdemKey":    with(func(j *smsfailover.Job) { j.IdemKey = strings.Repeat("k", smsfailover.MaxIdemKey+1) }),
		"Args that are big": with(func(j *smsfailover.Job) { j.Args = []string{e.run, strings.Repeat("a", smsfailover.MaxArgs)} }),
	}
}

// One bad job of a batch, wherever it stands, and nothing is stored.
func allOrNothing(e *env) {
	good := e.someJobs(2)
	good[0].IdemKey = e.name
	for name, bad := range e.invalid() {
		e.rule = "a batch with a job with " + name
		for at := range 3 {
			out, err := e.s.Enqueue(e.t.Context(), slices.Insert(slices.Clone(good), at, bad)...)
			e.refused(err)
			if len(out) != 0 {
				e.fatalf("Enqueue failed, and returned outcomes")
			}
		}
	}
	e.rule = "after batches that were refused"
	e.empty()
	e.put(smsfailover.Queued, good...)
	e.done(e.claim(2)...)
}

// samples are jobs whose fields are hard to store.
func (e *env) samples() []smsfailover.Job {
	binary := make([]byte, 255)
	for i := range binary {
		binary[i] = byte(i + 1)
	}
	set := func(f func(m *smsfailover.Job)) smsfailover.Job { return e.job(f) }
	long := func(s string, n int) string { return strings.Repeat(s, n/len(s)) }
	return []smsfailover.Job{
		set(func(j *smsfailover.Job) { j.Args = nil }),
		set(func(j *smsfailover.Job) { j.Args = []string{"", ""} }),
		set(func(j *smsfailover.Job) {
			j.Args = []string{"\xf0\x9f\x98\x80 \U0001D4B3", "Grüße", "验证码", "\u202e"}
		}),
		set(func(j *smsfailover.Job) { j.Args, j.Sealed = []string{string(binary)}, true }),
		set(func(j *smsfailover.Job) { j.Args = []string{`'";\%_$1?:x{}[]<>&`, " blanks ", "a\tb\r\nc\n", "null"} }),
		set(func(j *smsfailover.Job) { j.Args = []string{long("x", smsfailover.MaxArgs)} }),
		set(func(j *smsfailover.Job) { j.Args = make([]string, 300) }),
		set(func(j *smsfailover.Job) { j.TplID, j.To = "模板😀 ", "+86 138\U0001F4F1"+e.run }),
		set(func(j *smsfailover.Job) { j.ID = long("😀", smsfailover.MaxID) }),
		set(func(j *smsfailover.Job) { j.ID = e.name + "'é\\" }),
		set(func(j *smsfailover.Job) { j.TplID = long("t", smsfailover.MaxTplID) }),
		set(func(j *smsfailover.Job) { j.To = long(e.run, smsfailover.MaxTo) }),
		set(func(j *smsfailover.Job) { j.IdemKey = long("键", smsfailover.MaxIdemKey) }),
		set(func(j *smsfailover.Job) { j.NotAfter = time.Now().Add(5*time.Minute + 123*time.Millisecond) }),
		set(func(j *smsfailover.Job) { j.NotAfter = time.Now().Add(-time.Hour) }),
		set(func(j *smsfailover.Job) { j.NotAfter = time.Now().AddDate(30, 0, 0).UTC() }),
		set(func(j *smsfailover.Job) { j.Priority, j.Attempt, j.Claims = 1, 7, 9 }),
		set(func(j *smsfailover.Job) { j.Priority, j.Prev = -1, 90*time.Second+5*time.Millisecond }),
		set(func(j *smsfailover.Job) { j.LastErr, j.Prev = "provider: 503 不可用 😀", 24*time.Hour }),
	}
}

// What goes in comes out, byte for byte; times to the grain.
func roundTrip(e *env) {
	for i, want := range e.samples() {
		e.rule = fmt.Sprintf("sample %d", i)
		c := e.timed(func() { e.put(smsfailover.Queued, want) })
		var got smsfailover.Job
		claimed := e.timed(func() { got = e.one(want) })
		want.Claims++
		e.same(got, want, c.took()+claimed.took())
		e.within("LeaseUntil", got.LeaseUntil, claimed, e.lease)
		e.within("Enqueued", got.Enqueued, c, 0)
		e.done(got)
	}
}

func roundTripOfDead(e *env) {
	for i, want := range e.samples() {
		e.rule = fmt.Sprintf("sample %d", i)
		c := e.timed(func() {
			e.put(smsfailover.Queued, want)
			e.bury(e.one(want))
		})
		want.Claims++
		want.LastErr = cause
		r := e.timed(func() { e.same(e.deadOne(want), want, 2*c.took()) })
		e.redrive(smsfailover.Filter{}, 1)
		want.Attempt, want.Claims, want.Prev = 0, 1, 0
		got := e.one(want)
		got.LastErr = cause // it may be kept or not
		e.same(got, want, 2*c.took()+2*r.took())
		e.done(got)
	}
}

// same compares all but what a claim sets. NotAfter may be off by the grain and
// by slack.
func (e *env) same(got, want smsfailover.Job, slack time.Duration) {
	e.t.Helper()
	for _, f := range []struct {
		name string
		same bool
	}{
		{"ID", got.ID == want.ID},
		{"TplID", got.TplID == want.TplID},
		{"To", got.To == want.To},
		{"IdemKey", got.IdemKey == want.IdemKey},
		{"Args", slices.Equal(got.Args, want.Args)},
		{"Priority", got.Priority == want.Priority},
		{"Sealed", got.Sealed == want.Sealed},
		{"Attempt", got.Attempt == want.Attempt},
		{"Claims", got.Claims == want.Claims},
		{"LastErr", got.LastErr == want.LastErr},
		{"Prev", got.Prev == want.Prev},
	} {
		if !f.same {
			e.fatalf("%s is not what it was", f.name)
		}
	}
	if got.NotAfter.IsZero() != want.NotAfter.IsZero() {
		e.fatalf("NotAfter is %v, want %v", got.NotAfter, want.NotAfter)
	}
	if d := got.NotAfter.Sub(want.NotAfter).Abs(); d > e.h.Grain+slack {
		e.fatalf("NotAfter is %v off", d)
	}
}

// A span is when a call began and ended.
type span struct{ from, to time.Time }

func (s span) took() time.Duration { return s.to.Sub(s.from) }

func (e *env) timed(f func()) span {
	from := time.Now()
	f()
	return span{from, time.Now()}
}

// within checks that t is d after some moment of s, give or take the grain.
func (e *env) within(name string, t time.Time, s span, d time.Duration) {
	e.t.Helper()
	if t.Before(s.from.Add(d-e.h.Grain)) || t.After(s.to.Add(d+e.h.Grain)) {
		e.fatalf("%s is %v after the call began, want %v", name, t.Sub(s.from), d)
	}
}

// Slices that a caller gave or got are the caller's.
func argsAreCopied(e *env) {
	j := e.job()
	want := j.Args[0]
	e.put(smsfailover.Queued, j)
	j.Args[0] = "changed after Enqueue"
	got := e.claim(1)[0]
	if got.Args[0] != want {
		e.fatalf("Args changed with the slice that Enqueue was given")
	}
	got.Args[0] = "changed after Claim"
	e.release(0, got)
	if got = e.claim(1)[0]; got.Args[0] != want {
		e.fatalf("Args changed with the slice that Claim returned")
	}
}

func dueIsADuration(e *env) {
	j := e.job(func(j *smsfailover.Job) { j.Due = time.Now().Add(e.lease) })
	e.put(smsfailover.Queued, j)
	e.until(e.lease, func() {
		e.none()
		e.depth(0, 1, 0, 0)
	})
	e.one(j)
}

func duePassed(e *env) {
	for _, due := range []time.Time{{}, time.Now(), time.Now().Add(-time.Hour)} {
		j := e.job(func(j *smsfailover.Job) { j.Due = due })
		e.put(smsfailover.Queued, j)
		e.wait(e.h.Grain)
		e.done(e.one(j))
	}
}

// preLease makes j one that is stored as claimed.
func (e *env) preLease(j *smsfailover.Job) {
	j.Token, j.LeaseUntil, j.Claims = "token-"+j.ID, time.Now().Add(e.lease), 1
}

// A job that is stored as claimed is nobody else's, and its token does all that
// one from Claim does.
func preLeased(e *env) {
	for _, call := range reports() {
		e.rule = call.name + " of a job that was stored as claimed"
		j := e.job(e.preLease)
		e.put(smsfailover.Queued, j)
		e.none()
		e.check(call.name, call.call(e, j.Ref()))
		e.none()
		if call.name != "Extend" {
			e.allLost(j.Ref())
		}
	}
	e.depth(0, 2, 1, 1) // retried and released; extended; buried
}

func preLeasedEnds(e *env) {
	j := e.job(e.preLease)
	e.put(smsfailover.Queued, j)
	over := e.job(func(o *smsfailover.Job) { o.Token, o.LeaseUntil = "over", time.Now().Add(-time.Minute) })
	e.put(smsfailover.Queued, over)
	e.lost("Done of a lease that had ended at Enqueue", e.s.Done(e.t.Context(), over.Ref()), over.Ref())
	e.done(e.one(over))
	e.until(e.lease, e.none)
	again := e.one(j)
	if again.Claims != 2 || again.Token == j.Token {
		e.fatalf("claimed again: Claims %d, same token %v; want 2 and a fresh one", again.Claims, again.Token == j.Token)
	}
	e.allLost(j.Ref())
	e.done(again)
	e.empty()
}
