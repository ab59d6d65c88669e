// Command load measures what a ranking costs that is in memory, in Redis, or in
// the database: with wrk, on the application in services mode, beside a real
// redis-server, MySQL 8 and Kafka. It starts all of them and prints one table.
// See the README beside it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"testing"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := command(ctx, os.Args[1:], os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(1)
	}
}

func command(ctx context.Context, args []string, out io.Writer) error {
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	o.out = out
	within := fmt.Errorf("%v were not enough; what was measured is kept: run it again to go on", o.within)
	ctx, cancel := context.WithTimeoutCause(ctx, o.within, within)
	defer cancel()
	return onStage(ctx, func(t testing.TB) error { return measure(ctx, t, o) })
}

// measure makes all runs that are missing, and shows the table of all.
func measure(ctx context.Context, t testing.TB, o options) error {
	wrk, err := findWrk()
	if err != nil {
		return err
	}
	program, err := build(ctx, t.TempDir())
	if err != nil {
		return err
	}
	key, err := o.key(program)
	if err != nil {
		return err
	}
	log, err := openLog(o.state, key)
	if err != nil {
		return err
	}
	defer log.Close()
	if log.dropped {
		o.say("The program or the flags have changed: what was measured before is not used.")
	}
	b := &bench{options: o, wrk: wrk, program: program, log: log}
	if err := b.all(ctx, t); err != nil {
		return fmt.Errorf("%d of %d runs are in %s: %w", len(log.runs), len(plan(o)), o.state, err)
	}
	if err := o.show(ctx, log); err != nil {
		return err
	}
	return log.Remove()
}
