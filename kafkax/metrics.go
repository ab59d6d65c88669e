package kafkax

// Metrics is one prometheus.Collector for many clients, which come and go. A
// scrape of it never fails: clients with equal labels show one series, merged as
// [MetricInfo] says. [New] makes it. It is safe for concurrent use.
type Metrics struct {
	config  config
	besides besides
	statsCollector
}

// New returns a Metrics without clients. It starts nothing. Register it once
// with every registry that shall show it. Bad options are [ErrInput].
func New(opts ...Option) (*Metrics, error) {
	c, err := newConfig(opts)
	if err != nil {
		return nil, err
	}
	m := &Metrics{config: c}
	m.reg = newRegistry(&c, nil, groupClient, groupWriter, groupWriterStats, groupReader, groupReaderStats)
	return m, nil
}
