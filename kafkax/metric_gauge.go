package kafkax

import (
	"sync/atomic"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// A gauge goes up and down. One of seconds keeps nanoseconds.
type gauge struct{ n atomic.Int64 }

func newGauge(*family) *gauge { return new(gauge) }

func (g *gauge) set(n int64)                 { g.n.Store(n) }
func (g *gauge) add(n int64)                 { g.n.Add(n) }
func (g *gauge) setDuration(d time.Duration) { g.n.Store(int64(d)) }
func (g *gauge) setTime(t time.Time)         { g.n.Store(t.UnixNano()) }
func (g *gauge) value() int64                { return g.n.Load() }

func writeGauges(m *dto.Metric, e *entry, cells []*owned) {
	out := &struct {
		gauge dto.Gauge
		value float64
	}{value: float64(mergeGauges(e.family.def.merge, cells)) / e.family.divisor}
	out.gauge.Value = &out.value
	m.Gauge = &out.gauge
}

// mergeGauges leaves out the cells that are gone, unless all are: then a scrape began
// before they went.
func mergeGauges(how merge, cells []*owned) int64 {
	merged, gone := cells[0].cell.(*gauge).value(), cells[0].gone.Load()
	for _, o := range cells[1:] {
		switch n := o.cell.(*gauge).value(); {
		case o.gone.Load():
		case gone:
			merged, gone = n, false
		case how == mergeSum:
			merged += n
		default:
			merged = max(merged, n)
		}
	}
	return merged
}

// A stateSet is gauges of which one is 1, the state, and the others 0.
type stateSet struct{ gauges []*gauge }

// set makes state the one, by its place in the table.
func (s *stateSet) set(state int) {
	for i, g := range s.gauges {
		if i == state {
			g.set(1)
		} else {
			g.set(0)
		}
	}
}
