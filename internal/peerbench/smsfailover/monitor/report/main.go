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
	"math"

	"github.com/ycvk/tinybook/internal/peerbench/paired"
	peers "github.com/ycvk/tinybook/internal/peerbench/smsfailover/monitor"
)

var sends = flag.Int("sends", 4_000_000, "sends in one measurement")

func main() {
	r := paired.Report{Measure: measure, Tables: tables}
	for _, impl := range peers.Impls() {
		r.Ways = append(r.Ways, impl.Name)
	}
	r.Columns = []paired.Column{paired.Times(r.Ways[0]), paired.Times(r.Ways[1])}
	r.Main()
}

func tables(r *paired.Report) {
	r.Table("ask + record, processor ns, 1 goroutine", "cpu1")
	r.Table("ask + record, processor ns, 64 goroutines", "cpu64")
	r.Table("ask + record, bytes allocated, 64 goroutines", "bytes")
}

func measure(what string, way int) float64 {
	send := peers.Impls()[way].Open()
	call := func(_, i int) {
		if !send(i%10 != 0) {
			panic("refused at 10 % failures")
		}
	}
	switch what {
	case "cpu1":
		return paired.Cost(paired.ProcessorTime, 1, *sends, call)
	case "cpu64":
		return paired.Cost(paired.ProcessorTime, 64, *sends, call)
	default:
		return math.Round(paired.Cost(paired.Allocated, 64, *sends, call))
	}
}
