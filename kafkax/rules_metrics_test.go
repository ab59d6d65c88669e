package kafkax_test

//go:generate go test -run ^(TestAlertRulesAreTheGoldenFile|TestDashboardIsTheGoldenFile|TestGrafanaAlertsAreTheGoldenFile|TestMetricsFileIsCurrent)$ . -update

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// METRICS.md is made from the catalog and the rules, so that it can't lag behind.
func TestMetricsFileIsCurrent(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Metrics and alerts of kafkax\n\nMade by `go generate ./kafkax`; a test keeps it current.\n\n")
	b.WriteString("Durations are in seconds and sizes in bytes. The prefix `kafka_` is WithNamespace's. ")
	b.WriteString("Series whose last label has fixed values exist at 0 from the start, or from the first message of a topic that no client is set up for. ")
	b.WriteString("Where several clients share all labels, one series shows their sum or their maximum.\n")
	writeMetricTables(&b, kafkax.Catalog())
	writeAlertTable(&b, alertRules(t, kafkax.DefaultThresholds()))
	writeKinTable(t, &b)
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

// kin are the closest metrics of the Java clients and of OpenTelemetry's conventions
// for messaging, for those who know one of the two.
var kin = []struct{ ours, java, otel string }{
	{"writer_messages_total", "record-send-total, record-error-total", "messaging.client.sent.messages"},
	{"writer_errors_total", "record-error-total", "messaging.client.sent.messages by error.type"},
	{"writer_retries_total", "record-retry-total", ""},
	{"writer_delivery_duration_seconds", "record-queue-time and request-latency together", "messaging.client.operation.duration of send"},
	{"writer_produce_duration_seconds", "request-latency-avg, -max", ""},
	{"writer_batch_age_seconds", "record-queue-time-avg, -max", ""},
	{"writer_message_size_bytes", "record-size-avg, -max", ""},
	{"writer_batch_size_bytes", "batch-size-avg, -max (after compression)", ""},
	{"writer_batch_messages", "records-per-request-avg (of all partitions)", ""},
	{"writer_throttle_seconds_total", "produce-throttle-time-avg, -max", ""},
	{"writer_transmit_bytes_total", "outgoing-byte-total", ""},
	{"writer_receive_bytes_total", "incoming-byte-total", ""},
	{"writer_connections_total", "connection-creation-total", ""},
	{"reader_messages_total", "records-consumed-total", "messaging.client.consumed.messages"},
	{"reader_message_bytes_total", "bytes-consumed-total", ""},
	{"reader_processing_duration_seconds", "", "messaging.process.duration"},
	{"reader_commits_total", "commit-total", ""},
	{"reader_commit_duration_seconds", "commit-latency-avg, -max", "messaging.client.operation.duration of settle"},
	{"reader_wait_seconds_total", "poll-idle-ratio-avg", ""},
	{"reader_last_message_timestamp_seconds", "last-poll-seconds-ago (of polls, not messages)", ""},
	{"reader_lag_messages", "records-lag", ""},
	{"reader_fetches_total", "fetch-total", ""},
	{"reader_rebalances_total", "rebalance-total", ""},
}

func writeKinTable(t *testing.T, b *strings.Builder) {
	t.Helper()
	v := newVocabulary(nil)
	b.WriteString("\n## Closest relatives\n\n| metric | in the Java clients | in OpenTelemetry |\n| --- | --- | --- |\n")
	for _, k := range kin {
		name := "kafka_" + k.ours
		require.Contains(t, v.metrics, name)
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, k.java, k.otel)
	}
}
