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
	"runtime"
	"slices"

	peers "github.com/ycvk/tinybook/internal/peerbench/cachex"
	"github.com/ycvk/tinybook/internal/peerbench/paired"
)

var (
	rounds = flag.Int("rounds", 7, "measure everything this many times")
	cycles = flag.Int("cycles", 200_000, "lives of a code in one measurement")
	codes  = flag.Int("codes", 200_000, "live codes in a measurement of memory")
	child  = flag.String("child", "", "the measurement that this process is for; set by report itself")
	impl   = flag.String("impl", "", "the store that this process is for; set by report itself")
)

func main() {
	flag.Parse()
	if *child != "" {
		measure(*child, *impl)
		return
	}
	fmt.Printf("%s %s/%s, %d processors, %d rounds, each in its own process\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *rounds)
	table("set + wrong + right, processor ns, 1 goroutine", "cpu1")
	table("set + wrong + right, processor ns, 64 goroutines", "cpu64")
	table(fmt.Sprintf("resident bytes per code, %d live codes", *codes), "resident")
	table(fmt.Sprintf("processor ns of one garbage collection per code, %d live codes", *codes), "gc")
}

// table measures all stores in turn and prints a line for each.
func table(title, what string) {
	impls := peers.Impls()
	results := make([][]float64, len(impls))
	for range *rounds {
		for i, impl := range impls {
			results[i] = append(results[i], paired.Child(what, impl.Name, fmt.Sprint("-cycles=", *cycles), fmt.Sprint("-codes=", *codes)))
		}
	}
	fmt.Printf("%s\n%-16s %10s %10s %8s %14s %14s\n", title, "impl", "best", "median", "spread", "local/impl", "median ratio")
	for i, impl := range impls {
		ratios := make([]float64, *rounds)
		for r := range ratios {
			ratios[r] = results[0][r] / results[i][r]
		}
		best, mid := slices.Min(results[i]), paired.Median(results[i])
		fmt.Printf("%-16s %10.1f %10.1f %7.0f%% %14.2f %14.2f\n", impl.Name, best, mid,
			100*(slices.Max(results[i])-best)/mid, slices.Min(results[0])/best, paired.Median(ratios))
	}
	fmt.Println()
}
