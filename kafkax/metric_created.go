package kafkax

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
)

var stampDesc = prometheus.NewDesc("stamp", "stamp", nil, nil)

// stamp returns t in the form that a scrape has it, within a counter, since only
// that names no type of the protobuf module.
func stamp(t time.Time) *dto.Counter {
	var m dto.Metric
	c, err := prometheus.NewConstMetricWithCreatedTimestamp(stampDesc, prometheus.CounterValue, 0, t)
	if err != nil || c.Write(&m) != nil {
		return nil // a series without the time is as good as before
	}
	return m.Counter
}
