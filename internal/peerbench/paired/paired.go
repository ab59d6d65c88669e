//go:build unix

// Package paired is what the reports share: a measurement in a process of its
// own, and what is told of the rounds of one.
package paired

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Child runs this program again, for one measurement, and returns the number
// that it prints. Without one the program ends.
func Child(what, impl string, args ...string) float64 {
	cmd := exec.Command(os.Args[0], append([]string{"-child", what, "-impl", impl}, args...)...)
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

// RatioText returns Ratio for people: "-" where b is nothing.
func RatioText(a, b []float64) string {
	if m := Ratio(a, b); !math.IsNaN(m) && !math.IsInf(m, 0) {
		return fmt.Sprintf("%.2f", m)
	}
	return "-"
}
