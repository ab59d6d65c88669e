package kafkax

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
)

// registryCollector shows a bare registry to Prometheus.
type registryCollector struct{ reg *registry }

func (c registryCollector) Describe(ch chan<- *prometheus.Desc) { c.reg.describe(ch) }
func (c registryCollector) Collect(ch chan<- prometheus.Metric) { c.reg.collect(ch) }

func newTestRegistry(t *testing.T, opts ...Option) *registry {
	t.Helper()
	c, err := newConfig(opts)
	require.NoError(t, err)
	return newRegistry(&c, nil, groupClient, groupWriter, groupWriterStats, groupReader, groupReaderStats, groupLag)
}

func TestEqualLabelsMerge(t *testing.T) {
	r := newTestRegistry(t)
	a, b := r.scope(), r.scope()
	a.counter(writerMessages, "w", "t", resultFailed).add(2)
	b.counter(writerMessages, "w", "t", resultFailed).add(3)
	a.gauge(writerInFlightMessages, "w").add(4)
	b.gauge(writerInFlightMessages, "w").add(5)
	a.gauge(readerPosition, "r", "g", "t", "0").set(7)
	b.gauge(readerPosition, "r", "g", "t", "0").set(6)
	require.Equal(t, map[string]float64{
		"kafka_writer_messages_total": 5, "kafka_writer_in_flight_messages": 9, "kafka_reader_position_offset": 7,
		"kafka_client_folded_topics": 0, "kafka_group_folded_topics": 0,
	}, totals(t, r))
}

// totals scrapes r and adds up the counters and gauges of each name.
func totals(t *testing.T, r *registry) map[string]float64 {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	require.NoError(t, reg.Register(registryCollector{r}))
	families, err := reg.Gather()
	require.NoError(t, err)
	all := map[string]float64{}
	for _, f := range families {
		for _, m := range f.Metric {
			all[f.GetName()] += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return all
}
