//go:build unix

package paired

import (
	"fmt"
	"math"
	"slices"
)

// A Column compares each way with the base.
type Column struct {
	base  string
	times bool
}

// Of is the column of what the figure of the way base is of each: above 1 where it
// is more.
func Of(base string) Column { return Column{base: base} }

// Times is the column of what each is of the figure of the way base: above 1 where
// that of base is less.
func Times(base string) Column { return Column{base: base, times: true} }

func (c Column) head() string {
	if c.times {
		return "impl/" + c.base
	}
	return c.base + "/impl"
}

func (c Column) cell(base, way []float64) string {
	ratio := Ratio(base, way)
	if c.times {
		ratio = Ratio(way, base)
	}
	if math.IsNaN(ratio) || math.IsInf(ratio, 0) {
		return "-"
	}
	return fmt.Sprintf("%.3f", ratio)
}

// Table measures what, and prints a line for each way: the best of its rounds, their
// median, how far they lie apart in percent of it, and the columns of the report.
func (r *Report) Table(title, what string) {
	rounds := r.Rounds(what)
	fmt.Printf("%s\n%-18s %10s %10s %8s", title, "impl", "best", "median", "spread")
	for _, c := range r.Columns {
		fmt.Printf(" %22s", c.head())
	}
	fmt.Println()
	for way, name := range r.Ways {
		best, median := slices.Min(rounds[way]), Median(rounds[way])
		fmt.Printf("%-18s %10.2f %10.2f %7.0f%%", name, best, median, 100*(slices.Max(rounds[way])-best)/max(median, 1))
		for _, c := range r.Columns {
			fmt.Printf(" %22s", c.cell(rounds[slices.Index(r.Ways, c.base)], rounds[way]))
		}
		fmt.Println()
	}
	fmt.Println()
}
