//go:build unix

// Command report prints what the straight path of smsfailover costs beside the
// rate limiter and circuit breaker of failsafe-go: processor time of the whole
// process per message from 1 and from 64 goroutines, and bytes allocated. Every
// measurement runs in a process of its own; rounds are interleaved, so that a busy
// machine disturbs the ratios little. The last column is what ours costs in terms
// of the others: the median, over the rounds, of the ratio.
//
//	go run ./smsfailover/send/report [-rounds n] [-sends n]
package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"github.com/ycvk/tinybook/internal/peerbench/paired"
	peers "github.com/ycvk/tinybook/internal/peerbench/smsfailover/send"
)

var (
	rounds = flag.Int("rounds", 9, "measure everything this many times")
	sends  = flag.Int("sends", 400_000, "sends in one measurement")
	child  = flag.String("child", "", "the measurement that this process is for; set by report itself")
	impl   = flag.String("impl", "", "the way that this process is for; set by report itself")
)

func main() {
	flag.Parse()
	if *child != "" {
		measure(*child, *impl)
		return
	}
	fmt.Printf("%s %s/%s, %d processors, %d rounds, each in its own process\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *rounds)
	table("Send, processor ns, 1 goroutine", "cpu1")
	table("Send, processor ns, 64 goroutines", "cpu64")
	table("Send, bytes allocated, 64 goroutines", "bytes")
}

// table measures all ways in turn and prints a line for each.
func table(title, what string) {
	impls := peers.Impls()
	results := make([][]float64, len(impls))
	for range *rounds {
		for i, impl := range impls {
			results[i] = append(results[i], paired.Child(what, impl.Name, fmt.Sprint("-sends=", *sends)))
		}
	}
	fmt.Printf("%s\n%-18s %9s %9s %8s %10s\n", title, "impl", "best", "median", "spread", "ours is x")
	for i, impl := range impls {
		best, mid := slices.Min(results[i]), paired.Median(results[i])
		fmt.Printf("%-18s %9.1f %9.1f %7.0f%% %10s\n", impl.Name, best, mid,
			100*(slices.Max(results[i])-best)/max(mid, 1), paired.RatioText(results[0], results[i]))
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
		for g := range goroutines {
			wg.Go(func() {
				to := fmt.Sprintf("+86138%08d", g)
				for range n {
					if err := send(context.Background(), to); err != nil {
						panic(err)
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
