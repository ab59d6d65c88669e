package kafkax

import "slices"

// def is a row of the table: one metric, before options.
type def struct {
	name      string // without the namespace
	typ       MetricType
	unit      string
	labels    []string
	values    []string // of the last label, where they are fixed
	partition bool     // WithPartitionLabels adds a label
	merge     merge
	group     group
	help      string
}

// group says which part of the package has a metric.
type group uint8

const (
	groupClient group = iota
	groupWriter
	groupWriterStats
	groupReader
	groupReaderStats
	groupLag
)

func (g group) String() string {
	return [...]string{"client", "writer", "writer stats", "reader", "reader stats", "group"}[g]
}

// merge says what a series shows when several clients share its labels.
type merge uint8

const (
	mergeSum merge = iota
	mergeMax
)

func (m merge) String() string { return [...]string{"sum", "max"}[m] }

func (d *def) fullName(c *config) string { return c.namespace + "_" + d.name }

// labelNames returns the variable labels under c, in a slice of the caller's.
func (d *def) labelNames(c *config) []string {
	names := slices.Clone(d.labels)
	if d.partition && c.partitionLabels {
		names = append(names, labelPartition)
	}
	return names
}

// divisor turns what a series stores, a whole number, into what it shows:
// durations are kept in nanoseconds and shown in seconds.
func (d *def) divisor() float64 {
	if d.unit == unitSeconds {
		return 1e9
	}
	return 1
}

func (d *def) buckets(c *config) []float64 {
	switch d.unit {
	case unitSeconds:
		return c.latencyBuckets
	case unitBytes:
		return c.sizeBuckets
	default:
		return c.batchBuckets
	}
}

// reservedLabel reports whether a metric, the format itself, or a server that
// scrapes uses the name.
func reservedLabel(name string) bool {
	if slices.Contains([]string{labelLE, "quantile", labelPartition, labelJob}, name) {
		return true
	}
	for id := range table {
		if slices.Contains(table[id].labels, name) {
			return true
		}
	}
	return false
}
