package web

import (
	"fmt"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "tinybook_http_request_duration_seconds",
			Help:    "Time to answer a request, by the pattern of its route; for a stream, to begin.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"method", "route", "status"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "tinybook_http_requests_in_flight",
			Help: "Requests that are being answered; streams until they begin.",
		}),
	}
	for _, c := range []prometheus.Collector{m.duration, m.inFlight} {
		if err := reg.Register(c); err != nil {
			return nil, fmt.Errorf("web: register metrics: %w", err)
		}
	}
	return m, nil
}

// observationKey holds the observation of a request.
const observationKey = "tinybook/observation"

// An observation is of one request. One goroutine uses it.
type observation struct {
	metrics *metrics
	start   time.Time
	over    bool
}

func (m *metrics) observe(c *gin.Context) {
	o := &observation{metrics: m, start: time.Now()}
	c.Set(observationKey, o)
	m.inFlight.Inc()
	defer o.leave()
	c.Next()
	o.answered(c)
}

// answered counts the request as one that is answered, unless it is counted.
func (o *observation) answered(c *gin.Context) {
	if o.over {
		return
	}
	o.leave()
	o.metrics.duration.WithLabelValues(method(c.Request), route(c), strconv.Itoa(c.Writer.Status())).
		Observe(time.Since(o.start).Seconds())
}

// leave ends the observation, also of a request that panics.
func (o *observation) leave() {
	if !o.over {
		o.over = true
		o.metrics.inFlight.Dec()
	}
}

// Streams says that the answer has begun and has no end: to the metrics the request
// is answered now. How long somebody listens is no time that a request takes.
func Streams(c *gin.Context) {
	if o, ok := c.Value(observationKey).(*observation); ok {
		o.answered(c)
	}
}
