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
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

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
			results[i] = append(results[i], run(what, impl.Name))
		}
	}
	fmt.Printf("%s\n%-18s %9s %9s %8s %10s\n", title, "impl", "best", "median", "spread", "ours is x")
	for i, impl := range impls {
		best, mid := slices.Min(results[i]), median(results[i])
		fmt.Printf("%-18s %9.1f %9.1f %7.0f%% %10s\n", impl.Name, best, mid,
			100*(slices.Max(results[i])-best)/max(mid, 1), ratio(results[0], results[i]))
	}
	fmt.Println()
}

// ratio returns the median, over the rounds, of a/b.
func ratio(a, b []float64) string {
	ratios := make([]float64, len(a))
	for r := range ratios {
		ratios[r] = a[r] / b[r]
	}
	if m := median(ratios); !math.IsNaN(m) && !math.IsInf(m, 0) {
		return fmt.Sprintf("%.2f", m)
	}
	return "-"
}

func run(what, impl string) float64 {
	cmd := exec.Command(os.Args[0], "-child", what, "-impl", impl, fmt.Sprint("-sends=", *sends))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	x := math.NaN()
	if err == nil {
		_, err = fmt.Sscan(strings.TrimSpace(string(out)), &x)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "report: %s of %s: %v\n", what, impl, err)
		os.Exit(1)
	}
	return x
}

func median(xs []float64) float64 {
	xs = slices.Sorted(slices.Values(xs))
	return (xs[(len(xs)-1)/2] + xs[len(xs)/2]) / 2
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
			fmt.Println(math.Round(perSend(impl, 64, allocated)))
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

func allocated() float64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.TotalAlloc)
}

// cpu returns the processor time in nanoseconds that all threads of the process
// have used.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return float64(time.Duration(u.Utime.Nano() + u.Stime.Nano()))
}
