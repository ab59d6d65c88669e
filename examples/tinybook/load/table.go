package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// A cell is what was measured of one target under one load, over all rounds.
type cell struct {
	rates, p99 []float64 // of each round; p99 in milliseconds
	requests   int64     // that were answered
	asked      int64
	errors     int64
	cpu        cpu
}

// A group is the rows of one load.
type group struct {
	articles, conns int
	cells           map[string]*cell
}

// groups returns the loads in the order of the options.
func groups(o options, runs map[task]run) []group {
	var all []group
	for _, articles := range o.articles {
		for _, conns := range o.conns {
			g := group{articles, conns, map[string]*cell{}}
			for _, target := range targets {
				g.cells[target] = collect(o.rounds, runs, task{Articles: articles, Conns: conns, Target: target})
			}
			all = append(all, g)
		}
	}
	return all
}

func collect(rounds int, runs map[task]run, of task) *cell {
	c := &cell{}
	for of.Round = range rounds {
		r := runs[of]
		c.rates = append(c.rates, r.rate())
		c.p99 = append(c.p99, r.P99/1000)
		c.requests += r.Requests
		c.asked += r.Asked()
		c.errors += r.Errors()
		c.cpu = c.cpu.plus(r.CPU)
	}
	return c
}

// times returns how many times the rate of target the local one is, or
// zero where that answers nothing.
func (g *group) times(target string) float64 {
	other := median(g.cells[target].rates)
	if other == 0 {
		return 0
	}
	return median(g.cells[local].rates) / other
}

// original is what the original TinyBook tells of its own ranking. Of Redis it
// tells only that the database was four times slower.
var original = []string{
	"| original | ? | local | 8 152 | 1 | | 0 | | | |",
	"| original | ? | db | | > 5 | | > 50 % | | | |",
}

// writeTable writes the table, in Markdown.
func writeTable(w io.Writer, all []group) error {
	lines := []string{
		"| articles | c | target | requests/s: median (min to max) | local is, times | p99, ms | errors | CPU µs/request: application | redis-server | mysqld |",
		"|---|---|---|---|---|---|---|---|---|---|",
	}
	for _, g := range all {
		for _, target := range targets {
			lines = append(lines, g.row(target))
		}
	}
	_, err := io.WriteString(w, strings.Join(append(lines, original...), "\n")+"\n")
	return err
}

func (g *group) row(target string) string {
	c := g.cells[target]
	least, most := bounds(c.rates)
	times := "?"
	if t := g.times(target); t > 0 {
		times = fmt.Sprintf("%.2f", t)
	}
	return fmt.Sprintf("| %d | %d | %s | %.0f (%.0f to %.0f) | %s | %.1f | %s | %s | %s | %s |",
		g.articles, g.conns, strings.TrimPrefix(target, "/bench/rank/"),
		median(c.rates), least, most, times, median(c.p99), c.failed(),
		c.each(c.cpu.App), c.each(c.cpu.Redis), c.each(c.cpu.MySQL))
}

func bounds(values []float64) (least, most float64) {
	least, most = values[0], values[0]
	for _, v := range values {
		least, most = min(least, v), max(most, v)
	}
	return least, most
}

// failed returns the errors, with their share of what was asked for.
func (c *cell) failed() string {
	if c.errors == 0 {
		return "0"
	}
	return fmt.Sprintf("%d (%.1f %%)", c.errors, 100*float64(c.errors)/float64(c.asked))
}

// each returns the CPU time of one answer.
func (c *cell) each(used time.Duration) string {
	if c.requests == 0 {
		return "?"
	}
	return fmt.Sprintf("%.1f", float64(used.Microseconds())/float64(c.requests))
}

// A floor is what is to be reached, under every load.
type floor struct {
	target string // that local is compared with
	least  float64
}

var floors = []floor{{ping, 0.55}, {fromRedis, 2.5}, {fromDB, 4}}

// writeFloors writes what was to be reached and whether it was.
func writeFloors(w io.Writer, all []group) error {
	var text strings.Builder
	for _, f := range floors {
		var times []float64
		for _, g := range all {
			times = append(times, g.times(f.target))
		}
		least, most := bounds(times)
		fmt.Fprintf(&text, "local / %s: %.3f to %.3f, to reach %.2f: %s\n", strings.TrimPrefix(f.target, "/bench/rank/"),
			least, most, f.least, verdict(least >= f.least))
	}
	failed := int64(0)
	for _, g := range all {
		failed += g.cells[local].errors + g.cells[fromRedis].errors
	}
	fmt.Fprintf(&text, "errors of local and redis: %d, to reach 0: %s\n", failed, verdict(failed == 0))
	_, err := io.WriteString(w, text.String())
	return err
}

func verdict(ok bool) string {
	if ok {
		return "reached"
	}
	return "NOT REACHED"
}

// median returns the middle of values, or the mean of the two there, and zero of
// none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
