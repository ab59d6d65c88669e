//go:build unix

// Command report prints what the error-rate monitor of smsfailover costs beside
// two circuit breakers: processor time of the whole process per send (ask, then
// record; one in ten fails) from 1 and from 64 goroutines, and bytes allocated.
// Every measurement runs in a process of its own; rounds are interleaved, so that
// a busy machine disturbs the ratios little. The last columns are what the others
// cost in terms of ours: the median, over the rounds, of the ratio.
//
//	go run ./smsfailover/monitor/report [-rounds n] [-sends n]
package main

import (
	"flag"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/ycvk/tinybook/internal/peerbench/paired"
	peers "github.com/ycvk/tinybook/internal/peerbench/smsfailover/monitor"
)

var (
	rounds = flag.Int("rounds", 9, "measure everything this many times")
	sends  = flag.Int("sends", 4_000_000, "sends in one measurement")
	child  = flag.String("child", "", "the measurement that this process is for; set by report itself")
	impl   = flag.String("impl", "", "the breaker that this process is for; set by report itself")
)

func main() {
	flag.Parse()
	if *child != "" {
		measure(*child, *impl)
		return
	}
	fmt.Printf("%s %s/%s, %d processors, %d rounds, each in its own process\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *rounds)
	table("ask + record, processor ns, 1 goroutine", "cpu1")
	table("ask + record, processor ns, 64 goroutines", "cpu64")
	table("ask + record, bytes allocated, 64 goroutines", "bytes")
}

// table measures all breakers in turn and prints a line for each.
func table(title, what string) {
	impls := peers.Impls()
	results := make([][]float64, len(impls))
	for range *rounds {
		for i, impl := range impls {
			results[i] = append(results[i], paired.Child(what, impl.Name, fmt.Sprint("-sends=", *sends)))
		}
	}
	fmt.Printf("%s\n%-14s %9s %9s %8s", title, "impl", "best", "median", "spread")
	for _, ours := range impls[:2] {
		fmt.Printf(" %20s", "x "+ours.Name)
	}
	fmt.Println()
	for i, impl := range impls {
		best, mid := slices.Min(results[i]), paired.Median(results[i])
		fmt.Printf("%-14s %9.2f %9.2f %7.0f%%", impl.Name, best, mid, 100*(slices.Max(results[i])-best)/max(mid, 1))
		for ours := range 2 {
			fmt.Printf(" %20s", paired.RatioText(results[i], results[ours]))
		}
		fmt.Println()
	}
	fmt.Println()
}

// measure prints one figure.
func measure(what, name string) {
	for _, impl := range peers.Impls() {
		if impl.Name != name {
			continue
		}
		switch what {
		case "cpu1":
			fmt.Println(perSend(impl, 1, cpu))
		case "cpu64":
			fmt.Println(perSend(impl, 64, cpu))
		case "bytes":
			fmt.Println(math.Round(perSend(impl, 64, paired.Allocated)))
		}
	}
}

// perSend returns by how much the meter rises per send.
func perSend(impl peers.Impl, goroutines int, meter func() float64) float64 {
	send := impl.Open()
	n := *sends / goroutines
	run := func(n int) {
		var wg sync.WaitGroup
		for range goroutines {
			wg.Go(func() {
				for i := 1; i <= n; i++ {
					if !send(i%10 != 0) {
						panic("refused at 10 % failures")
					}
				}
			})
		}
		wg.Wait()
	}
	run(100)
	start := meter()
	run(n)
	return (meter() - start) / float64(n*goroutines)
}

func cpu() float64 { return float64(paired.ProcessorTime()) }
