//go:build unix

// Command report prints what a scrape of many writers costs through kafkax and
// through collectors on client_golang's vectors and constant metrics: processor
// time of the whole process, garbage collection included, bytes allocated, and
// resident bytes, each per series. Every measurement runs in a process of its own;
// rounds are interleaved, so that a busy machine disturbs the ratios little.
//
//	go run ./kafkax/report [-rounds n] [-writers n] [-scrapes n]
package main

import (
	"flag"
	"fmt"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"

	peers "github.com/ycvk/tinybook/internal/peerbench/kafkax"
	"github.com/ycvk/tinybook/internal/peerbench/paired"
)

var (
	writers = flag.Int("writers", 1000, "writers that are observed")
	scrapes = flag.Int("scrapes", 100, "scrapes in one measurement")
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
	r.Table("a scrape, processor ns per series", "cpu")
	r.Table("a scrape, bytes allocated per series", "bytes")
	r.Table("resident bytes per series", "resident")
}

// measure returns one figure.
func measure(what string, way int) float64 {
	impl := peers.Impls()[way]
	names, clients := make([]string, *writers), make([]*kafka.Writer, *writers)
	for i := range clients {
		names[i], clients[i] = fmt.Sprint("writer-", i), &kafka.Writer{Topic: "likes"}
		clients[i].Stats() // which makes what it counts in
	}
	series := float64(*writers * peers.SeriesPerWriter[impl.Name])
	before := paired.Resident()
	reg := prometheus.NewRegistry()
	c, err := impl.Open(names, clients)
	if err != nil {
		panic(err)
	}
	reg.MustRegister(c)
	gather(reg)
	switch what {
	case "resident":
		after := paired.Resident()
		runtime.KeepAlive(clients)
		runtime.KeepAlive(c)
		return float64(after-before) / series
	case "bytes":
		return paired.Cost(paired.Allocated, 1, *scrapes, func(_, _ int) { gather(reg) }) / series
	default:
		return paired.Cost(paired.ProcessorTime, 1, *scrapes, func(_, _ int) { gather(reg) }) / series
	}
}

func gather(reg *prometheus.Registry) {
	if _, err := reg.Gather(); err != nil {
		panic(err)
	}
}
