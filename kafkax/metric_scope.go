package kafkax

import (
	"slices"
	"sync"
	"sync/atomic"
)

// A scope is one client's share of a registry. Asking twice for the same series
// gives the same one, so that cold paths need not keep it. Where several scopes
// ask for the same labels, they share a counter, histogram or summary; a gauge
// is each scope's own, and a scrape shows their sum or maximum. Every method is
// safe for concurrent use.
//
// Values stand for the labels in the table's order; a metric with an optional
// partition always takes one.
type scope struct {
	reg    *registry
	closed atomic.Bool

	mu      sync.Mutex // taken after that of a family
	entries map[*entry]*owned
}

func (s *scope) counter(id metricID, values ...string) *counter {
	return acquire(s, id, values, newCounter)
}

func (s *scope) gauge(id metricID, values ...string) *gauge {
	return acquire(s, id, values, newGauge)
}

func (s *scope) histogram(id metricID, values ...string) *histogram {
	return acquire(s, id, values, newHistogram)
}

func (s *scope) summary(id metricID, values ...string) *summary {
	return acquire(s, id, values, newSummary)
}

// counters returns the counters of all values of the last label, in the table's
// order, and so makes them exist at zero.
func (s *scope) counters(id metricID, values ...string) []*counter {
	return forValues(id, values, func(all []string) *counter { return s.counter(id, all...) })
}

// histograms is counters for histograms.
func (s *scope) histograms(id metricID, values ...string) []*histogram {
	return forValues(id, values, func(all []string) *histogram { return s.histogram(id, all...) })
}

// states returns the state set of a gauge whose last label has fixed values.
func (s *scope) states(id metricID, values ...string) *stateSet {
	return &stateSet{gauges: forValues(id, values, func(all []string) *gauge { return s.gauge(id, all...) })}
}

func forValues[C any](id metricID, values []string, get func([]string) *C) []*C {
	last := table[id].values
	all := make([]*C, len(last))
	for i, value := range last {
		all[i] = get(append(slices.Clip(values), value))
	}
	return all
}

// remove gives up one series: it vanishes unless another scope has it too. What
// the caller still holds of it is dead. It does nothing where there is none.
func (s *scope) remove(id metricID, values ...string) {
	s.reg.families[id].remove(s, s.reg.key(nil, id, values))
}

// close gives up every series of the scope. A client may go on using it: what it
// gets then is seen by nobody. The cost is that of the scope's own series.
func (s *scope) close() {
	for e, o := range s.shut() {
		e.family.drop(e, o)
	}
}

// shut lets nothing in any more, and returns what is there.
func (s *scope) shut() map[*entry]*owned {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed.Store(true)
	all := s.entries
	s.entries = nil
	return all
}

// of returns the scope's cell of e, or nil.
func (s *scope) of(e *entry) *owned {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entries[e]
}

// enter notes that o is the scope's cell of e, unless it is closed.
func (s *scope) enter(e *entry, o *owned) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed.Load() {
		return false
	}
	if s.entries == nil {
		s.entries = make(map[*entry]*owned)
	}
	s.entries[e] = o
	return true
}

// leave forgets the scope's cell of e, and returns it, or nil.
func (s *scope) leave(e *entry) *owned {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.entries[e]
	delete(s.entries, e)
	return o
}
