package kafkax_test

//go:generate go test -run ^(TestAlertRulesAreTheGoldenFile|TestDashboardIsTheGoldenFile|TestGrafanaAlertsAreTheGoldenFile|TestMetricsFileIsCurrent)$ . -update

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/ycvk/tinybook/kafkax"
)

// METRICS.md is made from the catalog and the rules, so that it can't lag behind.
func TestMetricsFileIsCurrent(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Metrics and alerts of kafkax\n\nMade by `go generate ./kafkax`; a test keeps it current.\n\n")
	b.WriteString("Durations are in seconds and sizes in bytes. The prefix `kafka_` is WithNamespace's. ")
	b.WriteString("Series whose last label has fixed values exist at 0 from the start. ")
	b.WriteString("Where several clients share all labels, one series shows their sum or their maximum.\n")
	writeMetricTables(&b, kafkax.Catalog())
	writeAlertTable(&b, alertRules(t, kafkax.DefaultThresholds()))
	requireGolden(t, "METRICS.md", []byte(b.String()))
}

func writeMetricTables(b *strings.Builder, metrics []kafkax.MetricInfo) {
	titles := map[string]string{
		"client":       "Every Metrics",
		"writer":       "Metrics.Writer",
		"writer stats": "NewWriterCollector, Metrics.ObserveWriter and Metrics.Writer",
		"reader":       "Metrics.Reader",
		"reader stats": "NewReaderCollector, Metrics.ObserveReader and Metrics.Reader",
		"group":        "NewLagCollector",
	}
	last := ""
	for _, m := range metrics {
		if m.Group != last {
			last = m.Group
			fmt.Fprintf(b, "\n## %s\n\n| metric | type | labels | several | what it says |\n| --- | --- | --- | --- | --- |\n", titles[last])
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", m.Name, m.Type, labelsOf(m), m.Merge, cell(m.Help))
	}
}

func labelsOf(m kafkax.MetricInfo) string {
	names := strings.Join(m.Labels, ", ")
	if m.Values != nil {
		names += "=" + strings.Join(m.Values, "/")
	}
	return names
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

var alertText = regexp.MustCompile(`- alert: (\w+)\n(?s:.*?)severity: (\w+)\n.*\n +summary: '(.*)'\n +description: '(.*)'`)

func writeAlertTable(b *strings.Builder, rules string) {
	b.WriteString("\n## Alerts, with DefaultThresholds\n\n")
	b.WriteString("| alert | severity | what it tells | and |\n| --- | --- | --- | --- |\n")
	for _, m := range alertText.FindAllStringSubmatch(rules, -1) {
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", m[1], m[2], plain(m[3]), plain(m[4]))
	}
}

var (
	templateLabel = regexp.MustCompile(`\{\{ \$labels\.(\w+) \}\}`)
	templateIf    = regexp.MustCompile(`\{\{ (if [^}]*|end) \}\}`)
	templateValue = regexp.MustCompile(`\{\{ \$value \|[^}]*\}\}B?`)
)

// plain writes a template for people: labels in words, the value as N.
func plain(s string) string {
	s = templateIf.ReplaceAllString(s, "")
	s = templateLabel.ReplaceAllString(s, "*$1*")
	return cell(strings.ReplaceAll(templateValue.ReplaceAllString(s, "N"), "''", "'"))
}
