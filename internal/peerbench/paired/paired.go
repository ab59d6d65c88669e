//go:build unix

// Package paired is what the reports share: a measurement in a process of its
// own, and what is told of the rounds of one.
package paired

import (
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
)

// A Report compares several ways to do the same. Each measurement runs in a
// process of its own, and in each round all ways take turns, so that a busy machine
// disturbs their ratios little.
type Report struct {
	Ways    []string
	Measure func(what string, way int) float64 // in the process that is for it
	Tables  func(*Report)
	Columns []Column // of each [Report.Table]

	rounds *int
}

// Main is the program. It adds -rounds, and two flags for itself, to those of the
// report, which its processes are given too.
func (r *Report) Main() {
	r.rounds = flag.Int("rounds", 9, "measure everything this many times")
	child := flag.String("child", "", "the measurement that this process is for; set by report itself")
	way := flag.Int("way", 0, "which way this process is for; set by report itself")
	flag.Parse()
	if *child != "" {
		fmt.Println(r.Measure(*child, *way))
		return
	}
	fmt.Printf("%s %s/%s, %d processors, %d rounds, each in its own process\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), *r.rounds)
	r.Tables(r)
}

// Rounds measures, and returns the figures of all rounds by way.
func (r *Report) Rounds(what string) [][]float64 {
	figures := make([][]float64, len(r.Ways))
	for range *r.rounds {
		for way := range r.Ways {
			figures[way] = append(figures[way], r.child(what, way))
		}
	}
	return figures
}

// child runs this program again, for one measurement, and returns the number that
// it prints. Without one the program ends.
func (r *Report) child(what string, way int) float64 {
	var args []string
	flag.Visit(func(f *flag.Flag) { args = append(args, fmt.Sprintf("-%s=%s", f.Name, f.Value)) })
	cmd := exec.Command(os.Args[0], append(args, "-child="+what, fmt.Sprint("-way=", way))...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	x := math.NaN()
	if err == nil {
		_, err = fmt.Sscan(strings.TrimSpace(string(out)), &x)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "report: %s of %s: %v\n", what, r.Ways[way], err)
		os.Exit(1)
	}
	return x
}

// Median returns the median of the rounds.
func Median(rounds []float64) float64 {
	xs := slices.Sorted(slices.Values(rounds))
	return (xs[(len(xs)-1)/2] + xs[len(xs)/2]) / 2
}

// Ratio returns the median, over the rounds, of a/b.
func Ratio(a, b []float64) float64 {
	ratios := make([]float64, len(a))
	for r := range ratios {
		ratios[r] = a[r] / b[r]
	}
	return Median(ratios)
}
