package kafkax_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// A vocabulary checks that PromQL names only what the catalog has: metrics, their
// labels and the values of those, and that functions get what they are for. What
// it leaves to Prometheus is the syntax.
type vocabulary struct {
	metrics map[string]kafkax.MetricInfo
	common  []string // labels that every series has
}

func newVocabulary(common []string, opts ...kafkax.Option) vocabulary {
	v := vocabulary{metrics: map[string]kafkax.MetricInfo{}, common: append([]string{"job"}, common...)}
	for _, m := range kafkax.Catalog(opts...) {
		v.metrics[m.Name] = m
	}
	return v
}

var (
	token     = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|\$?[a-zA-Z_][\w:]*|\d[\w.]*|=~|!~|!=|>=|<=|==|[^\s\w]`)
	word      = regexp.MustCompile(`^[a-zA-Z_]`)
	operators = []string{"or", "and", "unless", "offset", "bool"}
	functions = []string{"sum", "max", "histogram_quantile", "time", "absent", "max_over_time", "last_over_time"}
	overTime  = map[string][]kafkax.MetricType{
		"rate":     {kafkax.TypeCounter, kafkax.TypeHistogram, kafkax.TypeSummary},
		"increase": {kafkax.TypeCounter},
		"delta":    {kafkax.TypeGauge},
	}
)

// check returns the metrics that expr names.
func (v vocabulary) check(expr string) ([]string, error) {
	var named []string
	tokens := token.FindAllString(expr, -1)
	for i := 0; i < len(tokens); i++ {
		switch tok := tokens[i]; {
		case tok == "[":
			i += 2 // the window
		case tok == "{":
			names, next, err := v.selectorByName(tokens, i)
			if err != nil {
				return nil, err
			}
			named, i = append(named, names...), next
		case tok == "by":
			end := closing(tokens, i+1)
			if err := v.grouping(tokens[i+2:end], tokens[end+1:]); err != nil {
				return nil, err
			}
			i = end
		case !word.MatchString(tok), slices.Contains(operators, tok):
		case at(tokens, i+1) == "(" || at(tokens, i+1) == "by":
			if err := v.function(tok, tokens[i+1:]); err != nil {
				return nil, err
			}
		default:
			next, err := v.selector(tokens, i)
			if err != nil {
				return nil, err
			}
			named, i = append(named, tok), next
		}
	}
	return named, nil
}

func at(tokens []string, i int) string {
	if i < len(tokens) {
		return tokens[i]
	}
	return ""
}

func closing(tokens []string, open int) int {
	depth := 0
	for i := open; i < len(tokens); i++ {
		switch tokens[i] {
		case "(", "{":
			depth++
		case ")", "}":
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(tokens) - 1
}

func (v vocabulary) metric(name string) (kafkax.MetricInfo, error) {
	if m, ok := v.metrics[name]; ok {
		return m, nil
	}
	for _, suffix := range []string{"_bucket", "_sum", "_count"} {
		base, cut := strings.CutSuffix(name, suffix)
		m, ok := v.metrics[base]
		if !cut || !ok {
			continue
		}
		if m.Type == kafkax.TypeHistogram || m.Type == kafkax.TypeSummary && suffix != "_bucket" {
			m.Labels = append(m.Labels, map[string][]string{"_bucket": {"le"}}[suffix]...)
			return m, nil
		}
	}
	return kafkax.MetricInfo{}, fmt.Errorf("no metric %q", name)
}

func (v vocabulary) has(m kafkax.MetricInfo, label string) bool {
	return slices.Contains(m.Labels, label) || slices.Contains(v.common, label)
}

// selector checks a metric and its matchers, and returns where they end.
func (v vocabulary) selector(tokens []string, i int) (int, error) {
	m, err := v.metric(tokens[i])
	if err != nil || at(tokens, i+1) != "{" {
		return i, err
	}
	end := closing(tokens, i+1)
	return end, v.matchers(tokens[i+2:end], m)
}

// selectorByName does it for one that names its metrics by a pattern.
func (v vocabulary) selectorByName(tokens []string, i int) ([]string, int, error) {
	end := closing(tokens, i)
	if at(tokens, i+1) != "__name__" {
		return nil, end, fmt.Errorf("a selector without a name: %v", tokens[i:end])
	}
	names := strings.Split(strings.Trim(tokens[i+3], `"`), "|")
	for _, name := range names {
		m, err := v.metric(name)
		if err == nil && end > i+4 {
			err = v.matchers(tokens[i+5:end], m)
		}
		if err != nil {
			return nil, end, err
		}
	}
	return names, end, nil
}

