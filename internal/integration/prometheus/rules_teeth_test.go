package prometheus_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// What the cases are worth: without an alert, and with one that always fires, its
// case fails.
func TestCasesNoticeARuleThatIsBroken(t *testing.T) {
	rules := alertRules(t, kafkax.DefaultThresholds())
	for _, c := range ruleCases() {
		if strings.Contains(c.name, "/") {
			continue
		}
		for kind, broken := range map[string]struct{ expr, says string }{
			"never fires":  {"vector(1) > 2", `exp: {alertname="` + c.name + `"} 1E+00`},
			"always fires": {"vector(1)", `got: {alertname="` + c.name + `"} 1E+00`},
		} {
			t.Run(c.name+" "+kind, func(t *testing.T) {
				t.Parallel()
				changed := aloneAs(t, rules, c.name, func(string) string { return broken.expr })
				out, err := testRules(t, changed, c.only(c.name))
				require.Error(t, err, out)
				require.Contains(t, out, broken.says)
			})
		}
	}
}

// Every part of an expression is there for something: with one of them changed,
// some case of the alert fails.
func TestCasesNoticeAnExpressionThatIsAlmostRight(t *testing.T) {
	rules := alertRules(t, kafkax.DefaultThresholds())
	for _, alert := range alertNames(rules) {
		t.Run(alert+" as it is", func(t *testing.T) {
			t.Parallel()
			out, err := testRules(t, aloneAs(t, rules, alert, func(expr string) string { return expr }), casesOf(alert)...)
			require.NoError(t, err, out)
		})
	}
	for _, m := range []struct{ alert, old, new string }{
		{"KafkaWriterFailureRatioHigh", "failed|rejected", "failed"},
		{"KafkaWriterFailureRatioHigh", "> 0.01", "> 0.02"},
		{"KafkaWriterFailureRatioHigh", "> 0.01", "> 0.005"},
		{"KafkaWriterFailures", "increase(", "rate("},
		{"KafkaWriterFailures", "\nor\n", "\nand\n"},
		{"KafkaWriterFailures", " offset 5m", " offset 0m"},
		{"KafkaWriterFailures", ` unless last_over_time(kafka_writer_messages_total{result=~"failed|rejected"}[1h] offset 5m)`, ""},
		{"KafkaWriterFailures", `[1h] offset`, "[1m] offset"},
		{"KafkaWriterAttemptErrorRatioHigh", "_attempts_total", "_retries_total"},
		{"KafkaWriterMessageSizeHigh", "0.99", "0.9"},
		{"KafkaWriterMessageSizeHigh", "0.99", "0.999"},
		{"KafkaWriterMessageSizeHigh", ", le)", ")"},
		{"KafkaWriterDeliverySlow", "0.99", "0.9"},
		{"KafkaWriterDeliverySlow", "0.99", "0.999"},
		{"KafkaWriterBacklogGrowing", "and", "or"},
		{"KafkaWriterBacklogGrowing", "[5m]", "[2h]"},
		{"KafkaWriterNoSuccess", "unless", "and"},
		{"KafkaWriterNoSuccess", "max by", "min by"},
		{"KafkaWriterNoSuccess", `"unacked"`, `"delivered"`},
		{"KafkaWriterNoSuccess", "_messages) > 0", "_messages) >= 0"},
		{"KafkaReaderProcessingFailureRatioHigh", "> 0.01", "> 0.03"},
		{"KafkaReaderEndToEndSlow", "0.99", "0.9"},
		{"KafkaReaderCommitFailing", `source="commit"`, `source="fetch"`},
		{"KafkaReaderCommitFailing", `_commits_total{result="failed"}`, `_commits_total{result="ok"}`},
		{"KafkaReaderStuck", "unless", "and"},
		{"KafkaReaderStuck", "_messages) > 0", "_messages) >= 0"},
		{"KafkaReaderStuck", "[10m]", "[2h]"},
		{"KafkaGroupLagSecondsHigh", "max by", "min by"},
		{"KafkaGroupLagSecondsHigh", "> 300", ">= 300"},
		{"KafkaGroupLagMessagesHigh", "max by", "sum by"},
		{"KafkaGroupLagMessagesHigh", "sum by", "max by"},
		{"KafkaGroupLagMessagesHigh", "> 100000", ">= 100000"},
		{"KafkaGroupStalled", "stalled", "rewound"},
		{"KafkaGroupStopped", "stopped", "stalled"},
		{"KafkaGroupTruncated", "\nor\n", "\nand\n"},
		{"KafkaGroupTruncated", "[5m]", "[1h]"},
		{"KafkaGroupLagPollFailing", "max by", "min by"},
		{"KafkaGroupLagPollFailing", "\nor\n", "\nand\n"},
		{"KafkaGroupLagPollFailing", "max_over_time(", "last_over_time("},
		{"KafkaGroupLagPollFailing", "[65m]", "[1m]"},
	} {
		t.Run(m.alert+" "+m.old+" to "+m.new, func(t *testing.T) {
			t.Parallel()
			changed := aloneAs(t, rules, m.alert, func(expr string) string {
				require.Contains(t, expr, m.old)
				return strings.ReplaceAll(expr, m.old, m.new)
			})
			out, err := testRules(t, changed, casesOf(m.alert)...)
			require.Error(t, err, "no case of %s noticed\n%s", m.alert, out)
			require.Contains(t, out, "FAILED:", "promtool took the file for broken")
		})
	}
}

func casesOf(alert string) []ruleCase {
	var cases []ruleCase
	for _, c := range ruleCases() {
		if c.name == alert || strings.HasPrefix(c.name, alert+"/") {
			cases = append(cases, c.only(alert))
		}
	}
	return cases
}

// only leaves out the other alerts.
func (c ruleCase) only(alert string) ruleCase {
	all := c.fires
	c.fires = nil
	for _, f := range all {
		others := func(name string) bool { return name != alert }
		c.fires = append(c.fires, firing{f.minute, slices.DeleteFunc(slices.Clone(f.alerts), others)})
	}
	return c
}

// aloneAs returns a file with one alert, whose expression is changed.
func aloneAs(t *testing.T, rules []byte, alert string, change func(string) string) []byte {
	t.Helper()
	const indent = "          "
	for _, m := range alertRule.FindAllStringSubmatch(string(rules), -1) {
		if m[2] == alert {
			expr := change(strings.ReplaceAll("\n"+strings.TrimSuffix(m[3], "\n"), "\n"+indent, "\n"))
			return []byte("groups:\n  - name: alone\n    rules:\n" + m[1] + indent +
				strings.ReplaceAll(strings.TrimPrefix(expr, "\n"), "\n", "\n"+indent) + "\n" + m[4])
		}
	}
	require.FailNow(t, "no alert "+alert)
	return nil
}
