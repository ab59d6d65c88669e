// Package kafkax sets kafkax's series beside the two usual ways to write a
// collector over a client's Stats with client_golang, both of which add up what
// Stats gives, so that one collector in one process is right.
package kafkax

import (
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"

	"github.com/ycvk/tinybook/kafkax"
)

// An Impl makes a collector that shows the same nine numbers of each writer.
type Impl struct {
	Name string
	Open func(names []string, writers []*kafka.Writer) (prometheus.Collector, error)
}

// SeriesPerWriter is how many series a writer has: kafkax shows its settings too,
// and two of the three durations of the others as one series with sum and count.
var SeriesPerWriter = map[string]int{"kafkax": 10, "vec": 12, "const": 12}

// Impls returns kafkax and its peers.
func Impls() []Impl {
	return []Impl{{"kafkax", openKafkax}, {"vec", openVec}, {"const", openConst}}
}

func openKafkax(names []string, writers []*kafka.Writer) (prometheus.Collector, error) {
	m, err := kafkax.New()
	if err != nil {
		return nil, err
	}
	for i, w := range writers {
		if _, err := m.ObserveWriter(names[i], w); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// metrics are the numbers of a writer, by name.
var metrics = []struct {
	name string
	of   func(*kafka.WriterStats) float64
}{
	{"attempts_total", func(s *kafka.WriterStats) float64 { return float64(s.Writes) }},
	{"attempt_messages_total", func(s *kafka.WriterStats) float64 { return float64(s.Messages) }},
	{"attempt_bytes_total", func(s *kafka.WriterStats) float64 { return float64(s.Bytes) }},
	{"attempt_errors_total", func(s *kafka.WriterStats) float64 { return float64(s.Errors) }},
	{"retries_total", func(s *kafka.WriterStats) float64 { return float64(s.Retries) }},
	{"throttle_seconds_total", func(s *kafka.WriterStats) float64 { return s.WaitTime.Sum.Seconds() }},
	{"batch_age_seconds_sum", func(s *kafka.WriterStats) float64 { return s.BatchTime.Sum.Seconds() }},
	{"batch_age_seconds_count", func(s *kafka.WriterStats) float64 { return float64(s.BatchTime.Count) }},
	{"batch_queue_age_seconds_sum", func(s *kafka.WriterStats) float64 { return s.BatchQueueTime.Sum.Seconds() }},
	{"batch_queue_age_seconds_count", func(s *kafka.WriterStats) float64 { return float64(s.BatchQueueTime.Count) }},
	{"attempt_duration_seconds_sum", func(s *kafka.WriterStats) float64 { return s.WriteTime.Sum.Seconds() }},
	{"attempt_duration_seconds_count", func(s *kafka.WriterStats) float64 { return float64(s.WriteTime.Count) }},
}

// vecCollector keeps its counters in vectors, and each writer's at hand.
type vecCollector struct {
	writers  []*kafka.Writer
	vecs     []*prometheus.CounterVec
	counters [][]prometheus.Counter // by writer, then metric

	mu sync.Mutex
}

func openVec(names []string, writers []*kafka.Writer) (prometheus.Collector, error) {
	c := &vecCollector{writers: writers, counters: make([][]prometheus.Counter, len(writers))}
	for _, m := range metrics {
		v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "kafka_writer_" + m.name, Help: m.name}, []string{"writer", "topic"})
		c.vecs = append(c.vecs, v)
		for i, w := range writers {
			c.counters[i] = append(c.counters[i], v.WithLabelValues(names[i], w.Topic))
		}
	}
	return c, nil
}

// Describe implements prometheus.Collector.
func (c *vecCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, v := range c.vecs {
		v.Describe(ch)
	}
}

// Collect implements prometheus.Collector.
func (c *vecCollector) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, w := range c.writers {
		s := w.Stats()
		for j, m := range metrics {
			c.counters[i][j].Add(m.of(&s))
		}
	}
	for _, v := range c.vecs {
		v.Collect(ch)
	}
}

// constCollector keeps sums and makes its metrics anew for each scrape.
type constCollector struct {
	names   []string
	writers []*kafka.Writer
	descs   []*prometheus.Desc

	mu   sync.Mutex
	sums [][]float64 // by writer, then metric
}

func openConst(names []string, writers []*kafka.Writer) (prometheus.Collector, error) {
	c := &constCollector{names: names, writers: writers, sums: make([][]float64, len(writers))}
	for _, m := range metrics {
		c.descs = append(c.descs, prometheus.NewDesc("kafka_writer_"+m.name, m.name, []string{"writer", "topic"}, nil))
	}
	for i := range c.sums {
		c.sums[i] = make([]float64, len(metrics))
	}
	return c, nil
}

// Describe implements prometheus.Collector.
func (c *constCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range c.descs {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *constCollector) Collect(ch chan<- prometheus.Metric) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, w := range c.writers {
		s := w.Stats()
		for j, m := range metrics {
			c.sums[i][j] += m.of(&s)
			ch <- prometheus.MustNewConstMetric(c.descs[j], prometheus.CounterValue, c.sums[i][j], c.names[i], w.Topic)
		}
	}
}
