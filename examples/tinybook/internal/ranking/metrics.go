package ranking

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// collector tells Prometheus of the ranking of one node.
type collector struct {
	handler *Handler
	age     *prometheus.Desc
	stale   *prometheus.Desc
	streams *prometheus.Desc
}

// NewCollector returns the figures of the ranking that h shows, and of its streams.
// A scrape asks nobody.
func NewCollector(h *Handler) prometheus.Collector {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("tinybook_ranking_"+name, help, nil, nil)
	}
	return &collector{
		handler: h,
		age:     desc("age_seconds", "Time since the database and the board were last known to say what the ranking of this node shows; absent before the first time."),
		stale:   desc("stale", "Whether the ranking of this node may be old, or isn't known: 1, else 0."),
		streams: desc("streams", "Clients that follow the ranking of this node."),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	to <- c.age
	to <- c.stale
	to <- c.streams
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	stale := 1.0
	if now := c.handler.ranking.places.Load(); now != nil {
		top := c.handler.ranking.show(now, 0)
		if !top.Stale {
			stale = 0
		}
		to <- gauge(c.age, time.Since(top.AsOf).Seconds())
	}
	to <- gauge(c.stale, stale)
	to <- gauge(c.streams, float64(c.handler.gate.open()))
}

func gauge(desc *prometheus.Desc, value float64) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value)
}
