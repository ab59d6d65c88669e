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
	lastMoment atomic.Pointer[moment]
	stampDesc  = prometheus.NewDesc("stamp", "stamp", nil, nil)
)

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
