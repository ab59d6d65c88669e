package kafkax

import (
	"sync/atomic"

	dto "github.com/prometheus/client_model/go"
)

// A summary is a count and a sum, of nanoseconds where the unit is seconds.
type summary struct{ count, sum atomic.Int64 }

func newSummary(*family) *summary { return new(summary) }

func (s *summary) add(count, sum int64) {
	s.count.Add(count)
	s.sum.Add(sum)
}

func (s *summary) write(m *dto.Metric, e *entry) {
	out := &struct {
		summary dto.Summary
		count   uint64
		sum     float64
	}{count: uint64(s.count.Load()), sum: float64(s.sum.Load()) / e.family.divisor}
	out.summary.SampleCount = &out.count
	out.summary.SampleSum = &out.sum
	out.summary.CreatedTimestamp = e.created.GetCreatedTimestamp()
	m.Summary = &out.summary
}
