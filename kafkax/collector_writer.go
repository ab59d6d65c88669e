package kafkax

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
)

// WriterCollector shows what one writer counts by itself: attempts, retries and
// times. [NewWriterCollector] makes it. It is safe for concurrent use, and exact
// however many registries and scrapers read it, and however many collectors the
// writer has. It can't see what becomes of a message: see [Metrics.Writer].
type WriterCollector struct {
	writer *kafka.Writer
	statsCollector
}

// WriterTotals is what a writer counted since it was made. All but the ages of
// batches counts by attempts: a message that is sent again counts again.
type WriterTotals struct {
	Attempts        int64 // produce requests, the first and those after a failure
	AttemptMessages int64
	AttemptBytes    int64         // uncompressed, with framing
	AttemptErrors   int64         // attempts that failed, whether a later one succeeded or not
	Retries         int64         // attempts after the first of a batch
	BatchAge        DurationTotal // age of a batch when its first attempt begins: once a batch, as BatchQueueAge
	BatchQueueAge   DurationTotal // age of a batch when it is full or its time is up
	AttemptDuration DurationTotal
	Throttle        DurationTotal // time for which brokers throttled the writer
}

// DurationTotal is how many durations there were, and their sum. A client counts
// the two one after the other: amid traffic one may be ahead by what is under way.
type DurationTotal struct {
	Count int64
	Sum   time.Duration
}

// NewWriterCollector returns a collector for w, which it never changes or
// closes: register it and you have metrics. Its series have the labels writer,
// which is the topic or what [WithName] says, and topic, which is empty for a
// writer whose messages name theirs; such a writer is called "default". A
// registry refuses two collectors with equal labels when the second is
// registered, and one beside a [Metrics] of the same namespace.
//
// Nothing else may call w.Stats(), which takes away what it returns. A nil w or a bad
// option is [ErrInput].
func NewWriterCollector(w *kafka.Writer, opts ...Option) (*WriterCollector, error) {
	c, err := newConfig(opts)
	if w == nil {
		err = errors.Join(err, invalid("NewWriterCollector: the writer is nil"))
	}
	if err != nil {
		return nil, err
	}
	name := firstName(c.name, w.Topic)
	col := &WriterCollector{writer: w}
	col.reg = newRegistry(&c, prometheus.Labels{labelWriter: name, labelTopic: w.Topic}, groupWriterStats)
	col.watches.add(watchKey{name, w}, func() *watch { return watchWriter(col.reg.scope(), name, w) })
	return col, nil
}

// Totals returns what the writer counted since it was made. It takes nothing
// away from anybody.
func (c *WriterCollector) Totals() WriterTotals {
	s := writers.of(c.writer).totals(c.writer)
	return WriterTotals{
		Attempts:        s.Writes,
		AttemptMessages: s.Messages,
		AttemptBytes:    s.Bytes,
		AttemptErrors:   s.Errors,
		Retries:         s.Retries,
		BatchAge:        durationTotal(s.BatchTime),
		BatchQueueAge:   durationTotal(s.BatchQueueTime),
		AttemptDuration: durationTotal(s.WriteTime),
		Throttle:        durationTotal(s.WaitTime),
	}
}

func durationTotal(s kafka.DurationStats) DurationTotal { return DurationTotal{s.Count, s.Sum} }
