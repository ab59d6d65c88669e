//go:build unix

// Command report prints what the in-memory caches of cachex cost beside stores
// of codes on other libraries: processor time of the whole process, garbage
// collection and background goroutines included, per life of a code (set, tried
// wrongly, used) from 1 and from 64 goroutines, and resident bytes and the
// processor time of a garbage collection per live code. Every measurement runs
// in a process of its own; rounds are interleaved, so that a busy machine
// disturbs the ratios little.
//
//	go run ./cachex/report [-rounds n] [-cycles n] [-codes n]
package main

import (
	"flag"
	"fmt"

	peers "github.com/ycvk/tinybook/internal/peerbench/cachex"
	"github.com/ycvk/tinybook/internal/peerbench/paired"
)

var (
	cycles = flag.Int("cycles", 200_000, "lives of a code in one measurement")
	codes  = flag.Int("codes", 200_000, "live codes in a measurement of memory")
)

func main() {
	r := paired.Report{Measure: measure, Tables: tables}
	for _, impl := range peers.Impls() {
		r.Ways = append(r.Ways, impl.Name)
	}
	r.Columns = []paired.Column{paired.Of(r.Ways[0])}
	r.Main()
}

func tables(r *paired.Report) {
	r.Table("set + wrong + right, processor ns, 1 goroutine", "cpu1")
	r.Table("set + wrong + right, processor ns, 64 goroutines", "cpu64")
	r.Table(fmt.Sprintf("resident bytes per code, %d live codes", *codes), "resident")
	r.Table(fmt.Sprintf("processor ns of one garbage collection per code, %d live codes", *codes), "gc")
}
