//go:build unix

// Command report prints what the in-memory caches of cachex cost beside stores
// of codes on other libraries: processor time of the whole process, garbage
// collection and background goroutines included, per life of a code (set, tried
// wrongly, used) from 1 and from 64 goroutines, and resident bytes and the
// processor time of a garbage collection per live code. Every measurement runs
// in a process of its own; rounds are interleaved, so that a busy machine
// disturbs the ratios little.
//
//	go run ./cachex/report [-rounds n] [-cycles n] [-codes n]
package main

import (
	"flag"
	"fmt"
	"slices"

	peers "github.com/ycvk/tinybook/internal/peerbench/cachex"
	"github.com/ycvk/tinybook/internal/peerbench/paired"
)

var (
	cycles = flag.Int("cycles", 200_000, "lives of a code in one measurement")
	codes  = flag.Int("codes", 200_000, "live codes in a measurement of memory")
)

func main() {
	r := paired.Report{Measure: measure, Tables: tables}
	for _, impl := range peers.Impls() {
		r.Ways = append(r.Ways, impl.Name)
	}
	r.Main()
}

func tables(r *paired.Report) {
	table(r, "set + wrong + right, processor ns, 1 goroutine", "cpu1")
	table(r, "set + wrong + right, processor ns, 64 goroutines", "cpu64")
	table(r, fmt.Sprintf("resident bytes per code, %d live codes", *codes), "resident")
	table(r, fmt.Sprintf("processor ns of one garbage collection per code, %d live codes", *codes), "gc")
}

// table prints a line for each store.
func table(r *paired.Report, title, what string) {
	rounds := r.Rounds(what)
	fmt.Printf("%s\n%-16s %10s %10s %8s %14s %14s\n", title, "impl", "best", "median", "spread", "local/impl", "median ratio")
	for i, way := range r.Ways {
		best, median, spread := paired.Summary(rounds[i])
		fmt.Printf("%-16s %10.1f %10.1f %7.0f%% %14.2f %14.2f\n", way, best, median, spread,
			slices.Min(rounds[0])/best, paired.Ratio(rounds[0], rounds[i]))
	}
	fmt.Println()
}
