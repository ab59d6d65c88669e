package main

import (
	"context"
	"fmt"
	"testing"
	"time"
)

// A bench makes the runs of a plan.
type bench struct {
	options
	wrk     string
	program string
	log     *log
}

// A run is what one task has measured.
type run struct {
	task
	report
	CPU    cpu     // of the processes, during the run
	Others float64 // share of the machine that others used meanwhile
}

// all makes the runs that are missing. The services start only if there are any.
func (b *bench) all(ctx context.Context, t testing.TB) error {
	var s *services
	for _, articles := range b.articles {
		missing := b.missing(articles)
		if len(missing) == 0 {
			continue
		}
		if s == nil {
			var err error
			if s, err = startServices(ctx, t); err != nil {
				return err
			}
			if err := b.log.Describe(s.versions); err != nil {
				return err
			}
		}
		if err := b.size(ctx, t, s, articles, missing); err != nil {
			return fmt.Errorf("%d articles: %w", articles, err)
		}
	}
	return nil
}

func (b *bench) missing(articles int) (tasks []task) {
	for _, task := range plan(b.options) {
		if _, ok := b.log.runs[task]; !ok && task.Articles == articles {
			tasks = append(tasks, task)
		}
	}
	return tasks
}

// size makes runs with one number of articles. The answers are compared before
// and after them.
func (b *bench) size(ctx context.Context, t testing.TB, s *services, articles int, tasks []task) error {
	want, err := s.fill(ctx, articles)
	if err != nil {
		return err
	}
	site, err := s.startSite(ctx, t, b.program, articles)
	if err != nil {
		return err
	}
	defer site.stop()
	if err := site.awaitAnswers(ctx, want); err != nil {
		return err
	}
	for _, target := range targets { // connections, caches and code are warm then
		if _, err := load(ctx, b.wrk, site.url+target, b.conns[len(b.conns)-1], time.Second); err != nil {
			return err
		}
	}
	for _, task := range tasks {
		if err := b.run(ctx, site, task); err != nil {
			return err
		}
	}
	if err := awaitQuiet(ctx, b.quiet, b.patience); err != nil {
		return err
	}
	return site.sameAnswers(ctx, want)
}

// disturbances is how many runs in a row others may disturb.
const disturbances = 5

// run makes one run, again if others disturbed it, and keeps it.
func (b *bench) run(ctx context.Context, s *site, task task) error {
	for range disturbances {
		r, err := b.try(ctx, s, task)
		if err != nil {
			return err
		}
		if r.Others > b.quiet {
			continue
		}
		b.say(r)
		return b.log.Add(r)
	}
	return fmt.Errorf("%w: others used more than %.0f%% of it in %d runs in a row", errBusy, 100*b.quiet, disturbances)
}

func (b *bench) try(ctx context.Context, s *site, task task) (run, error) {
	if err := awaitQuiet(ctx, b.quiet, b.patience); err != nil {
		return run{}, err
	}
	before, err := s.clocks()
	if err != nil {
		return run{}, err
	}
	got, err := load(ctx, b.wrk, s.url+task.Target, task.Conns, b.length)
	if err != nil {
		return run{}, err
	}
	after, err := s.clocks()
	if err != nil {
		return run{}, err
	}
	r := run{task: task, report: got, CPU: after.own.minus(before.own)}
	r.Others = after.machine.minus(before.machine).others(r.CPU.total() + got.Own)
	return r, nil
}

func (r run) String() string {
	return fmt.Sprintf("%7d articles  c=%-4d round %d  %-24s %10.0f/s  p99 %8.1f ms  %5d errors  others %2.0f%%",
		r.Articles, r.Conns, r.Round+1, r.Target, r.rate(), r.P99/1000, r.Errors(), 100*r.Others)
}
