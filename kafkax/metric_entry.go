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
	cells   atomic.Pointer[[]*owned]
	gone    int // how many of cells are; the family's lock guards it
}

// owned is a scope's cell: its own gauge, or what all scopes share.
type owned struct {
	cell any         // *counter, *gauge, *histogram or *summary
	gone atomic.Bool // the scope has given it up
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
	e.cells.Store(&[]*owned{})
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

// cell returns the cell of one more scope. The family's lock is held.
func (e *entry) cell(fresh func() any) *owned {
	if cells := *e.cells.Load(); len(cells) > 0 && e.family.def.typ != TypeGauge {
		return &owned{cell: cells[0].cell}
	}
	return &owned{cell: fresh()}
}

// join adds a scope's cell. The family's lock is held. It may append in place: a
// scrape that has the cells of before doesn't look that far.
func (e *entry) join(o *owned) {
	more := append(*e.cells.Load(), o)
	e.cells.Store(&more)
}

// leave drops a scope's cell and reports whether it was the last one. The last
// stays where it is, for a scrape that has the entry already. The family's lock
// is held. Cells are swept when half of them are gone, so that a thousand that
// leave don't move a thousand each.
func (e *entry) leave(o *owned) bool {
	cells := *e.cells.Load()
	if e.gone++; e.gone == len(cells) {
		return true
	}
	o.gone.Store(true)
	if 2*e.gone >= len(cells) {
		rest := slices.DeleteFunc(slices.Clone(cells), func(o *owned) bool { return o.gone.Load() })
		e.cells.Store(&rest)
		e.gone = 0
	}
	return false
}
