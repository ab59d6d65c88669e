package kafkax

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

// A moment is a time in the form that a scrape has it, within a counter, since
// only that names no type of the protobuf module.
type moment struct {
	at      time.Time
	counter *dto.Counter
}

// Series are made in bunches: those of a millisecond share the moment it began,
// which saves a seventh of their memory.
const momentLasts = time.Millisecond

var (
	stampDesc    = prometheus.NewDesc("stamp", "stamp", nil, nil)
	processBegan = stampAt(time.Now())
	lastMoment   atomic.Pointer[moment]
)

// createdOf returns when a new series of the metric was zero. What Stats feeds
// may begin with all that a client ever counted, and go on from there when the
// client is removed and comes back: it was zero when the process began.
func createdOf(d *def) *dto.Counter {
	switch {
	case d.typ == TypeGauge:
		return nil // a gauge has no such time
	case d.group == groupWriterStats || d.group == groupReaderStats:
		return processBegan
	default:
		return stamp()
	}
}

// stamp returns when a series was created, if it is now: at most a millisecond
// early, when the series was not there and so at zero.
func stamp() *dto.Counter {
	now := time.Now()
	if m := lastMoment.Load(); m != nil {
		if age := now.Sub(m.at); age >= 0 && age < momentLasts {
			return m.counter
		}
	}
	m := &moment{now, stampAt(now)}
	lastMoment.Store(m)
	return m.counter
}

func stampAt(t time.Time) *dto.Counter {
	var m dto.Metric
	c, err := prometheus.NewConstMetricWithCreatedTimestamp(stampDesc, prometheus.CounterValue, 0, t)
	if err != nil || c.Write(&m) != nil {
		return nil // a series without the time is as good as before
	}
	return m.Counter
}
