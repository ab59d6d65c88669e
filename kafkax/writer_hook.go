package kafkax

import (
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

// balancer asks the writer's own balancer and counts the answers: kafka-go takes
// the messages of a call once it has a partition for each of them, and nothing
// else tells a call that was taken from one that was turned away.
type balancer struct{ next kafka.Balancer }

// Balance implements kafka.Balancer.
func (b balancer) Balance(msg kafka.Message, partitions ...int) int {
	s, ok := msg.WriterData.(*slot)
	if !ok { // written past us, through Unwrap
		return b.next.Balance(msg, partitions...)
	}
	msg.WriterData = s.data
	p := b.next.Balance(msg, partitions...)
	s.call.placed++
	return p
}

// A share is how many messages of a batch are of one call.
type share struct {
	call *call
	n    int
}

var shares = sync.Pool{New: func() any { return new([]share) }}

// completed is the Completion of the kafka.Writer: it counts the outcome of a
// batch, calls the Completion that was there before with the messages as it knows
// them, and only then lets a Flush go on.
func (w *Writer) completed(msgs []kafka.Message, err error) {
	list := shares.Get().(*[]share)
	*list = w.tally((*list)[:0], msgs, err)
	if w.completion != nil {
		w.completion(msgs, err)
	}
	for _, s := range *list {
		s.call.release(s.n)
	}
	clear(*list)
	shares.Put(list)
}

// tally counts a batch, which is of one topic, puts the callers' WriterData back,
// and appends which calls the messages are of.
func (w *Writer) tally(list []share, msgs []kafka.Message, err error) []share {
	var topic *topicSeries
	var last share
	var n, bytes int64
	now := time.Now()
	for i := range msgs {
		s, ok := msgs[i].WriterData.(*slot)
		if !ok {
			continue
		}
		if s.call != last.call {
			list = w.close(list, last, topic, now, err)
			last = share{call: s.call}
		}
		topic = s.topic
		last.n++
		n++
		bytes += s.size
		msgs[i].WriterData = s.data
	}
	if topic == nil {
		return list
	}
	list = w.close(list, last, topic, now, err)
	w.count(topic, n, bytes, now, err)
	return list
}

// close notes the end of a row of messages of one call.
func (w *Writer) close(list []share, s share, topic *topicSeries, now time.Time, err error) []share {
	if s.n == 0 {
		return list
	}
	if err == nil && w.success == delivered {
		topic.delivery.observeN(now.Sub(s.call.start).Seconds(), uint64(s.n))
	}
	return append(list, s)
}

func (w *Writer) count(topic *topicSeries, n, bytes int64, now time.Time, err error) {
	outcome := w.success
	if err != nil {
		outcome = failed
		w.countError(topic, w.classify.reason(err), n)
	}
	topic.count(outcome, n, bytes)
	topic.observeBatch(outcome, n, bytes, now)
	w.settled(n, bytes)
}

func (w *Writer) countError(topic *topicSeries, reason string, n int64) {
	w.scope.counter(writerErrors, w.name, topic.topic, reason).add(n)
}

// settled takes messages out of flight.
func (w *Writer) settled(n, bytes int64) {
	w.inFlight.add(-n)
	w.inFlightBytes.add(-bytes)
}
