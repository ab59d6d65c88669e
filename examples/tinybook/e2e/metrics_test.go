package e2e_test

import (
	"net/http"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
	"github.com/ycvk/tinybook/internal/realserver"
)

// Every node tells of its ranking, and the first of what the nodes have in common.
// What they say is as Prometheus wants it.
func TestMetricsOfTheSite(t *testing.T) {
	site := apptest.Start(t, nil)
	c := newClient(t, site.URL())
	c.signUp()
	c.like(c.publish("a").ID, true)
	const unsent, dropped = "tinybook_interactive_unsent_changes", "tinybook_interactive_reads_dropped_total"
	var first, second map[string]float64
	require.Eventually(t, func() bool {
		first, second = scrape(t, site.Nodes[0]), scrape(t, site.Nodes[1])
		_, known := second["tinybook_ranking_age_seconds"]
		return known && first["tinybook_ranking_stale"]+second["tinybook_ranking_stale"]+first[unsent] == 0
	}, 30*time.Second, poll)
	for _, node := range []map[string]float64{first, second} {
		require.Contains(t, node, "tinybook_ranking_age_seconds")
		require.Contains(t, node, "tinybook_ranking_stale")
		require.Contains(t, node, "tinybook_ranking_streams")
	}
	for _, metric := range []string{unsent, dropped} {
		require.Contains(t, first, metric)
		require.Zero(t, first[metric])
		require.NotContains(t, second, metric)
	}

	promtool := realserver.Promtool(t)
	for _, node := range site.Nodes {
		resp, err := http.Get(node.AdminURL + "/metrics")
		require.NoError(t, err)
		check := exec.CommandContext(t.Context(), promtool, "check", "metrics")
		check.Stdin = resp.Body
		said, err := check.CombinedOutput()
		require.NoError(t, err, "%s", said)
		require.Empty(t, string(said))
		require.NoError(t, resp.Body.Close())
	}
}
