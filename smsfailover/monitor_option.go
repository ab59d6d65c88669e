package smsfailover

import (
	"errors"
	"fmt"
	"time"
)

// A MonitorOption sets up an [ErrorRateMonitor].
type MonitorOption func(*monitorConfig)

type monitorConfig struct {
	window, openFor, probeTimeout, ramp time.Duration
	threshold                           float64
	minSamples, probes                  int
	errs                                []error
}

const (
	minWindow     = 100 * time.Millisecond
	maxSpan       = 24 * time.Hour // of any duration here
	maxMinSamples = 100_000        // fewer than one bucket counts
	maxProbes     = 1000
)

// WithWindow sets how far back results count, 100 ms to 24 h. A result counts
// for this long, less up to a sixteenth.
//
// The default is 30 seconds. The original TinyBook looked back 5 minutes, so that
// with its threshold of 30 % a provider that died went on being called for 90
// seconds; here it is 9. A shorter window still would need more traffic to hold
// the minimum sample: this one does from a message every 3 seconds.
func WithWindow(d time.Duration) MonitorOption {
	return func(c *monitorConfig) { c.window = c.span("WithWindow", d, minWindow) }
}

// WithThreshold sets the share of failed results, above 0 and up to 1, over which
// the monitor opens; at 1 it never does. The default is 0.3.
func WithThreshold(ratio float64) MonitorOption {
	return func(c *monitorConfig) {
		c.threshold = ratio
		if err := checkThreshold("WithThreshold", ratio); err != nil {
			c.errs = append(c.errs, err)
		}
	}
}

// WithMinSamples sets how many results, 1 to 100 000, the window must hold before
// its rate counts: of two messages at night, one failed says little. The default
// is 10.
func WithMinSamples(n int) MonitorOption {
	return func(c *monitorConfig) { c.minSamples = c.number("WithMinSamples", n, maxMinSamples) }
}

// WithOpenFor sets how long, up to 24 h, an open monitor lets nothing through
// before it asks for probes. The default is 5 seconds.
func WithOpenFor(d time.Duration) MonitorOption {
	return func(c *monitorConfig) { c.openFor = c.span("WithOpenFor", d, time.Nanosecond) }
}

// WithProbes sets how many probes, 1 to 1000, must succeed to close the monitor
// again, which is also the most that it lets through, and how long, up to 24 h, a
// probe may take: one that hasn't reported by then has failed. Give it more than
// the longest send. The default is 3 and 30 seconds.
func WithProbes(n int, timeout time.Duration) MonitorOption {
	return func(c *monitorConfig) {
		c.probes = c.number("WithProbes", n, maxProbes)
		c.probeTimeout = c.span("WithProbes", timeout, time.Nanosecond)
	}
}

// WithRamp sets how long, up to 24 h, [ErrorRateMonitor.Health] takes to rise to
// 1 after the monitor has closed again; 0 is at once. The default is 30 seconds.
func WithRamp(d time.Duration) MonitorOption {
	return func(c *monitorConfig) { c.ramp = c.span("WithRamp", d, 0) }
}

func newMonitorConfig(opts []MonitorOption) (monitorConfig, error) {
	c := monitorConfig{
		window: 30 * time.Second, threshold: 0.3, minSamples: 10,
		openFor: 5 * time.Second, probes: 3, probeTimeout: 30 * time.Second,
		ramp: 30 * time.Second,
	}
	for i, opt := range opts {
		if opt == nil {
			c.errs = append(c.errs, fmt.Errorf("%w: monitor option %d is nil", ErrInput, i))
			continue
		}
		opt(&c)
	}
	return c, errors.Join(c.errs...)
}

func (c *monitorConfig) span(option string, d, low time.Duration) time.Duration {
	if d < low || d > maxSpan {
		c.errs = append(c.errs, fmt.Errorf("%w: %s(%v): want %v to %v", ErrInput, option, d, low, maxSpan))
	}
	return d
}

func (c *monitorConfig) number(option string, n, high int) int {
	if n < 1 || n > high {
		c.errs = append(c.errs, fmt.Errorf("%w: %s(%d): want 1 to %d", ErrInput, option, n, high))
	}
	return n
}

func checkThreshold(what string, ratio float64) error {
	if ratio > 0 && ratio <= 1 { // false for NaN
		return nil
	}
	return fmt.Errorf("%w: %s(%v): want above 0, up to 1", ErrInput, what, ratio)
}
