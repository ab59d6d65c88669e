package kafkax

import (
	"cmp"
	"slices"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// An entry is one series as a scrape sees it: a name, labels and the cells of
// all scopes that have it. It is a prometheus.Metric.
type entry struct {
	family  *family
	key     string           // in the family
	labels  []*dto.LabelPair // sorted by name, shared by all scrapes
	created *dto.Counter     // carries the time of creation
	cells   atomic.Pointer[[]owned]
}

// owned is a scope's cell: its own gauge, or what all scopes share.
type owned struct {
	owner *scope
	cell  any // *counter, *gauge, *histogram or *summary
}

func newEntry(f *family, key string) *entry {
	e := &entry{family: f, key: key, labels: slices.Clone(f.consts), created: createdOf(f.def)}
	if len(f.names) > 0 {
		for i, value := range splitKey(key) {
			e.labels = append(e.labels, &dto.LabelPair{Name: &f.names[i], Value: &value})
		}
	}
	slices.SortFunc(e.labels, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
	e.labels = slices.Clip(e.labels) // a registry that adds labels of its own appends to what Write gives it
	e.cells.Store(&[]owned{})
	return e
}

// Desc returns the metric's description.
func (e *entry) Desc() *prometheus.Desc { return e.family.desc }

// Write fills m with the value of the moment.
func (e *entry) Write(m *dto.Metric) error {
	m.Label = e.labels
	cells := *e.cells.Load()
	switch first := cells[0].cell.(type) {
	case *counter:
		first.write(m, e)
	case *gauge:
		writeGauges(m, e, cells)
	case *summary:
		first.write(m, e)
	case *histogram:
		return first.write(m, e)
	}
	return nil
}

func (e *entry) cellOf(s *scope) any {
	for _, o := range *e.cells.Load() {
		if o.owner == s {
			return o.cell
		}
	}
	return nil
}

// join returns the scope's cell, new if need be. The family's lock is held.
func (e *entry) join(s *scope, fresh func() any) any {
	if c := e.cellOf(s); c != nil {
		return c
	}
	cells := *e.cells.Load()
	var c any
	if len(cells) > 0 && e.family.def.typ != TypeGauge {
		c = cells[0].cell
	} else {
		c = fresh()
	}
	more := append(slices.Clone(cells), owned{s, c})
	e.cells.Store(&more)
	return c
}

// leave drops the scope's cell and reports whether it was the last one. The last
// stays where it is, for a scrape that has the entry already. The family's lock
// is held.
func (e *entry) leave(s *scope) bool {
	cells := *e.cells.Load()
	rest := slices.DeleteFunc(slices.Clone(cells), func(o owned) bool { return o.owner == s })
	if len(rest) == 0 {
		return true
	}
	if len(rest) < len(cells) {
		e.cells.Store(&rest)
	}
	return false
}
