package kafkax_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// newWriter returns a Writer named "w" on b, and what counts it. The functions
// change the kafka.Writer before it is instrumented.
func newWriter(t testing.TB, b *fakeBroker, change ...func(*kafka.Writer)) (*kafkax.Writer, *kafkax.Metrics) {
	t.Helper()
	m, err := kafkax.New()
	require.NoError(t, err)
	return addWriter(t, m, b, change...), m
}

func addWriter(t testing.TB, m *kafkax.Metrics, b *fakeBroker, change ...func(*kafka.Writer)) *kafkax.Writer {
	t.Helper()
	k := bareWriter(b)
	for _, f := range change {
		f(k)
	}
	w, err := m.Writer("w", k)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

func instrument(tb testing.TB, w *kafka.Writer) *kafkax.Writer {
	tb.Helper()
	m, err := kafkax.New()
	if err != nil {
		tb.Fatal(err)
	}
	ours, err := m.Writer("w", w)
	if err != nil {
		tb.Fatal(err)
	}
	return ours
}

func bareWriter(b *fakeBroker) *kafka.Writer {
	return &kafka.Writer{
		Addr:            kafka.TCP("fake:9092"),
		Transport:       b,
		RequiredAcks:    kafka.RequireAll,
		BatchTimeout:    time.Millisecond,
		WriteBackoffMin: time.Millisecond,
		WriteBackoffMax: time.Millisecond,
		MaxAttempts:     3,
	}
}

func toTopic(name string) func(*kafka.Writer) { return func(w *kafka.Writer) { w.Topic = name } }
func withAcks(a kafka.RequiredAcks) func(*kafka.Writer) {
	return func(w *kafka.Writer) { w.RequiredAcks = a }
}
func async(w *kafka.Writer) { w.Async = true }

// message returns one with a value of n bytes.
func message(topic string, n int) kafka.Message {
	return kafka.Message{Topic: topic, Value: make([]byte, n)}
}

// figures are what a scrape shows: series as in its text form, with their
// constant order of labels, and histograms by their _count and _sum.
type figures map[string]float64

// figuresOf scrapes c through a pedantic registry, which checks what it gets.
func figuresOf(t testing.TB, c prometheus.Collector) figures {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	require.NoError(t, reg.Register(c))
	families, err := reg.Gather()
	require.NoError(t, err)
	all := make(figures)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			all.add(f.GetName(), m)
		}
	}
	return all
}

func (f figures) add(name string, m *dto.Metric) {
	labels := labelText(m.GetLabel())
	switch {
	case m.Counter != nil:
		f[name+labels] = m.GetCounter().GetValue()
	case m.Gauge != nil:
		f[name+labels] = m.GetGauge().GetValue()
	case m.Summary != nil:
		f[name+"_count"+labels] = float64(m.GetSummary().GetSampleCount())
		f[name+"_sum"+labels] = m.GetSummary().GetSampleSum()
	case m.Histogram != nil:
		f[name+"_count"+labels] = float64(m.GetHistogram().GetSampleCount())
		f[name+"_sum"+labels] = m.GetHistogram().GetSampleSum()
	}
}

func labelText(pairs []*dto.LabelPair) string {
	texts := make([]string, len(pairs))
	for i, p := range pairs {
		texts[i] = fmt.Sprintf("%s=%q", p.GetName(), p.GetValue())
	}
	slices.Sort(texts)
	if len(texts) == 0 {
		return ""
	}
	return "{" + strings.Join(texts, ",") + "}"
}

// sum adds up the series of a name that have all of the labels, each as name=value.
func (f figures) sum(name string, labels ...string) float64 {
	var total float64
	for series, value := range f {
		if n, rest, _ := strings.Cut(series, "{"); n == name && hasLabels(rest, labels) {
			total += value
		}
	}
	return total
}

func hasLabels(series string, labels []string) bool {
	for _, l := range labels {
		name, value, _ := strings.Cut(l, "=")
		if !strings.Contains(series, fmt.Sprintf("%s=%q", name, value)) {
			return false
		}
	}
	return true
}

// outcomes are how many messages became what.
type outcomes struct{ delivered, unacked, failed, rejected int }

func (o outcomes) total() int { return o.delivered + o.unacked + o.failed + o.rejected }

func (f figures) outcomes(labels ...string) outcomes {
	n := func(result string) int {
		return int(f.sum("kafka_writer_messages_total", append(labels, "result="+result)...))
	}
	return outcomes{n("delivered"), n("unacked"), n("failed"), n("rejected")}
}

func (f figures) inFlight() (messages, bytes float64) {
	return f.sum("kafka_writer_in_flight_messages"), f.sum("kafka_writer_in_flight_bytes")
}
