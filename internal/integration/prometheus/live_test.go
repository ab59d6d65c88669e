package prometheus_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/kafkax"
)

// impatient are thresholds for a test: what takes minutes takes seconds. Shorter
// ones, or more frequent scrapes, fail on a busy machine.
func impatient() kafkax.Thresholds {
	return kafkax.Thresholds{
		FailureRatio: .01, Failures: 1, AttemptErrorRatio: .1, DeliveryP99: 500 * time.Millisecond, MessageBytes: 4 << 10,
		InFlight: 10, NoSuccess: 3 * time.Second,
		ProcessingFailureRatio: .01, EndToEndP99: 10 * time.Second, CommitFailures: 1, Stuck: 5 * time.Second,
		LagAge: 10 * time.Second, LagMessages: 100, PollAge: 3 * time.Second,
		Window: window, For: time.Second,
	}
}

const window = 5 * time.Second

// scrape starts a Prometheus that scrapes the world, with the rules loaded.
func (w *world) scrape(t *testing.T, args ...string) *realserver.PrometheusServer {
	t.Helper()
	p := realserver.Prometheus(t, "global: {scrape_interval: 1h}\n", args...)
	require.NoError(t, os.WriteFile(filepath.Join(p.Dir, "rules.yml"), alertRules(t, impatient(), w.opts...), 0o600))
	require.NoError(t, p.Reload(t.Context(), fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 500ms}
rule_files: [rules.yml]
scrape_configs:
- {job_name: app, static_configs: [{targets: [%q]}]}
- {job_name: watch, static_configs: [{targets: [%q]}]}
`, w.app, w.watch)))
	return p
}

// Trap kafkax/24: a server that takes native histograms keeps no classic buckets of
// them, so that a rule that asks for those alone never fires. Whatever is scraped
// by whichever server, all alerts must fire for the troubles of real clients, and
// every panel show something.
// When the troubles end, so do the alerts.
func TestLivePrometheusFiresEveryAlertAndFillsEveryPanel(t *testing.T) {
	realserver.Promtool(t) // before all else: skips where there is none
	const natively = "--enable-feature=native-histograms"
	both := newWorld(t, kafkax.WithNativeHistograms(1.1))
	asTheyCome := newWorld(t)
	cases := []struct {
		name           string
		world          *world
		server         *realserver.PrometheusServer
		classic, whole bool // what the server keeps
	}{
		{"native histograms/server as it comes", both, both.scrape(t), true, false},
		{"native histograms/server that takes them", both, both.scrape(t, natively), false, true},
		{"classic histograms/server that takes native ones", asTheyCome, asTheyCome.scrape(t, natively), true, false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			requireAllAlerts(t, tc.server)
			requireAllPanels(t, tc.server, tc.world.opts...)
			requireGoodMetrics(t, tc.world.app)
			requireGoodMetrics(t, tc.world.watch)

			buckets, err := tc.server.Query(t.Context(), "kafka_writer_delivery_duration_seconds_bucket")
			require.NoError(t, err)
			require.Equal(t, tc.classic, len(buckets) > 0, "classic buckets")
			whole, err := tc.server.Query(t.Context(), "kafka_writer_delivery_duration_seconds")
			require.NoError(t, err)
			require.Equal(t, tc.whole, len(whole) > 0 && whole[0].Histogram, "native histograms")
		})
	}
	both.repair()
	asTheyCome.repair()
	for _, tc := range cases {
		t.Run(tc.name+"/repaired", func(t *testing.T) { requireNoAlerts(t, tc.server) })
	}
}

// requireGoodMetrics has promtool check what is scraped: names, units, help.
func requireGoodMetrics(t *testing.T, addr string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr, nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusOK, res.StatusCode)
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	out, err := promtool(t, text, "check", "metrics")
	require.NoError(t, err, out)
	require.Empty(t, out)
	_, err = promtool(t, append(text, "# TYPE kafka_bad counter\nkafka_bad 1\n"...), "check", "metrics")
	require.Error(t, err, "promtool likes everything")
}

// A cause says for whom an alert must fire, and whether it would be wrong for
// anybody else; where it depends on how fast this machine is, it might not be.
type cause struct {
	label  string
	values []string
	alone  bool
}

var causes = map[string]cause{
	"KafkaWriterFailureRatioHigh":           {"writer", []string{"refused"}, true},
	"KafkaWriterFailures":                   {"writer", []string{"refused"}, true},
	"KafkaWriterAttemptErrorRatioHigh":      {"writer", []string{"refused"}, true},
	"KafkaWriterMessageSizeHigh":            {"writer", []string{"large"}, true},
	"KafkaWriterDeliverySlow":               {"writer", []string{"slow"}, false},
	"KafkaWriterBacklogGrowing":             {"writer", []string{"blocked"}, true},
	"KafkaWriterNoSuccess":                  {"writer", []string{"blocked", "refused"}, false},
	"KafkaReaderProcessingFailureRatioHigh": {"group", []string{"failing"}, true},
	"KafkaReaderEndToEndSlow":               {"group", []string{"failing", "uncommitted"}, true},
	"KafkaReaderCommitFailing":              {"group", []string{"uncommitted"}, false},
	"KafkaReaderStuck":                      {"group", []string{"stuck", "uncommitted"}, false},
	"KafkaGroupLagSecondsHigh":              {"group", []string{"behind", "cut", "reading", "stuck"}, true},
	"KafkaGroupLagMessagesHigh":             {"group", []string{"behind"}, false},
	"KafkaGroupStalled":                     {"group", []string{"stuck"}, false},
	"KafkaGroupStopped":                     {"group", []string{"behind"}, false},
	"KafkaGroupTruncated":                   {"group", []string{"cut"}, true},
	"KafkaGroupLagPollFailing":              {"job", []string{"watch"}, false},
}

// requireAllAlerts waits until all fire for whom they must, and prints them.
func requireAllAlerts(t *testing.T, p *realserver.PrometheusServer) {
	t.Helper()
	want := alertNames(alertRules(t, impatient()))
	require.ElementsMatch(t, want, slices.Collect(maps.Keys(causes)))
	firing := map[string]map[string]realserver.PrometheusAlert{}
	poll(t, func() bool {
		alerts, err := p.Alerts(t.Context())
		require.NoError(t, err)
		for _, a := range alerts {
			if a.Firing() {
				note(firing, a)
			}
		}
		return len(missing(firing)) == 0
	}, func() string { return fmt.Sprintf("these don't fire: %v", missing(firing)) })
	for _, name := range want {
		for value, a := range firing[name] {
			require.True(t, !causes[name].alone || slices.Contains(causes[name].values, value), "%s fires for %s", name, value)
			require.NotEqual(t, "idle", a.Labels["reader"], "%s fires for a reader that has nothing to do", name)
			require.NotContains(t, a.Annotations["summary"]+a.Annotations["description"], "<", name)
			t.Logf("%-38s %-8s %s", name, a.Labels["severity"], a.Annotations["summary"])
		}
	}
	rules, err := p.Rules(t.Context())
	require.NoError(t, err)
	for _, r := range rules {
		require.Equal(t, "ok", r.Health, "%s: %s", r.Name, r.LastError)
	}
}

// requireNoAlerts waits until no alert fires for whom it fired.
func requireNoAlerts(t *testing.T, p *realserver.PrometheusServer) {
	t.Helper()
	var firing []string
	poll(t, func() bool {
		alerts, err := p.Alerts(t.Context())
		require.NoError(t, err)
		firing = nil
		for _, a := range alerts {
			if c := causes[a.Name()]; a.Firing() && slices.Contains(c.values, a.Labels[c.label]) {
				firing = append(firing, a.Name()+" "+a.Labels[c.label])
			}
		}
		return len(firing) == 0
	}, func() string { return fmt.Sprintf("these still fire: %v", firing) })
}

func note(firing map[string]map[string]realserver.PrometheusAlert, a realserver.PrometheusAlert) {
	if firing[a.Name()] == nil {
		firing[a.Name()] = map[string]realserver.PrometheusAlert{}
	}
	firing[a.Name()][a.Labels[causes[a.Name()].label]] = a
}

// missing returns who has no alert yet.
func missing(firing map[string]map[string]realserver.PrometheusAlert) []string {
	var names []string
	for name, c := range causes {
		for _, value := range c.values {
			if _, ok := firing[name][value]; !ok {
				names = append(names, name+" "+value)
			}
		}
	}
	return names
}

// chosen is what Grafana would put into a query, with everything chosen.
var chosen = strings.NewReplacer("$__rate_interval", window.String(),
	"$job", ".*", "$writer", ".*", "$reader", ".*", "$group", ".*", "$topic", ".*")

// requireAllPanels runs every query of the dashboard: each must find a number.
func requireAllPanels(t *testing.T, p *realserver.PrometheusServer, opts ...kafkax.Option) {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, kafkax.WriteDashboard(&b, opts...))
	var d struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(b.Bytes(), &d))
	n := 0
	for _, panel := range d.Panels {
		for _, target := range panel.Targets {
			expr := chosen.Replace(target.Expr)
			require.NotContains(t, expr, "$")
			n++
			poll(t, func() bool {
				samples, err := p.Query(t.Context(), expr)
				require.NoError(t, err, panel.Title)
				return slices.ContainsFunc(samples, func(s realserver.PrometheusSample) bool { return !math.IsNaN(s.Value) })
			}, func() string { return panel.Title + " shows nothing: " + expr })
		}
	}
	t.Logf("%d queries of the dashboard have an answer", n)
}

// poll asks until ok says yes, for two minutes: machines may be busy.
func poll(t *testing.T, ok func() bool, says func() string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			require.FailNow(t, says())
		case <-tick.C:
		}
	}
}
