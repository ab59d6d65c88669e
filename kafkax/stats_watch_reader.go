package kafkax

import (
	"strconv"

	"github.com/segmentio/kafka-go"
)

// readerSource is what a watch asks of a *kafka.Reader.
type readerSource interface {
	source[kafka.ReaderStats]
	Lag() int64
}

// watchReader shows the Stats of r in the series of s. The lag of a reader of
// one partition is shown too, if lag says so: Lag is that of the last message
// that the program got, while the one in Stats is that of the last one fetched,
// and for a group it is any partition's.
func watchReader(s *scope, name string, r *kafka.Reader, lag bool) *watch {
	cfg := r.Config()
	return newReaderWatch(s, name, cfg, r, readerFeed(r), lag)
}

func newReaderWatch(s *scope, name string, cfg kafka.ReaderConfig, r readerSource, in *feed[kafka.ReaderStats], lag bool) *watch {
	out := newReaderSeries(s, name, cfg.GroupID)
	lag = lag && cfg.GroupID == ""
	partition := strconv.Itoa(cfg.Partition)
	return &watch{scope: s, pump: func() {
		out.add(in.next())
		if in.acc.ended.Load() {
			s.remove(readerQueueMessages, name, cfg.GroupID)
			s.remove(readerQueueCapacity, name, cfg.GroupID)
			s.remove(readerLag, name, cfg.GroupID, cfg.Topic, partition)
			return // what is left in its queue nobody is behind with
		}
		if lag && out.delivered() {
			s.gauge(readerLag, name, "", cfg.Topic, partition).set(r.Lag())
		}
	}}
}

type readerSeries struct {
	fetches, messages, bytes, errors, timeouts, rebalances, dials *counter
	queue, capacity                                               *gauge
}

func newReaderSeries(s *scope, name, group string) *readerSeries {
	return &readerSeries{
		fetches:    s.counter(readerFetches, name, group),
		messages:   s.counter(readerFetchedMessages, name, group),
		bytes:      s.counter(readerFetchedBytes, name, group),
		errors:     s.counter(readerRetriedErrors, name, group),
		timeouts:   s.counter(readerTimeouts, name, group),
		rebalances: s.counter(readerRebalances, name, group),
		dials:      s.counter(readerDials, name, group),
		queue:      s.gauge(readerQueueMessages, name, group),
		capacity:   s.gauge(readerQueueCapacity, name, group),
	}
}

func (o *readerSeries) add(d kafka.ReaderStats) {
	o.fetches.add(d.Fetches)
	o.messages.add(d.Messages)
	o.bytes.add(d.Bytes)
	o.errors.add(d.Errors)
	o.timeouts.add(d.Timeouts)
	o.rebalances.add(d.Rebalances)
	o.dials.add(d.Dials)
	o.queue.set(d.QueueLength)
	o.capacity.set(d.QueueCapacity)
}

// delivered reports whether the program got a message: before, a lag of zero
// would be one that nobody measured.
func (o *readerSeries) delivered() bool { return o.messages.value() > o.queue.value() }
