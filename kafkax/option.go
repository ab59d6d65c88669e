package kafkax

import (
	"errors"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"
)

// Option sets up a collector. Every constructor takes every option; one that
// can't mean anything for it says so in its own comment. Bad options are
// [ErrInput], all of them in one error.
type Option func(*config)

type config struct {
	namespace       string
	constLabels     prometheus.Labels
	latencyBuckets  []float64 // seconds
	sizeBuckets     []float64 // bytes
	batchBuckets    []float64 // messages
	nativeFactor    float64   // 0: classic histograms only
	partitionLabels bool
	topicLimit      int                // 0: no limit
	classify        func(error) string // nil: the built-in reasons alone
	name            string             // "": see WithName
	lag             lagConfig
	errs            []error
}

const (
	defaultNamespace  = "kafka"
	defaultTopicLimit = 1000
)

func newConfig(opts []Option) (config, error) {
	c := applyOptions(opts)
	return c, errors.Join(c.errs...)
}

// applyOptions applies the options that are valid and notes the others in errs.
func applyOptions(opts []Option) config {
	c := config{
		namespace:      defaultNamespace,
		latencyBuckets: defaultLatencyBuckets,
		sizeBuckets:    defaultSizeBuckets,
		batchBuckets:   defaultBatchBuckets,
		topicLimit:     defaultTopicLimit,
		lag:            defaultLagConfig(),
	}
	for i, opt := range opts {
		if opt == nil {
			c.fail("option %d is nil", i)
			continue
		}
		opt(&c)
	}
	return c
}

// fail notes a bad option. The text names the option and its value.
func (c *config) fail(format string, args ...any) {
	c.errs = append(c.errs, invalid(format, args...))
}

// WithNamespace sets the first word of every metric's name, "kafka" by default.
// It must be letters, digits and underscores, and start with a letter.
func WithNamespace(s string) Option {
	return func(c *config) {
		if !validName(s) {
			c.fail("WithNamespace(%q): want letters, digits and underscores after a letter", s)
			return
		}
		c.namespace = s
	}
}

// WithConstLabels adds labels to every series, none by default. Names are
// letters, digits and underscores after a letter, none of the names that
// [Catalog] uses, and not job, which is the server's; values are UTF-8. The map is
// copied. Prefer labels that the Prometheus server attaches to a target.
func WithConstLabels(labels prometheus.Labels) Option {
	return func(c *config) {
		bad := len(c.errs)
		for _, name := range slices.Sorted(maps.Keys(labels)) {
			switch value := labels[name]; {
			case !validName(name):
				c.fail("WithConstLabels: name %q: want letters, digits and underscores after a letter", name)
			case reservedLabel(name):
				c.fail("WithConstLabels: name %q is used by a metric", name)
			case !utf8.ValidString(value):
				c.fail("WithConstLabels: the value of %q, %q, is not UTF-8", name, value)
			}
		}
		if len(c.errs) == bad {
			c.constLabels = maps.Clone(labels)
		}
	}
}

// WithPartitionLabels says whether the counters of messages that were read have
// a label partition, which multiplies their series by the number of partitions.
// The default is false. Offsets and lag always have one.
func WithPartitionLabels(on bool) Option {
	return func(c *config) { c.partitionLabels = on }
}

// WithTopicLimit sets how many topics get series of their own, 1000 by default:
// the first n that are met. The others share topic="_other", where counters and
// histograms are right in sum. Gauges of a [LagCollector] are the highest of those
// topics, so that a set of states shows each that one of them is in; those of a
// client are of the topic that reported last. A metric counts such topics. Zero
// means no limit.
func WithTopicLimit(n int) Option {
	return func(c *config) {
		if n < 0 {
			c.fail("WithTopicLimit(%d): want 0 for no limit, or more", n)
			return
		}
		c.topicLimit = n
	}
}

// WithErrorClassifier sets a function that names the reason of an error, which
// becomes the value of a label: keep the number of reasons small, and put no
// text of a message into them. It is asked first; where it returns "", the
// built-in reasons apply, as they do without it. It is called by many goroutines
// at once.
func WithErrorClassifier(f func(error) string) Option {
	return func(c *config) {
		if f == nil {
			c.fail("WithErrorClassifier: the function is nil")
			return
		}
		c.classify = f
	}
}

// WithName sets the label writer of a [WriterCollector], or reader of a
// [ReaderCollector], so that two on one topic can be registered together. The
// default is the topic. Only these two use it: clients of a [Metrics] are named
// where they are added.
func WithName(name string) Option {
	return func(c *config) {
		if name == "" || !utf8.ValidString(name) {
			c.fail("WithName(%q): want a name in UTF-8", name)
			return
		}
		c.name = name
	}
}

// validName reports whether s can be a label, or the start of a metric's name,
// in every version of Prometheus.
func validName(s string) bool {
	for i, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (i == 0 || r != '_' && (r < '0' || r > '9')) {
			return false
		}
	}
	return s != ""
}
