// Command report prints how long the deletions of slicex take in relation to
// those of the standard library and of samber/lo. All implementations of a case
// run in turn, round by round, and the best round of each counts, so that a busy
// machine disturbs the ratios little. On Linux it counts the processor time of
// the measuring thread, elsewhere the time that passed; work that the garbage
// collector does on other threads is not counted.
//
//	go run ./slicex/report [-run regexp] [-rounds n] [-for duration]
package main

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"time"

	peers "github.com/ycvk/tinybook/internal/peerbench/slicex"
)

func main() {
	run := flag.String("run", "", "run only the cases that match this regular expression")
	rounds := flag.Int("rounds", 21, "measure every implementation this many times")
	length := flag.Duration("for", 2*time.Millisecond, "length of one measurement")
	flag.Parse()
	match, err := regexp.Compile(*run)
	if err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(2)
	}

	runtime.LockOSThread()
	fmt.Printf("%s %s/%s, %d rounds, %s\n", runtime.Version(), runtime.GOOS, runtime.GOARCH, *rounds, clockName)
	fmt.Printf("%-46s %-6s %11s %7s %11s %12s %6s\n",
		"case", "impl", "best ns", "spread", "slicex/impl", "median ratio", "allocs")
	for _, c := range peers.Cases() {
		if match.MatchString(c.Name) {
			report(c, *rounds, *length)
		}
	}
}

// A series is what the rounds of one implementation came to.
type series struct {
	run    func(n int)
	ops    int
	ns     []float64
	allocs float64
}

// report measures one case and prints a line for each implementation.
func report(c peers.Case, rounds int, length time.Duration) {
	all := make([]series, len(c.Impls))
	for i, impl := range c.Impls {
		all[i] = calibrate(impl.Make(), length)
	}
	for range rounds {
		runtime.GC()
		for i := range all {
			s := &all[i]
			s.ns = append(s.ns, float64(measure(s.run, s.ops))/float64(s.ops))
		}
	}
	ours := all[0]
	for i, s := range all {
		ratios := make([]float64, rounds)
		for r := range ratios {
			ratios[r] = ours.ns[r] / s.ns[r]
		}
		slices.Sort(ratios)
		best, worst := slices.Min(s.ns), slices.Max(s.ns)
		fmt.Printf("%-46s %-6s %11.1f %6.0f%% %11.2f %12.2f %6.0f\n", c.Name, c.Impls[i].Name,
			best, 100*(worst/best-1), slices.Min(ours.ns)/best, ratios[rounds/2], s.allocs)
	}
}

// calibrate warms run up and finds how often it has to run to last for length.
func calibrate(run func(int), length time.Duration) series {
	s := series{run: run, ops: 1}
	for measure(run, s.ops) < length && s.ops < 1<<30 {
		s.ops *= 2
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run(s.ops)
	runtime.ReadMemStats(&after)
	s.allocs = float64(after.Mallocs-before.Mallocs) / float64(s.ops)
	return s
}

func measure(run func(int), n int) time.Duration {
	start := now()
	run(n)
	return now() - start
}
