package kafkax

import "slices"

// MetricType is the type of a metric, in the words of Prometheus.
type MetricType string

// The types of metrics.
const (
	TypeCounter   MetricType = "counter"
	TypeGauge     MetricType = "gauge"
	TypeHistogram MetricType = "histogram"
	TypeSummary   MetricType = "summary" // a count and a sum, no quantiles
)

// MetricInfo describes one metric.
type MetricInfo struct {
	Name   string     // in full, with the namespace
	Type   MetricType //
	Unit   string     // "seconds", "bytes", "messages", "offset", or "" for a plain number
	Labels []string   // without the constant ones, in the order of the table
	Values []string   // all values of the last label, or nil where they are open; such series exist at 0 from the start
	Merge  string     // "sum" or "max": what one series shows when several clients share its labels
	Group  string     // which part of the package has it: "client", "writer", "writer stats", "reader", "reader stats" or "group"
	Help   string     //
}

// Catalog returns every metric of the package, as the options name and label
// them, sorted by group and in a fixed order within. It is the one source of
// the table in METRICS.md, the alert rules and the dashboard. Invalid options
// are left out; the constructors refuse them. The caller owns the result.
//
// A [Metrics] has all groups but "group", which is the lag collector's. A
// [WriterCollector] has "writer stats", and a [ReaderCollector] "reader stats".
func Catalog(opts ...Option) []MetricInfo {
	c := applyOptions(opts)
	infos := make([]MetricInfo, 0, len(table))
	for id := range table {
		infos = append(infos, table[id].info(&c))
	}
	return infos
}

func (d *def) info(c *config) MetricInfo {
	return MetricInfo{
		Name:   d.fullName(c),
		Type:   d.typ,
		Unit:   d.unit,
		Labels: d.labelNames(c),
		Values: slices.Clone(d.values),
		Merge:  d.merge.String(),
		Group:  d.group.String(),
		Help:   d.help,
	}
}
