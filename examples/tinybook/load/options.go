package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// options are what the command line says.
type options struct {
	articles []int         // how many articles there are
	conns    []int         // connections that ask at once
	rounds   int           // runs of every target, which come in turn
	length   time.Duration // of a run
	quiet    float64       // share of the machine that others may use
	patience time.Duration // with a machine that isn't quiet
	within   time.Duration // for everything
	state    string        // file with what was measured so far
	keep     bool          // write the table to where it is committed
	out      io.Writer     // for runs and the table
}

const usage = `Usage: load [flags]

Measures /ping and /bench/rank/{local,redis,db,db-noindex} with wrk and prints
one table. What was measured before it was interrupted is not measured again.

Flags:
`

func parseOptions(args []string) (options, error) {
	var o options
	set := flag.NewFlagSet("load", flag.ContinueOnError)
	set.Usage = func() {
		_, _ = fmt.Fprint(set.Output(), usage) // to the terminal
		set.PrintDefaults()
	}
	articles := set.String("articles", "10000,100000", "`numbers` of articles")
	conns := set.String("c", "20,200", "`numbers` of connections")
	set.IntVar(&o.rounds, "rounds", 5, "runs of every target, which come in turn")
	set.DurationVar(&o.length, "d", 4*time.Second, "length of a run, in whole seconds")
	set.Float64Var(&o.quiet, "quiet", 0.15, "share of the machine that others may use, 0 to 1; 1: measure whatever they do")
	set.DurationVar(&o.patience, "patience", time.Minute, "how long to wait for a machine that is quiet")
	set.DurationVar(&o.within, "within", 12*time.Minute, "time for everything")
	set.StringVar(&o.state, "state", "", "`file` with what was measured so far (default load.jsonl in the user's cache directory, folder tinybook)")
	set.BoolVar(&o.keep, "keep", false, "write the table to docs/results/load.txt and to the README of the application")
	if err := set.Parse(args); err != nil {
		return options{}, err
	}
	return o, errors.Join(
		numbers("articles", *articles, &o.articles), numbers("c", *conns, &o.conns),
		o.findState(), o.validate(), nothingElse(set.Args()))
}

// say tells whoever is there how far it is.
func (o *options) say(line any) { _, _ = fmt.Fprintln(o.out, line) }

// numbers parses numbers with commas.
func numbers(name, text string, into *[]int) error {
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return fmt.Errorf("-%s %q: want numbers with commas", name, text)
		}
		*into = append(*into, n)
	}
	return nil
}

func (o *options) findState() error {
	if o.state != "" {
		return nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return fmt.Errorf("-state: %w", err)
	}
	o.state = filepath.Join(dir, "tinybook", "load.jsonl")
	return nil
}

func (o *options) validate() error {
	var errs []error
	check := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	for _, n := range o.articles {
		check(n >= places && n <= 1_000_000, "-articles %d: want %d to 1000000", n, places)
	}
	for _, n := range o.conns {
		check(n >= 1 && n <= 1000, "-c %d: want 1 to 1000", n)
	}
	check(o.rounds >= 1, "-rounds %d: want 1 or more", o.rounds)
	check(o.length >= time.Second && o.length%time.Second == 0, "-d %v: want whole seconds", o.length)
	check(o.quiet > 0 && o.quiet <= 1, "-quiet %v: want more than 0 and at most 1", o.quiet)
	check(o.patience >= 0, "-patience %v: want 0 or more", o.patience)
	check(o.within > 0, "-within %v: want more than 0", o.within)
	return errors.Join(errs...)
}

func nothingElse(args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("unexpected argument %q", args[0])
	}
	return nil
}

// key tells apart what must not come into one table: other programs, and other
// ways to measure them.
func (o *options) key(program string) (string, error) {
	text, err := os.ReadFile(program)
	if err != nil {
		return "", fmt.Errorf("the program that was built: %w", err)
	}
	return fmt.Sprintf("%x articles=%v c=%v rounds=%d d=%v quiet=%v cores=%d",
		sha256.Sum256(text), o.articles, o.conns, o.rounds, o.length, o.quiet, runtime.NumCPU()), nil
}
