package storetest

import "github.com/ycvk/tinybook/smsfailover"

// declarationScenarios check that a store doesn't do what it declares not to: a
// declaration that is too modest is as false as one that isn't.
func declarationScenarios(c Caps) []scenario {
	var all []scenario
	if c.Durable {
		all = append(all, scenario{name: "DeclaredDurable", run: declaredDurable})
	} else {
		all = append(all, scenario{name: "DeclaredNotDurable", run: declaredNotDurable})
	}
	if !c.Dedupe {
		all = append(all, scenario{name: "DeclaredNoDedupe", run: declaredNoDedupe})
	}
	if !c.Supersede {
		all = append(all, scenario{name: "DeclaredNoSupersede", run: declaredNoSupersede})
	}
	if c.Unordered {
		all = append(all, scenario{name: "DeclaredUnordered", run: declaredUnordered})
	}
	return all
}

func declaredDurable(e *env) {
	if e.h.Reopen == nil {
		e.t.Fatalf("Caps.Durable is declared, and Harness.Reopen is nil: nothing shows it")
	}
	e.put(smsfailover.Queued, e.someJobs(5)...)
	e.s = e.reopen()
	e.depth(5, 0, 0, 0)
}

func declaredNotDurable(e *env) {
	if e.h.Reopen == nil {
		return
	}
	e.put(smsfailover.Queued, e.someJobs(5)...)
	d, err := e.reopen().Depth(e.t.Context())
	e.check("Depth", err)
	if d != (smsfailover.Depth{}) {
		e.t.Fatalf("Caps.Durable is not declared, and the store is: after Reopen its Depth is %+v", d)
	}
}

// sent enqueues both jobs and returns how many of them come out.
func (e *env) sent(first, second smsfailover.Job) int {
	e.t.Helper()
	for _, j := range []smsfailover.Job{first, second} {
		if _, err := e.s.Enqueue(e.t.Context(), j); err != nil {
			e.fatalf("Enqueue: %v", err)
		}
	}
	n := 0
	e.poll(func() bool {
		got, err := e.s.Claim(e.t.Context(), "worker", 10, e.lease)
		e.check("Claim", err)
		e.done(got...)
		n += len(got)
		return n == 2
	})
	return n
}

func declaredNoDedupe(e *env) {
	key := func(j *smsfailover.Job) { j.IdemKey = e.name }
	if e.sent(e.job(key), e.job(key)) < 2 {
		e.t.Fatalf("Caps.Dedupe is not declared, and the store knows an IdemKey again")
	}
	j := e.job()
	if e.sent(j, e.like(j)) < 2 {
		e.t.Fatalf("Caps.Dedupe is not declared, and the store knows the same Args again")
	}
}

func declaredNoSupersede(e *env) {
	j := e.job()
	if e.sent(j, e.newer(j)) < 2 {
		e.t.Fatalf("Caps.Supersede is not declared, and a newer job takes the place of an older one")
	}
}

func declaredUnordered(e *env) {
	if e.order() == "" {
		e.t.Fatalf("Caps.Unordered is declared, and jobs come in order")
	}
}
