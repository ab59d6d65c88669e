package kafkastore_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// BenchmarkThrough measures a message's whole way, Enqueue, Claim and Done, in
// batches, with an embedded broker in the same process.
func BenchmarkThrough(b *testing.B) {
	for impl, index := range map[string]func() smsfailover.Store{
		"alone":   func() smsfailover.Store { return nil },
		"indexed": func() smsfailover.Store { return smsfailover.NewMemStore() },
	} {
		for _, batch := range []int{1, 100} {
			b.Run(fmt.Sprintf("impl=%s/batch=%d", impl, batch), func(b *testing.B) {
				p := newQueue(startBroker(b), index()).running(b)
				b.ReportAllocs()
				n := 0
				for b.Loop() {
					list := jobs(fmt.Sprintf("bench-%d", n), batch)
					put(b, p, list...)
					for left := batch; left > 0; {
						got, err := p.Claim(b.Context(), "worker", left, time.Minute)
						if err != nil {
							b.Fatal(err)
						}
						if err := p.Done(b.Context(), refs(got)...); err != nil {
							b.Fatal(err)
						}
						left -= len(got)
					}
					n++
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n*batch), "ns/msg")
			})
		}
	}
}
