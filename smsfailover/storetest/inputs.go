package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

func inputScenarios() []scenario {
	return []scenario{
		{name: "ContextDone", run: contextDone},
		{name: "BadArguments", run: badArguments},
		{name: "NothingToDo", run: nothingToDo},
		{name: "AnyCause", run: anyCause},
		{name: "BytesTellKeysApart", run: bytesTellApart},
	}
}

func (e *env) refused(err error) {
	e.t.Helper()
	if !errors.Is(err, smsfailover.ErrInput) {
		e.fatalf("%v, want ErrInput", err)
	}
}

// A call whose ctx is done fails and changes nothing.
func contextDone(e *env) {
	jobs := e.someJobs(3)
	e.put(smsfailover.Queued, jobs...)
	dead := e.claim(1)[0]
	e.bury(dead)
	held := e.claim(1)[0]

	ctx, cancel := context.WithCancel(e.t.Context())
	cancel()
	r := held.Ref()
	for name, call := range map[string]func() error{
		"Enqueue": func() error { _, err := e.s.Enqueue(ctx, e.job()); return err },
		"Claim":   func() error { _, err := e.s.Claim(ctx, "worker", 1, e.lease); return err },
		"Extend":  func() error { _, err := e.s.Extend(ctx, time.Hour, r); return err },
		"Done":    func() error { return e.s.Done(ctx, r) },
		"Retry":   func() error { return e.s.Retry(ctx, r, 0, cause) },
		"Release": func() error { return e.s.Release(ctx, 0, r) },
		"Bury":    func() error { return e.s.Bury(ctx, r, cause) },
		"Redrive": func() error { _, err := e.s.Redrive(ctx, smsfailover.Filter{}); return err },
		"Dead":    func() error { _, err := e.s.Dead(ctx, smsfailover.Filter{}); return err },
		"Depth":   func() error { _, err := e.s.Depth(ctx); return err },
	} {
		if err := call(); !errors.Is(err, context.Canceled) {
			e.fatalf("%s with a ctx that is done: %v, want context.Canceled", name, err)
		}
	}
	e.rule = "after calls whose ctx was done"
	e.depth(1, 0, 1, 1)
	e.deadOne(dead)
	e.done(e.claim(1)[0])
	e.done(held)
}

func badArguments(e *env) {
	j := e.job()
	e.put(smsfailover.Queued, j)
	for _, c := range []struct {
		n     int
		lease time.Duration
	}{{0, e.lease}, {-1, e.lease}, {1, 0}, {1, -time.Second}} {
		got, err := e.s.Claim(e.t.Context(), "worker", c.n, c.lease)
		e.rule = fmt.Sprintf("Claim of %d jobs for %v returned %d", c.n, c.lease, len(got))
		e.refused(err)
	}
	e.rule = "a negative delay is none"
	got := e.one(j)
	e.release(-time.Hour, got)
	got = e.one(j)
	e.retry(got, -time.Hour)
	if got = e.one(j); got.Prev < 0 {
		e.fatalf("Prev is %v", got.Prev)
	}
}

// No jobs, no refs: nothing happens, without an error.
func nothingToDo(e *env) {
	e.put(smsfailover.Queued)
	e.done()
	e.release(time.Hour)
	e.extend()
	e.redrive(smsfailover.Filter{}, 0)
	if dead := e.deadOf(smsfailover.Filter{}); len(dead) != 0 {
		e.fatalf("Dead of an empty store: %d jobs", len(dead))
	}
	e.empty()
}

// What a provider wrote is no reason to fail.
func anyCause(e *env) {
	for _, text := range []string{"", "\x00", "\xff\xfe bytes \xf0\x9f", strings.Repeat("😀", 20_000)} {
		j := e.job()
		e.put(smsfailover.Queued, j)
		e.check("Retry", e.s.Retry(e.t.Context(), e.one(j).Ref(), 0, text))
		e.check("Bury", e.s.Bury(e.t.Context(), e.one(j).Ref(), text))
	}
	e.depth(0, 0, 0, 4)
}

// Names that a collation, a trim or a normal form would take for one are two.
func bytesTellApart(e *env) {
	names := []string{
		"a", "A", "a ", " a", "á", "a\u0301", "ａ", "ß", "ss", "a.", "a\t", "a%", "_", "é", "e", "0", "00", "1e0", "1",
	}
	jobs := make([]smsfailover.Job, 0, 3*len(names))
	for _, n := range names {
		jobs = append(jobs,
			e.job(func(j *smsfailover.Job) { j.ID = e.name + n }),
			e.job(func(j *smsfailover.Job) { j.IdemKey = n }),
			e.job(func(j *smsfailover.Job) { j.To = e.run + n }),
			e.job(func(j *smsfailover.Job) { j.To, j.TplID = e.run+"tpl", n }),
		)
	}
	for _, split := range []string{"a:bc", "ab:c", "a::bc"} {
		jobs = append(jobs, e.job(func(j *smsfailover.Job) { j.TplID, j.To, _ = strings.Cut(split, ":") }))
	}
	e.put(smsfailover.Queued, jobs...)
	seen := make(map[string]bool)
	for _, id := range ids(e.claim(len(jobs))) {
		seen[id] = true
	}
	for _, j := range jobs {
		if !seen[j.ID] {
			e.fatalf("the job with ID %q, TplID %q, IdemKey %q is missing", j.ID, j.TplID, j.IdemKey)
		}
	}
}
