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
	Name string // in full, with the namespace
	Type MetricType

	// Unit is "seconds", "bytes", "messages", "offset", or "" for a plain number.
	Unit string

	// Labels are those of every series but the constant ones.
	Labels []string

	// Values are all that the last label can have, or nil where nobody knows them.
	// Series of all of them exist, at 0, as soon as one does: from the start, or from
	// the first message of a topic that the client's settings don't name.
	Values []string

	// Merge is "sum" or "max": what one series shows when several clients, or
	// partitions of a LagCollector, share its labels.
	Merge string

	// Group is the part of the package that has the metric: "client", "writer",
	// "writer stats", "reader", "reader stats" or "group".
	Group string

	Help string
}

// Catalog returns every metric of the package, as the options name and label
// them, sorted by group and in a fixed order within. It is the one source of
// the table in METRICS.md, the alert rules and the dashboard. Invalid options
// are left out; the constructors refuse them. The caller owns the result.
//
// A [Metrics] has all groups but "group", which is the lag collector's. A
// [WriterCollector] has "writer stats". A [ReaderCollector] has "reader stats"
// and, for a reader of one partition, reader_lag_messages.
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
