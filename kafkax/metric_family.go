package kafkax

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// A family is the series of one metric.
type family struct {
	def     *def
	desc    *prometheus.Desc
	names   []string // of all labels that are not options, in the table's order
	consts  []*dto.LabelPair
	bounds  []float64 // of a histogram
	native  float64   // of a histogram: 0 is off
	divisor float64

	mu      sync.RWMutex
	entries map[string]*entry
	sorted  []*entry // nil after a change; else never written to
}

func newFamily(d *def, c *config, fixed prometheus.Labels) *family {
	f := &family{def: d, names: d.labelNames(c), divisor: d.divisor(), entries: map[string]*entry{}}
	consts := prometheus.Labels{}
	var variable []string
	for _, name := range f.names {
		if value, ok := fixed[name]; ok {
			consts[name] = value
		} else {
			variable = append(variable, name)
		}
	}
	maps.Copy(consts, c.constLabels)
	f.desc = prometheus.NewDesc(d.fullName(c), d.help, variable, consts)
	for name, value := range c.constLabels {
		f.consts = append(f.consts, &dto.LabelPair{Name: &name, Value: &value})
	}
	if d.typ == TypeHistogram {
		f.bounds, f.native = d.buckets(c), c.nativeFactor
	}
	return f
}

// snapshot returns the series of the moment, which the caller must not change, in
// the order of a scrape: sorting what is sorted costs Prometheus little.
func (f *family) snapshot() []*entry {
	f.mu.RLock()
	sorted := f.sorted
	f.mu.RUnlock()
	if sorted == nil {
		sorted = f.sort()
	}
	return sorted
}

func (f *family) sort() []*entry {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sorted = slices.AppendSeq(make([]*entry, 0, len(f.entries)), maps.Values(f.entries))
	slices.SortFunc(f.sorted, compareEntries)
	return f.sorted
}

func compareEntries(a, b *entry) int {
	return slices.CompareFunc(a.labels, b.labels, func(a, b *dto.LabelPair) int {
		return strings.Compare(a.GetValue(), b.GetValue())
	})
}

// acquire returns the scope's cell of a series, which it makes where there is
// none.
func acquire[C any](s *scope, id metricID, values []string, fresh func(*family) *C) *C {
	f := s.reg.families[id]
	var buf [128]byte
	key := s.reg.key(buf[:0], id, values)
	f.mu.RLock()
	e := f.entries[string(key)]
	f.mu.RUnlock()
	if e != nil {
		if o := s.of(e); o != nil {
			return o.cell.(*C)
		}
	}
	return f.add(s, string(key), func() any { return fresh(f) }).(*C)
}

func (f *family) add(s *scope, key string, fresh func() any) any {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.entries[key]
	made := e == nil
	if made {
		e = newEntry(f, key)
	}
	if o := s.of(e); o != nil {
		return o.cell
	}
	o := e.cell(fresh)
	if !s.enter(e, o) {
		return fresh()
	}
	if made {
		f.entries[key], f.sorted = e, nil
	}
	e.join(o)
	return o.cell
}

func (f *family) remove(s *scope, key []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if e := f.entries[string(key)]; e != nil {
		if o := s.leave(e); o != nil {
			f.leave(e, o)
		}
	}
}

// drop is remove for a cell of e that its scope knows of no more.
func (f *family) drop(e *entry, o *owned) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leave(e, o)
}

// leave takes a scope's cell out of e, and e out of the family if it was the last
// one. The lock is held.
func (f *family) leave(e *entry, o *owned) {
	if e.leave(o) && f.entries[e.key] == e {
		delete(f.entries, e.key)
		f.sorted = nil
	}
}
