package prometheus_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

func TestPromtoolAcceptsTheRules(t *testing.T) {
	small := kafkax.Thresholds{Window: 1500 * time.Microsecond} // rounded up: Prometheus has no finer unit
	for name, rules := range map[string][]byte{
		"as they come":      alertRules(t, kafkax.DefaultThresholds()),
		"other namespace":   alertRules(t, kafkax.DefaultThresholds(), kafkax.WithNamespace("shop")),
		"constant labels":   alertRules(t, kafkax.DefaultThresholds(), kafkax.WithConstLabels(map[string]string{"env": "x"})),
		"few and impatient": alertRules(t, small),
	} {
		t.Run(name, func(t *testing.T) {
			out, err := promtool(t, nil, "check", "rules", "--lint=all", "--lint-fatal", writeFile(t, "rules.yml", rules))
			require.NoError(t, err, out)
		})
	}
}

// Trap kafkax/30: every alert fires, keeps silent below its threshold, and
// resolves.
func TestEveryAlertFiresAndResolves(t *testing.T) {
	rules := alertRules(t, kafkax.DefaultThresholds())
	out, err := testRules(t, rules, ruleCases()...)
	require.NoError(t, err, out)
	for _, name := range alertNames(rules) {
		require.Contains(t, caseNames(), name, "no case for %s", name)
	}
}

// Trap kafkax/27: a ratio of nothing is no number, and warns of nothing; a topic
// where everything fails has no success to compare with, and must warn.
func TestRatiosWithoutTrafficAndWithoutSuccess(t *testing.T) {
	idle := ruleCase{
		name: "no traffic",
		series: append(sent(always(0), always(0))[1:],
			series{"writer_messages_total", []string{"result=delivered"}, always(500)},
			series{"reader_processed_messages_total", []string{"result=ok"}, always(500)},
			series{"reader_processed_messages_total", []string{"result=failed"}, always(2)}),
		fires: []firing{{10, nil}, {50, nil}, {99, nil}},
	}
	failing := ruleCase{
		name: "failures only",
		series: append(sent(counter(0, 5), always(0))[1:],
			series{"writer_messages_total", []string{"result=delivered"}, always(0)},
			series{"reader_processed_messages_total", []string{"result=ok"}, always(0)},
			series{"reader_processed_messages_total", []string{"result=failed"}, counter(0, 5)}),
		fires: []firing{
			{begin - 1, nil},
			{end - 3, []string{"KafkaWriterFailureRatioHigh", "KafkaWriterFailures", "KafkaWriterNoSuccess", "KafkaReaderProcessingFailureRatioHigh"}},
			{minutes - 1, nil},
		},
	}
	out, err := testRules(t, alertRules(t, kafkax.DefaultThresholds()), idle, failing)
	require.NoError(t, err, out)
}

// alertRule finds the head, the name, the expression and the delay of each alert.
var alertRule = regexp.MustCompile(`(?m)^( +- alert: (\w+)\n +expr: \|-\n)((?: {10}.*\n)+)((?: +for: .*\n)?)`)

func alertNames(rules []byte) []string {
	var names []string
	for _, m := range alertRule.FindAllStringSubmatch(string(rules), -1) {
		names = append(names, m[2])
	}
	return names
}

func caseNames() []string {
	var names []string
	for _, c := range ruleCases() {
		names = append(names, c.name)
	}
	return names
}
