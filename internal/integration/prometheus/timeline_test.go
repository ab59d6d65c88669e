package prometheus_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// A ruleCase is 100 minutes of series, and which alerts fire when.
type ruleCase struct {
	name   string
	series []series
	alone  bool // without the poll that succeeds every minute
	fires  []firing
}

// firing says that at a minute these alerts fire, and no others.
type firing struct {
	minute int
	alerts []string
}

// Most cases have a trouble that begins and ends.
const (
	begin, end = 20, 50
	minutes    = 100
)

// whileTroubled fires the alert in the trouble: not before, not at its start if
// the alert waits, and not after.
func whileTroubled(alert string, also ...string) []firing {
	return []firing{
		{begin - 1, also},
		{begin + 4, also}, // For is five minutes
		{end - 3, append(slices.Clone(also), alert)},
		{minutes - 1, also},
	}
}

// A series has a metric, labels as "name=value", and a value for each minute.
type series struct {
	metric string
	labels []string
	value  shape
}

type shape func(minute int) (v float64, there bool)

func troubled(minute int) bool { return minute >= begin && minute < end }

// gauge is normal, and something else in the trouble.
func gauge(normal, trouble float64) shape {
	return func(m int) (float64, bool) {
		if troubled(m) {
			return trouble, true
		}
		return normal, true
	}
}

func always(v float64) shape { return gauge(v, v) }

// counter rises by so much a minute.
func counter(normal, trouble float64) shape {
	return func(m int) (v float64, there bool) {
		for i := 1; i <= m; i++ {
			step, _ := gauge(normal, trouble)(i)
			v += step
		}
		return v, true
	}
}

// once is a counter that rises by n at a minute, and never else.
func once(minute int, n float64) shape {
	return func(m int) (float64, bool) {
		if m >= minute {
			return n, true
		}
		return 0, true
	}
}

// from is a series that wasn't there before a minute.
func from(minute int, s shape) shape {
	return func(m int) (float64, bool) {
		v, there := s(m)
		return v, there && m >= minute
	}
}

// until is a series that is gone from a minute on.
func until(minute int, s shape) shape {
	return func(m int) (float64, bool) {
		v, there := s(m)
		return v, there && m < minute
	}
}

// clock is the time of the last success, which doesn't come in the trouble.
func clock(m int) (float64, bool) {
	if troubled(m) {
		m = begin - 1
	}
	return float64(m * 60), true
}

func steadyClock(m int) (float64, bool) { return float64(m * 60), true }

// histogram returns the classic buckets of observations at two values: fast ones,
// and a share of slow ones in the trouble and besides.
func histogram(metric string, bounds []float64, fast, slow, normal, trouble float64) []series {
	rate := func(le float64) shape {
		count := func(share float64) float64 {
			n := 0.0
			if fast <= le {
				n += 1000 * (1 - share)
			}
			if slow <= le {
				n += 1000 * share
			}
			return n
		}
		return counter(count(normal), count(trouble))
	}
	var all []series
	for _, le := range bounds {
		all = append(all, series{metric + "_bucket", []string{"le=" + strconv.FormatFloat(le, 'g', -1, 64)}, rate(le)})
	}
	return append(all, series{metric + "_bucket", []string{"le=+Inf"}, rate(max(fast, slow))})
}

// What promtool test rules reads.
type ruleTests struct {
	RuleFiles []string   `json:"rule_files"`
	Interval  string     `json:"evaluation_interval"`
	Tests     []ruleTest `json:"tests"`
}

type ruleTest struct {
	Name     string       `json:"name"`
	Interval string       `json:"interval"`
	Input    []ruleInput  `json:"input_series"`
	Expr     []ruleExpect `json:"promql_expr_test"`
}

type ruleInput struct {
	Series string `json:"series"`
	Values string `json:"values"`
}

type ruleExpect struct {
	Expr    string       `json:"expr"`
	At      string       `json:"eval_time"`
	Samples []ruleSample `json:"exp_samples"`
}

type ruleSample struct {
	Labels string  `json:"labels"`
	Value  float64 `json:"value"`
}

func (c ruleCase) test(t *testing.T) ruleTest {
	t.Helper()
	out := ruleTest{Name: c.name, Interval: "1m"}
	all := c.series
	if !c.alone {
		all = append(slices.Clone(all), series{metric: "group_last_poll_success_timestamp_seconds", value: steadyClock})
	}
	for _, s := range all {
		out.Input = append(out.Input, ruleInput{s.name(t), s.values()})
	}
	for _, f := range c.fires {
		e := ruleExpect{Expr: `count by (alertname) (ALERTS{alertstate="firing"})`, At: fmt.Sprintf("%dm", f.minute)}
		for _, name := range f.alerts {
			e.Samples = append(e.Samples, ruleSample{fmt.Sprintf("{alertname=%q}", name), 1})
		}
		out.Expr = append(out.Expr, e)
	}
	return out
}

func (s series) values() string {
	values := make([]string, minutes)
	for m := range values {
		if v, there := s.value(m); there {
			values[m] = strconv.FormatFloat(v, 'f', -1, 64)
		} else {
			values[m] = "_"
		}
	}
	return strings.Join(values, " ")
}

// usual are the values of labels that a case doesn't care about.
var usual = map[string]string{
	"job": "app", "instance": "a:1", "writer": "w", "reader": "r", "group": "g", "topic": "t", "partition": "0",
}

// name writes the series in full, and fails where the catalog has no such metric
// or the metric has other labels: a rule test of something else shows nothing.
func (s series) name(t *testing.T) string {
	t.Helper()
	base, suffix := "kafka_"+strings.TrimSuffix(s.metric, "_bucket"), ""
	if strings.HasSuffix(s.metric, "_bucket") {
		suffix = "_bucket"
	}
	all := kafkax.Catalog()
	i := slices.IndexFunc(all, func(m kafkax.MetricInfo) bool { return m.Name == base })
	require.GreaterOrEqual(t, i, 0, "no metric %s", base)
	info := all[i]
	given := map[string]string{}
	for _, label := range s.labels {
		name, value, ok := strings.Cut(label, "=")
		require.True(t, ok, label)
		known := slices.Contains(info.Labels, name) || name == "le" && suffix != "" || name == "job" || name == "instance"
		require.True(t, known, "%s has no label %s", base, name)
		given[name] = value
	}
	names := append([]string{"job", "instance"}, info.Labels...)
	if suffix != "" {
		names = append(names, "le")
	}
	parts := make([]string, len(names))
	for i, name := range names {
		value, ok := given[name]
		if !ok {
			value, ok = usual[name]
		}
		require.True(t, ok, "%s: no value for label %s", base, name)
		if info.Values != nil && name == info.Labels[len(info.Labels)-1] {
			require.Contains(t, info.Values, value, base)
		}
		parts[i] = fmt.Sprintf("%s=%q", name, value)
	}
	return base + suffix + "{" + strings.Join(parts, ",") + "}"
}
