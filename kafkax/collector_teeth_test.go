package kafkax_test

import (
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"

	"github.com/ycvk/tinybook/internal/teeth"
)

// TestExactHasTeeth runs testExact on collectors as they are found in the wild.
func TestExactHasTeeth(t *testing.T) {
	suite := func(f func(*naive, chan<- prometheus.Metric)) func(t *testing.T) {
		return func(t *testing.T) {
			testExact(t, func(_ *testing.T, w *kafka.Writer) prometheus.Collector { return &naive{w: w, collect: f} })
		}
	}
	teeth.Bite(t, []teeth.Fault{
		{Name: "the difference as a counter", Caught: "no_traffic", Says: "went from 7 to 0", Suite: suite((*naive).delta)},
		{Name: "what is zero is left out", Caught: "zero", Says: "want a series of 0", Suite: suite((*naive).skipZero)},
		{Name: "a sum for each collector", Caught: "scrapers", Says: "want 500", Suite: suite((*naive).sum)},
		{Name: "a late one knows nothing", Caught: "late", Says: "want 6", Suite: suite((*naive).sum)},
		{Name: "nothing after the first scrape that saw all", Caught: "after_Close", Says: "want 3", Suite: suite((*naive).delta)},
	})
}

// naive is a collector over Stats that gets it wrong.
type naive struct {
	w       *kafka.Writer
	collect func(*naive, chan<- prometheus.Metric)

	mu    sync.Mutex
	total int64
}

var naiveDesc = prometheus.NewDesc("kafka_writer_attempts_total", "Attempts.", []string{"topic", "writer"}, nil)

func (n *naive) Describe(ch chan<- *prometheus.Desc) { ch <- naiveDesc }
func (n *naive) Collect(ch chan<- prometheus.Metric) { n.collect(n, ch) }

func (n *naive) show(ch chan<- prometheus.Metric, v int64) {
	ch <- prometheus.MustNewConstMetric(naiveDesc, prometheus.CounterValue, float64(v), "likes", "likes")
}

func (n *naive) delta(ch chan<- prometheus.Metric) { n.show(ch, n.w.Stats().Writes) }

func (n *naive) skipZero(ch chan<- prometheus.Metric) {
	if v := n.w.Stats().Writes; v != 0 {
		n.show(ch, v)
	}
}

func (n *naive) sum(ch chan<- prometheus.Metric) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.total += n.w.Stats().Writes
	n.show(ch, n.total)
}
