//go:build unix

// Command report prints what a decision costs that package ratelimit makes in
// process, beside limiters of other libraries: processor time of the whole
// process, garbage collection and background goroutines included, from 1 and
// from 64 goroutines over many keys, and resident bytes per key.
// Every measurement runs in a process of its own; rounds are interleaved, so that
// a busy machine disturbs the ratios little.
//
//	go run ./ratelimit/local/report [-rounds n] [-decisions n] [-keys n]
package main

import (
	"flag"
	"fmt"

	"github.com/ycvk/tinybook/internal/peerbench/paired"
	peers "github.com/ycvk/tinybook/internal/peerbench/ratelimit/local"
)

var (
	decisions = flag.Int("decisions", 2_000_000, "decisions in one measurement")
	keys      = flag.Int("keys", 200_000, "keys that are asked for")
)

const few = 1000

// peer is the library that ours are compared with.
const peer = "x-time-rate"

func main() {
	r := paired.Report{Measure: measure, Tables: tables}
	for _, impl := range peers.Impls() {
		r.Ways = append(r.Ways, impl.Name)
	}
	r.Columns = []paired.Column{paired.Of(peer)}
	r.Main()
}

func tables(r *paired.Report) {
	fmt.Printf("%d keys, %d hits per %v; %s is in a sync.Map\n\n", *keys, peers.Limit, peers.Window, peer)
	for _, phase := range []struct{ title, name string }{
		{"admission of the 2nd to 11th hit of a key", "first"},
		{"admission of the 21st to 30th hit", "later"},
		{"refusal", "full"},
	} {
		r.Table(phase.title+", processor ns, 1 goroutine", phase.name+"1")
		r.Table(phase.title+", processor ns, 64 goroutines", phase.name+"64")
	}
	// Where all fits into a processor's cache, little is left but to read the clock.
	r.Table(fmt.Sprintf("refusal, %d keys only, processor ns, 1 goroutine", few), "few1")
	r.Table(fmt.Sprintf("refusal, %d keys only, processor ns, 64 goroutines", few), "few64")
	r.Table("resident bytes per key, 1 hit each", "resident1")
	r.Table(fmt.Sprintf("resident bytes per key, %d hits each", peers.Limit), "residentN")
}
