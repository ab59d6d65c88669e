//go:build unix

// Command report prints what it costs to read the first hundred places of a
// topn.Board beside other ways to keep them in the process: processor time of all
// of it, from 1 and from 64 goroutines, and bytes allocated. Every measurement runs
// in a process of its own; rounds are interleaved, so that a busy machine disturbs
// the ratios little.
//
//	go run ./topn/read/report [-rounds n] [-reads n]
package main

import (
	"flag"
	"fmt"

	"github.com/ycvk/tinybook/internal/peerbench/paired"
	peers "github.com/ycvk/tinybook/internal/peerbench/topn/read"
)

var reads = flag.Int("reads", 20_000_000, "reads in one measurement")

// peer is what ours is compared with.
const peer = "theine"

func main() {
	r := paired.Report{Measure: measure, Tables: tables}
	for _, impl := range peers.Impls() {
		r.Ways = append(r.Ways, impl.Name)
	}
	r.Columns = []paired.Column{paired.Times(peer)}
	r.Main()
}

func tables(r *paired.Report) {
	fmt.Printf("the first %d places of one board\n\n", peers.N)
	r.Table("processor ns per read, 1 goroutine", "cpu1")
	r.Table("processor ns per read, 64 goroutines", "cpu64")
	r.Table("bytes allocated per read", "bytes")
}

// measure returns one figure.
func measure(what string, way int) float64 {
	read := peers.Impls()[way].Open()
	total := make([]paddedInt, 64)
	one := func(g, _ int) { total[g].n += len(read(peers.N)) }
	switch what {
	case "cpu1":
		return paired.Cost(paired.ProcessorTime, 1, *reads, one)
	case "cpu64":
		return paired.Cost(paired.ProcessorTime, 64, *reads, one)
	}
	return paired.Cost(paired.Allocated, 1, *reads, one)
}

// A paddedInt has a cache line of its own.
type paddedInt struct {
	n int
	_ [56]byte
}
