package kafkax_test

import (
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"

	"github.com/ycvk/tinybook/kafkax"
)

// BenchmarkScrapeWriters is a scrape of many writers that are observed from
// outside, with a Stats call for each: 10 series a writer.
func BenchmarkScrapeWriters(b *testing.B) {
	for _, writers := range []int{1, 1000} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			m, err := kafkax.New()
			if err != nil {
				b.Fatal(err)
			}
			for i := range writers {
				if _, err := m.ObserveWriter(fmt.Sprint(i), &kafka.Writer{Topic: "t"}); err != nil {
					b.Fatal(err)
				}
			}
			reg := prometheus.NewRegistry()
			reg.MustRegister(m)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := reg.Gather(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkTotals is what a look at a writer's totals costs.
func BenchmarkTotals(b *testing.B) {
	c, err := kafkax.NewWriterCollector(&kafka.Writer{Topic: "t"})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if c.Totals().Attempts != 0 {
			b.Fatal("nothing was written")
		}
	}
}
