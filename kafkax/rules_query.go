package kafkax

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A query writes PromQL from rows of the table, so that no expression can name a
// metric that there isn't.
type query struct {
	cfg       config
	window    string   // of rates and counts
	variables []string // labels that a dashboard's variables choose from
}

const (
	labelJob = "job" // what a Prometheus server adds to a target's series
	labelLE  = "le"
)

func newQuery(opts []Option, window string, variables ...string) (query, error) {
	cfg, err := newConfig(opts)
	return query{cfg: cfg, window: window, variables: variables}, err
}

// by returns what an aggregation keeps: the job, the constant labels, and labels.
func (q query) by(labels ...string) string {
	names := append([]string{labelJob}, slices.Sorted(maps.Keys(q.cfg.constLabels))...)
	return strings.Join(append(names, labels...), ", ")
}

// series selects the series of a metric.
func (q query) series(id metricID, matchers ...string) string {
	return q.sample(id, "", matchers)
}

// sample is series for a name that has a suffix, as a classic histogram's have.
func (q query) sample(id metricID, suffix string, matchers []string) string {
	name := table[id].fullName(&q.cfg) + suffix
	if all := slices.Concat(q.chosen(id), matchers); len(all) > 0 {
		return name + "{" + strings.Join(all, ", ") + "}"
	}
	return name
}

// chosen returns a matcher for each variable that the metric has a label for.
func (q query) chosen(id metricID) []string {
	var matchers []string
	for _, label := range q.variables {
		if label == labelJob || slices.Contains(table[id].labels, label) {
			matchers = append(matchers, label+`=~"$`+label+`"`)
		}
	}
	return matchers
}

func is(label, value string) string { return label + "=" + strconv.Quote(value) }

func isOneOf(label string, values ...string) string {
	return label + "=~" + strconv.Quote(strings.Join(values, "|"))
}

// The functions of PromQL that take the window.

func (q query) rate(id metricID, matchers ...string) string {
	return q.over("rate", q.series(id, matchers...))
}

func (q query) increase(id metricID, matchers ...string) string {
	return q.over("increase", q.series(id, matchers...))
}

func (q query) over(function, series string) string {
	return function + "(" + series + "[" + q.window + "])"
}

func (q query) sumRate(labels []string, id metricID, matchers ...string) string {
	return q.sum(labels, q.rate(id, matchers...))
}

func (q query) sum(labels []string, expr string) string {
	return "sum by (" + q.by(labels...) + ") (" + expr + ")"
}

func (q query) max(labels []string, expr string) string {
	return "max by (" + q.by(labels...) + ") (" + expr + ")"
}

// count returns how often a counter rose in the window. Prometheus takes the first
// value that it sees of a series for where counting starts; here a series that
// is younger than the window counts from zero, so that the first failure of a
// topic, or of a process, is seen. One that was there in the hour before isn't
// young: it comes back after scrapes that failed.
func (q query) count(labels []string, limit int64, id metricID, matchers ...string) string {
	s := q.series(id, matchers...)
	young := s + " unless last_over_time(" + s + "[1h] offset " + q.window + ")"
	atLeast := fmt.Sprintf(" >= %d", limit)
	return q.sum(labels, q.increase(id, matchers...)) + atLeast + "\nor\n" + q.sum(labels, young) + atLeast
}

// quantile estimates the p-quantile of a histogram, from classic buckets or from
// a native histogram: of what a program has as both, a server keeps one.
func (q query) quantile(p float64, labels []string, id metricID) string {
	return q.classic(p, labels, id) + "\nor\n" + q.native(p, labels, id)
}

// above compares the two one by one, so that neither hides the other where some
// programs have native histograms and some have not yet.
func (q query) above(limit, p float64, labels []string, id metricID) string {
	over := " > " + formatFloat(limit)
	return q.classic(p, labels, id) + over + "\nor\n" + q.native(p, labels, id) + over
}

func (q query) classic(p float64, labels []string, id metricID) string {
	buckets := q.over("rate", q.sample(id, "_bucket", nil))
	return histogramQuantile(p, q.sum(slices.Concat(labels, []string{labelLE}), buckets))
}

func (q query) native(p float64, labels []string, id metricID) string {
	return histogramQuantile(p, q.sumRate(labels, id))
}

func histogramQuantile(p float64, of string) string {
	return "histogram_quantile(" + formatFloat(p) + ", " + of + ")"
}

// age returns how long ago a time was; a time that is zero was never.
func (q query) age(labels []string, id metricID) string {
	return "time() - (" + q.max(labels, q.series(id)) + " > 0)"
}

// mean divides the sum of a histogram or a summary by its count.
func (q query) mean(labels []string, id metricID) string {
	part := func(suffix string) string { return q.sum(labels, q.over("rate", q.sample(id, suffix, nil))) }
	return part("_sum") + "\n/\n" + part("_count")
}

func formatFloat(f float64) string { return strconv.FormatFloat(f, 'g', -1, 64) }