// matchers checks label, operator, value and the comma after them.
func (v vocabulary) matchers(tokens []string, m kafkax.MetricInfo) error {
	for i := 0; i+2 < len(tokens); i += 4 {
		label, values := tokens[i], strings.Trim(tokens[i+2], `"`)
		if !v.has(m, label) {
			return fmt.Errorf("%s has no label %q", m.Name, label)
		}
		if m.Values == nil || label != m.Labels[len(m.Labels)-1] {
			continue
		}
		for value := range strings.SplitSeq(values, "|") {
			if !slices.Contains(m.Values, value) {
				return fmt.Errorf("%s has no %s %q", m.Name, label, value)
			}
		}
	}
	return nil
}

// grouping checks that the metrics of an aggregation have the labels it keeps.
func (v vocabulary) grouping(labels, rest []string) error {
	body := rest[:closing(rest, 0)]
	for i, name := range body {
		m, err := v.metric(name)
		if err != nil || at(body, i+1) == "(" {
			continue // no metric: said elsewhere
		}
		for _, label := range labels {
			if label != "," && !v.has(m, label) {
				return fmt.Errorf("%s has no label %q to keep", m.Name, label)
			}
		}
	}
	return nil
}

// function checks that it is known, and fits the metric that it is given.
func (v vocabulary) function(name string, rest []string) error {
	types, known := overTime[name]
	if !known {
		if !slices.Contains(functions, name) {
			return fmt.Errorf("no function %q", name)
		}
		return nil
	}
	m, err := v.metric(at(rest, 1))
	if err == nil && !slices.Contains(types, m.Type) {
		err = fmt.Errorf("%s of the %s %s", name, m.Type, m.Name)
	}
	return err
}

func TestVocabularyRefusesWhatTheCatalogLacks(t *testing.T) {
	v := newVocabulary(nil)
	for _, tc := range []struct{ name, expr, says string }{
		{"good", `sum by (job, topic) (rate(kafka_writer_messages_total{result=~"failed|rejected"}[5m])) > 1`, ""},
		{"good quantile", `histogram_quantile(0.9, sum by (topic, le) (rate(kafka_writer_message_size_bytes_bucket{job="x"}[5m])))`, ""},
		{"good offset", `kafka_group_members unless kafka_group_members offset 5m`, ""},
		{"metric", `rate(kafka_writer_message_total[5m])`, `no metric "kafka_writer_message_total"`},
		{"metric by pattern", `{__name__=~"kafka_group_members|kafka_nothing"}`, `no metric "kafka_nothing"`},
		{"buckets of a counter", `rate(kafka_writer_messages_total_bucket[5m])`, "no metric"},
		{"buckets of a summary", `rate(kafka_writer_batch_age_seconds_bucket[5m])`, "no metric"},
		{"label", `kafka_group_members{topic="x"}`, `no label "topic"`},
		{"label by pattern", `{__name__=~"kafka_group_members", topic="x"}`, `no label "topic"`},
		{"value", `kafka_writer_messages_total{result="lost"}`, `no result "lost"`},
		{"one of the values", `kafka_writer_messages_total{result=~"failed|lost"}`, `no result "lost"`},
		{"kept label", `sum by (job, topic) (kafka_group_members)`, `no label "topic" to keep`},
		{"le of a sum", `sum by (le) (rate(kafka_writer_message_size_bytes_sum[5m]))`, `no label "le" to keep`},
		{"function", `irate(kafka_writer_messages_total[5m])`, `no function "irate"`},
		{"rate of a gauge", `rate(kafka_group_members[5m])`, "rate of the gauge"},
		{"delta of a counter", `delta(kafka_writer_messages_total[5m])`, "delta of the counter"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			named, err := v.check(tc.expr)
			if tc.says == "" {
				require.NoError(t, err)
				require.NotEmpty(t, named)
				return
			}
			require.ErrorContains(t, err, tc.says)
		})
	}
}
