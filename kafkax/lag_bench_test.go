package kafkax_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

func lagOfMany(b *testing.B, partitions int32) (*fakeLagKafka, *kafkax.LagCollector) {
	b.Helper()
	k := newFakeLagKafka()
	k.partitions, k.end["t"], k.committed["t"] = partitions, 1000, 10
	l := fakeLag(b, k, []kafkax.Group{{ID: "g"}})
	_, err := l.Poll(b.Context())
	require.NoError(b, err)
	return k, l
}

// BenchmarkLagPoll is a poll of 1000 partitions without Kafka's share.
func BenchmarkLagPoll(b *testing.B) {
	k, l := lagOfMany(b, 1000)
	b.ReportAllocs()
	for b.Loop() {
		k.end["t"]++
		if _, err := l.Poll(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLagScrape is a scrape of 1000 partitions: 14 series each.
func BenchmarkLagScrape(b *testing.B) {
	_, l := lagOfMany(b, 1000)
	b.ReportAllocs()
	for b.Loop() {
		ch := make(chan prometheus.Metric, 100)
		go func() {
			defer close(ch)
			l.Collect(ch)
		}()
		n := 0
		for range ch {
			n++
		}
		if n < 14000 {
			b.Fatalf("%d series", n)
		}
	}
}
