package interactive

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// scrapeTime bounds what a scrape asks of the database.
const scrapeTime = time.Second

// collector tells Prometheus of what is on its way to the topics.
type collector struct {
	store    *Store
	recorder *Recorder
	unsent   *prometheus.Desc
	dropped  *prometheus.Desc
}

// NewCollector returns the figures of what store has still to tell, to whichever
// process, and of the reads that recorder has lost. A scrape is one query of an
// index that has what is unsent; while the database is away that figure is absent.
func NewCollector(store *Store, recorder *Recorder) prometheus.Collector {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("tinybook_interactive_"+name, help, nil, nil)
	}
	return &collector{
		store: store, recorder: recorder,
		unsent:  desc("unsent_changes", "Things in the database whose newest number of likes isn't known to be in the topic; absent while the database is away."),
		dropped: desc("reads_dropped_total", "Reads that this process lost while Kafka was away."),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(to chan<- *prometheus.Desc) {
	to <- c.unsent
	to <- c.dropped
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	// An error would take all other figures away, just when they are looked at.
	if n, err := c.store.countUnsent(ctx); err == nil {
		to <- prometheus.MustNewConstMetric(c.unsent, prometheus.GaugeValue, float64(n))
	}
	to <- prometheus.MustNewConstMetric(c.dropped, prometheus.CounterValue, float64(c.recorder.Dropped()))
}
