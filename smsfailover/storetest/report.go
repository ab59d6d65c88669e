package storetest

import (
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

func reportScenarios() []scenario {
	return []scenario{
		{name: "DoneForgets", run: doneForgets},
		{name: "WrongTokens", run: wrongTokens},
		{name: "LostNamesTheLost", run: lostNamesTheLost},
		{name: "IDReuse", run: idReuse},
		{name: "BigBatches", run: bigBatches, ownPace: true},
	}
}

func doneForgets(e *env) {
	jobs := e.someJobs(20)
	e.put(smsfailover.Queued, jobs...)
	claimed := e.claim(20)
	e.done(claimed[:19]...)
	e.depth(0, 0, 1, 0)
	e.done(claimed[19])
	e.expire(e.lease)
	e.empty()
	e.allLost(claimed[0].Ref())
}

// Only the current token of the job will do.
func wrongTokens(e *env) {
	waiting := e.job(func(j *smsfailover.Job) { j.Due = time.Now().Add(time.Hour) })
	jobs := append(e.someJobs(2), waiting)
	e.put(smsfailover.Queued, jobs...)
	claimed := e.claim(2)
	for name, r := range map[string]smsfailover.Ref{
		"no token":                {ID: claimed[0].ID},
		"some token":              {ID: claimed[0].ID, Token: "token"},
		"a part of the token":     {ID: claimed[0].ID, Token: claimed[0].Token + " "},
		"another job's token":     {ID: claimed[0].ID, Token: claimed[1].Token},
		"no token, not claimed":   {ID: waiting.ID},
		"some token, not claimed": {ID: waiting.ID, Token: claimed[1].Token},
		"no such job":             {ID: "unknown", Token: claimed[0].Token},
		"no ID":                   {Token: claimed[0].Token},
		"nothing":                 {},
	} {
		e.rule = name
		e.allLost(r)
	}
	e.rule = "after reports with wrong tokens"
	e.depth(0, 1, 2, 0)
	e.done(claimed...)
}

// A batch does what it can, and says what it couldn't.
func lostNamesTheLost(e *env) {
	gone := smsfailover.Ref{ID: "gone", Token: "gone"}
	batch := func() (good []smsfailover.Job, all []smsfailover.Ref, lost []smsfailover.Ref) {
		e.put(smsfailover.Queued, e.someJobs(4)...)
		good = e.claim(4)
		stale := smsfailover.Ref{ID: good[3].ID, Token: "stale"}
		lost = []smsfailover.Ref{gone, stale}
		return good, []smsfailover.Ref{good[0].Ref(), gone, good[1].Ref(), stale, good[2].Ref()}, lost
	}
	ctx := e.t.Context()

	good, all, lost := batch()
	e.lost("Done", e.s.Done(ctx, all...), lost...)
	e.depth(0, 0, 1, 0)
	e.done(good[3])

	good, all, lost = batch()
	e.lost("Release", e.s.Release(ctx, 0, all...), lost...)
	e.depth(3, 0, 1, 0)
	e.done(good[3])
	e.done(e.claim(3)...)

	good, all, lost = batch()
	got, err := e.s.Extend(ctx, time.Hour, all...)
	e.check("Extend", err)
	e.lost("Extend", &smsfailover.LostError{Refs: got}, lost...)
	e.expire(e.lease)
	e.done(e.one(good[3]))
	e.done(good[:3]...)
	e.empty()
}

// A new job with the ID of a finished one is another job: what is left of the
// old one's worker can't touch it.
func idReuse(e *env) {
	j := e.job()
	e.put(smsfailover.Queued, j)
	old := e.one(j)
	e.done(old)
	again := e.job(func(a *smsfailover.Job) { a.ID = j.ID })
	e.put(smsfailover.Queued, again)
	e.allLost(old.Ref())
	got := e.one(again)
	if got.To != again.To || got.Claims != 1 {
		e.fatalf("the new job has the old one's To or Claims %d", got.Claims)
	}
	e.allLost(old.Ref())
	e.done(got)
	e.empty()
}

// A thousand at a time is no reason to fail.
func bigBatches(e *env) {
	const n = 1000
	e.put(smsfailover.Queued, e.someJobs(n)...)
	claimed := e.claimFrom(e.s, n, time.Millisecond)
	lost, err := e.s.Extend(e.t.Context(), time.Hour, refs(claimed...)...)
	e.check("Extend", err)
	if len(lost) > 0 {
		e.fatalf("Extend: %d of %d refs are lost", len(lost), n)
	}
	e.release(0, claimed...)
	e.done(e.claimFrom(e.s, n, time.Hour)...)
	e.empty()
}
