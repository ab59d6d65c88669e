package kafkax_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
)

// statsWriter returns a writer that sends each message at once to a broker
// without a socket. Nothing uses its Stats but what the test sets up.
func statsWriter(t *testing.T, broker *fakeBroker, topic string) *kafka.Writer {
	t.Helper()
	w := bareWriter(broker)
	w.Topic, w.BatchSize = topic, 1
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

// write sends n messages, one a call.
func write(t *testing.T, w *kafka.Writer, n int) {
	t.Helper()
	for range n {
		require.NoError(t, w.WriteMessages(t.Context(), kafka.Message{Value: []byte("message")}))
	}
}

// registryOf returns a registry that checks each metric against its description.
func registryOf(t *testing.T, collectors ...prometheus.Collector) *prometheus.Registry {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	for _, c := range collectors {
		require.NoError(t, reg.Register(c))
	}
	return reg
}

// scrape returns every series of g, such as
// kafka_writer_attempts_total{topic="t",writer="w"}.
func scrape(t *testing.T, g prometheus.Gatherer) figures {
	t.Helper()
	families, err := g.Gather()
	require.NoError(t, err)
	all := make(figures)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			all.add(f.GetName(), m)
		}
	}
	return all
}

// only returns the series whose names start with prefix.
func only(series figures, prefix string) figures {
	maps.DeleteFunc(series, func(name string, _ float64) bool { return !strings.HasPrefix(name, prefix) })
	return series
}

func names(series figures) []string { return slices.Sorted(maps.Keys(series)) }
