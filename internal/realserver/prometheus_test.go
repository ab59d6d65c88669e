package realserver_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
)

const prometheusIdle = "global:\n  scrape_interval: 1s\n"

func TestPrometheusAnswersQueries(t *testing.T) {
	p := realserver.Prometheus(t, prometheusIdle)
	got, err := p.Query(t.Context(), "vector(41) + 1")
	require.NoError(t, err)
	require.Equal(t, []realserver.PrometheusSample{{Labels: map[string]string{}, Value: 42}}, got)
	got, err = p.Query(t.Context(), "6 * 7")
	require.NoError(t, err)
	require.Equal(t, []realserver.PrometheusSample{{Value: 42}}, got)
	got, err = p.Query(t.Context(), "nothing_has_this_name")
	require.NoError(t, err)
	require.Empty(t, got)

	_, err = p.Query(t.Context(), "rate(")
	require.ErrorContains(t, err, "parse error")
	_, err = p.Query(t.Context(), "up[1m]")
	require.ErrorContains(t, err, "matrix")
}

func TestPrometheusScrapesAndAlertsAfterAReload(t *testing.T) {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "# TYPE fever gauge\nfever 39.5")
	}))
	t.Cleanup(target.Close)
	p := realserver.Prometheus(t, prometheusIdle)

	require.ErrorContains(t, p.Reload(t.Context(), "no: config"), "field no not found")
	rules := "groups:\n- name: g\n  interval: 200ms\n  rules:\n  - {alert: Fever, expr: fever > 38, annotations: {summary: '{{ $value }} degrees'}}\n"
	require.NoError(t, os.WriteFile(filepath.Join(p.Dir, "rules.yml"), []byte(rules), 0o600))
	require.NoError(t, p.Reload(t.Context(), fmt.Sprintf(`
global: {scrape_interval: 200ms, evaluation_interval: 200ms}
rule_files: [rules.yml]
scrape_configs:
- {job_name: patient, static_configs: [{targets: [%q]}]}
`, target.Listener.Addr())))

	alerts := awaitAlerts(t, p)
	require.Len(t, alerts, 1)
	require.Equal(t, "Fever", alerts[0].Name())
	require.True(t, alerts[0].Firing())
	require.Equal(t, "patient", alerts[0].Labels["job"])
	require.Equal(t, "39.5 degrees", alerts[0].Annotations["summary"])
	loaded, err := p.Rules(t.Context())
	require.NoError(t, err)
	require.Len(t, loaded, 1)
	require.Equal(t, "ok", loaded[0].Health)
}

func awaitAlerts(t *testing.T, p *realserver.PrometheusServer) []realserver.PrometheusAlert {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		alerts, err := p.Alerts(ctx)
		require.NoError(t, err)
		if len(alerts) > 0 {
			return alerts
		}
		<-tick.C
	}
}
