//go:build unix

// Command report prints what a decision costs that package ratelimit makes in
// process, beside limiters of other libraries: processor time of the whole
// process, garbage collection and background goroutines included, from 1 and
// from 64 goroutines over many keys, and resident bytes per key.
// Every measurement runs in a process of its own; rounds are interleaved, so that
// a busy machine disturbs the ratios little.
//
//	go run ./ratelimit/local/report [-rounds n] [-decisions n] [-keys n]
package main

import (
	"flag"
	"fmt"
	"runtime"
	"slices"

	"github.com/ycvk/tinybook/internal/peerbench/paired"
	peers "github.com/ycvk/tinybook/internal/peerbench/ratelimit/local"
)

var (
	rounds    = flag.Int("rounds", 7, "measure everything this many times")
	decisions = flag.Int("decisions", 2_000_000, "decisions in one measurement")
	keys      = flag.Int("keys", 200_000, "keys that are asked for")
	child     = flag.String("child", "", "the measurement that this process is for; set by report itself")
	impl      = flag.String("impl", "", "the limiter that this process is for; set by report itself")
)

// peer is the library that ours are compared with.
const peer = "x-time-rate"

func main() {
	flag.Parse()
	if *child != "" {
		measure(*child, *impl)
		return
	}
	fmt.Printf("%s %s/%s, %d processors, %d rounds, each in its own process\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *rounds)
	fmt.Printf("%d keys, %d hits per %v; %s is in a sync.Map\n\n", *keys, peers.Limit, peers.Window, peer)
	for _, phase := range []struct{ title, name string }{
		{"admission of the 2nd to 11th hit of a key", "first"},
		{"admission of the 21st to 30th hit", "later"},
		{"refusal", "full"},
	} {
		table(phase.title+", processor ns, 1 goroutine", phase.name+"1")
		table(phase.title+", processor ns, 64 goroutines", phase.name+"64")
	}
	table("resident bytes per key, 1 hit each", "resident1")
	table(fmt.Sprintf("resident bytes per key, %d hits each", peers.Limit), "residentN")
}

// table measures all limiters in turn and prints a line for each.
func table(title, what string) {
	impls := peers.Impls()
	results := make([][]float64, len(impls))
	for range *rounds {
		for i, impl := range impls {
			results[i] = append(results[i], paired.Child(what, impl.Name, fmt.Sprint("-decisions=", *decisions), fmt.Sprint("-keys=", *keys)))
		}
	}
	base := results[slices.IndexFunc(impls, func(i peers.Impl) bool { return i.Name == peer })]
	fmt.Printf("%s\n%-16s %10s %10s %8s %18s %14s\n", title, "impl", "best", "median", "spread", peer+"/impl", "median ratio")
	for i, impl := range impls {
		ratios := make([]float64, *rounds)
		for r := range ratios {
			ratios[r] = base[r] / results[i][r]
		}
		best, mid := slices.Min(results[i]), paired.Median(results[i])
		fmt.Printf("%-16s %10.1f %10.1f %7.0f%% %18.2f %14.2f\n", impl.Name, best, mid,
			100*(slices.Max(results[i])-best)/mid, slices.Min(base)/best, paired.Median(ratios))
	}
	fmt.Println()
}
