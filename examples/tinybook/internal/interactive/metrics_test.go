package interactive_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/dbtest"
	"github.com/ycvk/tinybook/examples/tinybook/internal/interactive"
)

// figures returns what a scrape of a collector gets, by name.
func figures(t *testing.T, c prometheus.Collector) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	require.NoError(t, registry.Register(c))
	families, err := registry.Gather()
	require.NoError(t, err)
	all := map[string]float64{}
	for _, f := range families {
		require.Len(t, f.GetMetric(), 1)
		m := f.GetMetric()[0]
		all[f.GetName()] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
	}
	return all
}

// Reads that are lost are counted. A database that is away takes its own figure
// away, and no other.
func TestMetrics(t *testing.T) {
	const room = 10_000
	db := dbtest.SQLite(t)
	store := newStore(t, db, 1)
	recorder := interactive.NewRecorder(newFakeLog(1), new(lines).logger())
	metrics := interactive.NewCollector(store, recorder)
	problems, err := testutil.CollectAndLint(metrics)
	require.NoError(t, err)
	require.Empty(t, problems)
	for range room + 3 {
		recorder.Read(1)
	}
	require.Equal(t, map[string]float64{
		"tinybook_interactive_unsent_changes":      1,
		"tinybook_interactive_reads_dropped_total": 3,
	}, figures(t, metrics))
	plan := dbtest.Plan(t, db, func() { figures(t, metrics) })
	require.Contains(t, plan, "COVERING INDEX interactives_unsent")

	require.NoError(t, db.Close())
	require.Equal(t, map[string]float64{"tinybook_interactive_reads_dropped_total": 3}, figures(t, metrics))
}
