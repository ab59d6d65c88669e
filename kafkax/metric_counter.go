package kafkax

import (
	"sync/atomic"
	"time"

	dto "github.com/prometheus/client_model/go"
)

// A counter only grows. One of seconds counts nanoseconds, for 292 years.
type counter struct{ n atomic.Int64 }

func newCounter(*family) *counter { return new(counter) }

func (c *counter) inc()                        { c.n.Add(1) }
func (c *counter) add(n int64)                 { c.n.Add(n) }
func (c *counter) addDuration(d time.Duration) { c.n.Add(int64(d)) }
func (c *counter) value() int64                { return c.n.Load() }
func (c *counter) write(m *dto.Metric, e *entry) {
	out := &struct {
		counter dto.Counter
		value   float64
	}{value: float64(c.n.Load()) / e.family.divisor}
	out.counter.Value = &out.value
	out.counter.CreatedTimestamp = e.created.GetCreatedTimestamp()
	m.Counter = &out.counter
}
