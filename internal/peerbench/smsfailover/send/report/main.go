//go:build unix

// Command report prints what the straight path of smsfailover costs beside the
// rate limiter and circuit breaker of failsafe-go: processor time of the whole
// process per message from 1 and from 64 goroutines, and bytes allocated. Every
// measurement runs in a process of its own; rounds are interleaved, so that a busy
// machine disturbs the ratios little. The last column is what ours costs in terms
// of the others: the median, over the rounds, of the ratio.
//
//	go run ./smsfailover/send/report [-rounds n] [-sends n]
package main

import (
	"context"
	"flag"
	"fmt"
	"math"

	"github.com/ycvk/tinybook/internal/peerbench/paired"
	peers "github.com/ycvk/tinybook/internal/peerbench/smsfailover/send"
)

var sends = flag.Int("sends", 400_000, "sends in one measurement")

func main() {
	r := paired.Report{Measure: measure, Tables: tables}
	for _, impl := range peers.Impls() {
		r.Ways = append(r.Ways, impl.Name)
	}
	r.Columns = []paired.Column{paired.Of(r.Ways[0])}
	r.Main()
}

func tables(r *paired.Report) {
	r.Table("Send, processor ns, 1 goroutine", "cpu1")
	r.Table("Send, processor ns, 64 goroutines", "cpu64")
	r.Table("Send, bytes allocated, 64 goroutines", "bytes")
}

func measure(what string, way int) float64 {
	send := peers.Impls()[way].Open()
	call := func(g, _ int) {
		if err := send(context.Background(), recipients[g]); err != nil {
			panic(err)
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

// recipients are one for each goroutine.
var recipients = func() (to [64]string) {
	for g := range to {
		to[g] = fmt.Sprintf("+86138%08d", g)
	}
	return to
}()
