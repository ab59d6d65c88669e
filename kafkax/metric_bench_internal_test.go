package kafkax

import (
	"fmt"
	"runtime"
	"strconv"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/segmentio/kafka-go"
)

const benchSeries = 10_000

// BenchmarkGather is a whole scrape but for its text: ours, the vectors of
// client_golang, and constant metrics as collectors over snapshots make them.
func BenchmarkGather(b *testing.B) {
	for _, tc := range []struct {
		impl string
		make func() prometheus.Collector
	}{
		{"ours", ourGauges},
		{"vec", vecGauges},
		{"const", func() prometheus.Collector { return constGauges{} }},
	} {
		b.Run(fmt.Sprintf("impl=%s/series=%d", tc.impl, benchSeries), func(b *testing.B) {
			reg := prometheus.NewRegistry()
			reg.MustRegister(tc.make())
			b.ReportAllocs()
			for b.Loop() {
				if _, err := reg.Gather(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRemove adds a writer to a Metrics that has many, and takes it out again.
func BenchmarkRemove(b *testing.B) {
	for _, n := range []int{10, 1000} {
		b.Run(fmt.Sprintf("clients=%d", n), func(b *testing.B) {
			m, err := New()
			if err != nil {
				b.Fatal(err)
			}
			add := func(i int) *Writer {
				w, err := m.Writer(strconv.Itoa(i), &kafka.Writer{Topic: "t"})
				if err != nil {
					b.Fatal(err)
				}
				return w
			}
			for i := range n {
				add(i)
			}
			b.ReportAllocs()
			for b.Loop() {
				add(n).Remove()
			}
		})
	}
}

// BenchmarkShare is a client that comes and goes among many that all have its labels.
func BenchmarkShare(b *testing.B) {
	for _, n := range []int{10, 10_000} {
		b.Run(fmt.Sprintf("scopes=%d", n), func(b *testing.B) {
			c := applyOptions(nil)
			r := newRegistry(&c, nil, groupLag)
			scopes := make([]*scope, n)
			for i := range scopes {
				scopes[i] = r.scope()
				scopes[i].gauge(groupLagMessages, "g", otherTopic, "0")
			}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				scopes[i%n].close()
				scopes[i%n] = r.scope()
				scopes[i%n].gauge(groupLagMessages, "g", otherTopic, "0")
			}
		})
	}
}

func ourGauges() prometheus.Collector {
	c := applyOptions(nil)
	r := newRegistry(&c, nil, groupReader)
	s := r.scope()
	for i := range benchSeries {
		s.gauge(readerPosition, "reader", "group", "topic", strconv.Itoa(i)).set(int64(i))
	}
	return registryCollector{r}
}

func vecGauges() prometheus.Collector {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "lag_messages", Help: "Lag."}, readerPartition)
	for i := range benchSeries {
		v.WithLabelValues("reader", "group", "topic", strconv.Itoa(i)).Set(float64(i))
	}
	return v
}

// constGauges makes its metrics anew for each scrape.
type constGauges struct{}

var constDesc = prometheus.NewDesc("lag_messages", "Lag.", readerPartition, nil)

func (constGauges) Describe(ch chan<- *prometheus.Desc) { ch <- constDesc }
func (constGauges) Collect(ch chan<- prometheus.Metric) {
	for i := range benchSeries {
		ch <- prometheus.MustNewConstMetric(constDesc, prometheus.GaugeValue, float64(i), "reader", "group", "topic", strconv.Itoa(i))
	}
}

// BenchmarkWrite is one series of a scrape.
func BenchmarkWrite(b *testing.B) {
	c := applyOptions(nil)
	r := newRegistry(&c, nil, groupWriter, groupWriterStats)
	s := r.scope()
	s.counter(writerConnections, "w", resultOK)
	s.histogram(writerDeliveryDuration, "w", "t")
	s.summary(writerBatchAge, "w", "t")
	for _, id := range []metricID{writerConnections, writerDeliveryDuration, writerBatchAge} {
		e := r.families[id].snapshot()[0]
		b.Run("type="+string(table[id].typ), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var m dto.Metric
				if err := e.Write(&m); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkObserve is the hot path: one latency into a histogram that many
// goroutines share. The figure is for one message; ours can take a batch at once.
func BenchmarkObserve(b *testing.B) {
	const batch = 100
	h := &histogram{}
	for _, tc := range []struct {
		impl string
		next func() func(n int)
	}{
		{"ours", func() func(int) { h = ourHistogram(); return func(int) { h.observe(.004) } }},
		{"ours-batch", func() func(int) {
			h = ourHistogram()
			return func(n int) {
				if n%batch == 0 {
					h.observeN(.004, batch)
				}
			}
		}},
		{"ours-native", func() func(int) { h = ourHistogram(WithNativeHistograms(1.1)); return func(int) { h.observe(.004) } }},
		{"client_golang", func() func(int) {
			o := vecHistogram().WithLabelValues("w", "t")
			return func(int) { o.Observe(.004) }
		}},
		{"client_golang-vec", func() func(int) {
			v := vecHistogram()
			return func(int) { v.WithLabelValues("w", "t").Observe(.004) }
		}},
	} {
		for _, g := range []int{1, 64} {
			b.Run(fmt.Sprintf("impl=%s/g=%d", tc.impl, g), func(b *testing.B) {
				observe := tc.next()
				b.ReportAllocs()
				if g == 1 {
					n := 0
					for b.Loop() {
						n++
						observe(n)
					}
					return
				}
				b.SetParallelism(max(1, g/runtime.GOMAXPROCS(0)))
				b.RunParallel(func(pb *testing.PB) {
					for n := 0; pb.Next(); n++ {
						observe(n)
					}
				})
			})
		}
	}
}

func ourHistogram(opts ...Option) *histogram {
	c := applyOptions(opts)
	return newRegistry(&c, nil, groupWriter).scope().histogram(writerDeliveryDuration, "w", "t")
}

func vecHistogram() *prometheus.HistogramVec {
	return prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "delivery_duration_seconds", Help: "Duration.", Buckets: defaultLatencyBuckets,
	}, writerTopic)
}

// BenchmarkLookup is what a path pays that keeps no pointer.
func BenchmarkLookup(b *testing.B) {
	c := applyOptions(nil)
	s := newRegistry(&c, nil, groupWriter).scope()
	b.ReportAllocs()
	for b.Loop() {
		s.counter(writerMessages, "writer", "topic", resultDelivered).inc()
	}
}
