package kafkax

import (
	"errors"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
)

// ReaderCollector shows what one reader counts by itself: fetches, rebalances
// and its queue, and for a reader of one partition the lag. [NewReaderCollector]
// makes it. It is safe for concurrent use, and exact however many registries and
// scrapers read it, and however many collectors the reader has. It can't see what
// the program does with a message, nor the lag of a group: see [Metrics.Reader] and
// [NewLagCollector].
type ReaderCollector struct {
	reader *kafka.Reader
	statsCollector
}

// ReaderTotals is what a reader counted since it was made.
type ReaderTotals struct {
	Fetches       int64 // also those that ended without a message
	Messages      int64 // put into the reader's queue; fetched again, they count again
	Bytes         int64 // of keys and values
	RetriedErrors int64 // after which the reader tried again by itself
	Timeouts      int64 // fetches that ended without a message: an idle reader has them all the time
	Rebalances    int64 // generations of the group, and reconnects because a leader moved
	Dials         int64 // connections to partition leaders
	DialDuration  DurationTotal
	FetchWait     DurationTotal // from a fetch to its first byte
}

// NewReaderCollector returns a collector for r, which it never changes or
// closes: register it and you have metrics. Its series have the labels reader
// and group. The reader's name is what [WithName] says, or the topic, with
// "/partition" for a reader without a group; several topics are joined by
// commas. A registry refuses two collectors with equal labels when the second
// is registered, and one beside a [Metrics] of the same namespace.
//
// Nothing else may call r.Stats(), which takes away what it returns. A nil r or a bad
// option is [ErrInput].
func NewReaderCollector(r *kafka.Reader, opts ...Option) (*ReaderCollector, error) {
	c, err := newConfig(opts)
	switch {
	case r == nil:
		err = errors.Join(err, invalid("NewReaderCollector: the reader is nil"))
	case len(r.Config().Brokers) == 0:
		err = errors.Join(err, invalid("NewReaderCollector: the reader isn't made by kafka.NewReader"))
	}
	if err != nil {
		return nil, err
	}
	cfg := r.Config()
	name := firstName(c.name, readerName(cfg))
	fixed := prometheus.Labels{labelReader: name, labelGroup: cfg.GroupID}
	col := &ReaderCollector{reader: r}
	col.reg = newRegistry(&c, fixed, groupReaderStats)
	col.reg.include(readerLag, &c, fixed)
	col.watches.add(watchKey{name, r}, func() *watch { return watchReader(col.reg.scope(), name, r, true) })
	return col, nil
}

func readerName(cfg kafka.ReaderConfig) string {
	if cfg.GroupID == "" {
		return cfg.Topic + "/" + strconv.Itoa(cfg.Partition)
	}
	return strings.Join(configuredTopics(cfg), ",")
}

// Totals returns what the reader counted since it was made. It takes nothing
// away from anybody.
func (c *ReaderCollector) Totals() ReaderTotals {
	s := readers.of(c.reader).totals(c.reader)
	return ReaderTotals{
		Fetches:       s.Fetches,
		Messages:      s.Messages,
		Bytes:         s.Bytes,
		RetriedErrors: s.Errors,
		Timeouts:      s.Timeouts,
		Rebalances:    s.Rebalances,
		Dials:         s.Dials,
		DialDuration:  durationTotal(s.DialTime),
		FetchWait:     durationTotal(s.WaitTime),
	}
}
