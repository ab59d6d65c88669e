package kafkax

import "github.com/prometheus/client_golang/prometheus"

// A registry holds the series of one collector. Clients reach them through a
// scope of their own. Looking a series up takes a lock; using it is atomic
// operations alone, so hot paths keep the pointer.
type registry struct {
	families [len(table)]*family // nil: not of this collector
	list     []*family
	topics   *topics
	folded   *gauge // of topics; nil where no metric shows it
}

// newRegistry returns a registry of the groups' metrics. What fixed has is not a
// variable label but part of the metric's description, which lets several
// collectors of one kind be registered together.
func newRegistry(c *config, fixed prometheus.Labels, groups ...group) *registry {
	r := &registry{topics: newTopics(c.topicLimit)}
	for id := range table {
		for _, g := range groups {
			if table[id].group == g {
				r.include(metricID(id), c, fixed)
			}
		}
	}
	r.showFolded()
	return r
}

// include adds one metric. It comes before any scope.
func (r *registry) include(id metricID, c *config, fixed prometheus.Labels) {
	r.families[id] = newFamily(&table[id], c, fixed)
	r.list = append(r.list, r.families[id])
}

func (r *registry) showFolded() {
	own := r.scope()
	for _, id := range []metricID{clientFoldedTopics, groupFoldedTopics} {
		if r.families[id] != nil {
			r.folded = own.gauge(id)
		}
	}
}

// scope returns a new owner of series.
func (r *registry) scope() *scope { return &scope{reg: r} }

func (r *registry) describe(ch chan<- *prometheus.Desc) {
	for _, f := range r.list {
		ch <- f.desc
	}
}

// collect sends every series. It holds no lock while it sends, since the other
// side may be slow.
func (r *registry) collect(ch chan<- prometheus.Metric) {
	if r.folded != nil {
		r.folded.set(int64(r.topics.folded()))
	}
	for _, f := range r.list {
		for _, e := range f.snapshot() {
			ch <- e
		}
	}
}
