package kafkax

import "github.com/prometheus/client_golang/prometheus"

// Metrics is one prometheus.Collector for many clients, which come and go. A
// scrape of it never fails: clients with equal labels show one series, merged as
// [MetricInfo] says. It is safe for concurrent use.
type Metrics struct {
	config config
	reg    *registry
}

// New returns a Metrics without clients. It starts nothing. Register it once,
// with every registry that shall show it.
func New(opts ...Option) (*Metrics, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	return &Metrics{
		config: c,
		reg:    newRegistry(&c, nil, groupClient, groupWriter, groupWriterStats, groupReader, groupReaderStats),
	}, nil
}

// Describe sends the description of every metric that Collect may send.
func (m *Metrics) Describe(ch chan<- *prometheus.Desc) { m.reg.describe(ch) }

// Collect sends the series of the moment. It asks no broker.
func (m *Metrics) Collect(ch chan<- prometheus.Metric) { m.reg.collect(ch) }
