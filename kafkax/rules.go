package kafkax

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// WriteAlertRules writes a Prometheus rule file that warns of what t says, for
// metrics that were set up with the same opts: only [WithNamespace] and
// [WithConstLabels] change it. Load it with rule_files.
//
// Each alert keeps the label job, and constant labels, but no instance: it is
// about a writer or a group as a whole, in however many processes. The rules
// hold for classic and for native histograms, and ask nothing of a server that
// Prometheus 2.42 lacks. What is not there warns too, where it must: see
// Thresholds.PollAge. What no traffic leaves undefined warns of nothing.
//
// Every field of t and every option that makes no sense is named in one error
// that wraps [ErrInput], as is a nil w, and nothing is written. An error of w is
// returned as it is.
func WriteAlertRules(w io.Writer, t Thresholds, opts ...Option) error {
	groups, err := alertGroups(t, opts)
	if err := errors.Join(checkOutput("WriteAlertRules", w), err); err != nil {
		return err
	}
	var b bytes.Buffer
	b.WriteString("# Made by kafkax.WriteAlertRules: change its thresholds, not this file.\ngroups:\n")
	for _, g := range groups {
		fmt.Fprintf(&b, "  - name: %s\n    rules:\n", g.name)
		for _, a := range g.alerts {
			a.writeYAML(&b)
		}
	}
	return writeAll(w, b.Bytes())
}

// An alert is one rule, before it is written for Prometheus or for Grafana.
type alert struct {
	name     string
	severity string
	expr     string
	hold     time.Duration // how long expr must hold
	// The texts are templates of both, where <ratio>, <seconds>, <bytes> and
	// <count> stand for the value of expr.
	summary, description string
}

type alertGroup struct {
	name   string
	alerts []alert
}

const (
	critical = "critical" // messages are lost, or nothing moves
	warning  = "warning"  // somebody waits longer than they should
)

// alertGroups returns all alerts that t turns on; groups without one are left out.
func alertGroups(t Thresholds, opts []Option) ([]alertGroup, error) {
	q, err := newQuery(opts, promDuration(t.Window))
	if err := errors.Join(t.validate(), err); err != nil {
		return nil, err
	}
	var groups []alertGroup
	for _, g := range []alertGroup{
		{"kafka-writers", writerAlerts(q, t)},
		{"kafka-readers", readerAlerts(q, t)},
		{"kafka-groups", lagAlerts(q, t)},
	} {
		if len(g.alerts) > 0 {
			groups = append(groups, g)
		}
	}
	return groups, nil
}

// prometheusValue says how Prometheus writes the value of an alert.
var prometheusValue = valueWriter("$value")

// valueWriter replaces what stands for the value in an alert's texts.
func valueWriter(value string) *strings.Replacer {
	return strings.NewReplacer(
		"<ratio>", "{{ "+value+" | humanizePercentage }}",
		"<seconds>", "{{ "+value+" | humanizeDuration }}",
		"<bytes>", "{{ "+value+" | humanize1024 }}B",
		"<count>", `{{ `+value+` | printf "%.0f" }}`,
	)
}

func (a alert) writeYAML(b *bytes.Buffer) {
	fmt.Fprintf(b, "      - alert: %s\n        expr: |-\n", a.name)
	for line := range strings.SplitSeq(a.expr, "\n") {
		fmt.Fprintf(b, "          %s\n", line)
	}
	if a.hold > 0 {
		fmt.Fprintf(b, "        for: %s\n", promDuration(a.hold))
	}
	fmt.Fprintf(b, "        labels:\n          severity: %s\n        annotations:\n", a.severity)
	fmt.Fprintf(b, "          summary: %s\n", yamlQuote(prometheusValue.Replace(a.summary)))
	fmt.Fprintf(b, "          description: %s\n", yamlQuote(prometheusValue.Replace(a.description)))
}

// yamlQuote puts s between single quotes, where YAML knows one escape only.
func yamlQuote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
