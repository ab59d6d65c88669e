package kafkax

import (
	"cmp"

	"github.com/prometheus/client_golang/prometheus"
)

// statsCollector is a prometheus.Collector of series that a client's Stats fill.
type statsCollector struct {
	reg     *registry
	watches watchlist
}

// Describe sends the description of every metric that Collect may send.
func (c *statsCollector) Describe(ch chan<- *prometheus.Desc) { c.reg.describe(ch) }

// Collect sends the series of the moment. It asks no broker.
func (c *statsCollector) Collect(ch chan<- prometheus.Metric) {
	c.watches.pump()
	c.reg.collect(ch)
}

// firstName returns the first of the names that is not empty.
func firstName(names ...string) string { return cmp.Or(append(names, "default")...) }
