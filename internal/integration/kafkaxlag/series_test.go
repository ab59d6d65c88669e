package kafkaxlag_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// series returns what a scrape shows of a metric: values by the labels' values, which
// are joined in the order of their names. A registry that checks all it gets does the
// scrape.
func series(t testing.TB, l *kafkax.LagCollector, name string) map[string]float64 {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	require.NoError(t, reg.Register(l))
	families, err := reg.Gather()
	require.NoError(t, err)
	values := make(map[string]float64)
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			var labels []string
			for _, pair := range m.GetLabel() {
				labels = append(labels, pair.GetValue())
			}
			values[strings.Join(labels, ",")] = m.GetGauge().GetValue() + m.GetCounter().GetValue() +
				float64(m.GetHistogram().GetSampleCount())
		}
	}
	return values
}

// requireSeries requires that a scrape shows exactly these series of a metric.
func requireSeries(t testing.TB, l *kafkax.LagCollector, name string, want map[string]float64) {
	t.Helper()
	if want == nil {
		want = map[string]float64{}
	}
	require.Equal(t, want, series(t, l, name), name)
}

// requireStatus requires that a partition's state set shows one status: this one.
func requireStatus(t testing.TB, l *kafkax.LagCollector, partition, status string) {
	t.Helper()
	var is []string
	all := series(t, l, "kafka_group_status")
	for labels, value := range all {
		of, found := strings.CutPrefix(labels, partition[:strings.LastIndex(partition, ",")+1])
		if !found || value == 0 {
			continue
		}
		require.InDelta(t, 1, value, 0)
		is = append(is, of)
	}
	topic := partition[strings.LastIndex(partition, ",")+1:]
	slices.Sort(is)
	require.Equal(t, []string{status + "," + topic}, is, "%v", all)
}
