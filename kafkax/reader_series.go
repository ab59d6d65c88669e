package kafkax

import (
	"strconv"
	"sync"
)

// readSeries are the series of a Reader for one partition that stay when the
// partition goes elsewhere. Those of a topic are shared by its partitions.
type readSeries struct {
	messages, bytes, skipped, redelivered, skewed *counter
	size, latency                                 *histogram
	last                                          func() *gauge // made by the first message: the time before is not 0
}

func newReadSeries(s *scope, name, group string, at place) *readSeries {
	topic, part := at.topic, strconv.Itoa(at.partition)
	return &readSeries{
		messages:    s.counter(readerMessages, name, group, topic, part),
		bytes:       s.counter(readerMessageBytes, name, group, topic, part),
		skipped:     s.counter(readerSkipped, name, group, topic, part),
		redelivered: s.counter(readerRedelivered, name, group, topic, part),
		skewed:      s.counter(readerClockSkew, name, group, topic, part),
		size:        s.histogram(readerMessageSize, name, group, topic),
		latency:     s.histogram(readerDeliveryLatency, name, group, topic),
		last:        sync.OnceValue(func() *gauge { return s.gauge(readerLastMessage, name, group, topic) }),
	}
}

// doneSeries are the series of a Reader for what the program did with the messages
// of one topic, by result.
type doneSeries struct {
	processed []*counter
	durations []*histogram
	endToEnd  *histogram
}

func newDoneSeries(s *scope, name, group, topic string) *doneSeries {
	return &doneSeries{
		processed: s.counters(readerProcessed, name, group, topic),
		durations: s.histograms(readerProcessingDuration, name, group, topic),
		endToEnd:  s.histogram(readerEndToEndLatency, name, group, topic),
	}
}

// Results in the order of the label's values.
const (
	resultIsOK = iota
	resultIsFailed
)

func resultOf(err error) int {
	if err != nil {
		return resultIsFailed
	}
	return resultIsOK
}

// publish brings the series of the partition up to date.
func (p *partition) publish(r *Reader) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s, c := p.series, &p.pending
	s.messages.add(c.messages)
	s.bytes.add(c.bytes)
	s.skipped.add(c.skipped)
	s.redelivered.add(c.redelivered)
	s.skewed.add(c.skewed)
	if c.last != 0 {
		g := s.last() // partitions share it, and are published one after the other
		g.set(max(g.value(), c.last))
	}
	*c = pendingCounts{}
	p.size.flush()
	p.latency.flush()
	if p.here(r) {
		p.show(r)
	}
}

// here reports whether the reader has the partition. It loses all when it is closed.
func (p *partition) here(r *Reader) bool { return !p.stale && !isDone(r.ending.over) }

func (p *partition) show(r *Reader) {
	p.shown = true
	r.gauge(readerPosition, p.place).set(p.track.next)
	r.gauge(readerHighWatermark, p.place).set(p.end)
	r.gauge(readerLag, p.place).set(max(0, p.end-p.track.next))
	if !r.commitsAreKnown() {
		return
	}
	if r.async {
		if offset, ok := r.log.lastCommit(p.place); ok {
			p.committed = offset
		}
	}
	base := p.start
	if p.committed >= 0 {
		base = p.committed
		r.gauge(readerCommitted, p.place).set(p.committed)
	}
	r.gauge(readerUncommitted, p.place).set(max(0, p.track.next-base))
}

// ownGauges are those that a partition has for as long as the reader has it.
var ownGauges = [...]metricID{readerPosition, readerHighWatermark, readerLag, readerCommitted, readerUncommitted}

// hide gives up the gauges that the partition has no value for any more: all when
// the reader may have lost it, and the commit of a generation before.
func (p *partition) hide(r *Reader) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case !p.shown:
	case !p.here(r):
		p.shown = false
		for _, id := range ownGauges {
			r.drop(id, p.place)
		}
	case p.committed < 0:
		r.drop(readerCommitted, p.place)
	}
}

func (r *Reader) drop(id metricID, at place) {
	r.scope.remove(id, r.name, r.group, at.topic, strconv.Itoa(at.partition))
}

func (r *Reader) gauge(id metricID, at place) *gauge {
	return r.scope.gauge(id, r.name, r.group, at.topic, strconv.Itoa(at.partition))
}
