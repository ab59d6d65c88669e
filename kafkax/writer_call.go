package kafkax

import (
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/segmentio/kafka-go"
)

// A call is one WriteMessages, from its beginning until the last of its messages
// has its outcome, which may be long after WriteMessages returned. kafka-go gets
// copies of the caller's messages whose WriterData leads back here; the caller's
// own are never written to, since several goroutines may share them.
type call struct {
	w      *Writer
	epoch  *epoch // nil: the writer is closed
	start  time.Time
	msgs   []kafka.Message // the copies; kafka-go keeps none of this slice
	slots  []slot
	bytes  int64
	placed int          // messages that have a partition; used by the caller's goroutine only
	open   atomic.Int64 // messages without an outcome, and one for WriteMessages
}

// A slot is what the copy of a message carries as its WriterData.
type slot struct {
	call  *call
	topic *topicSeries
	data  any // the caller's WriterData
	size  int64
}

// maxPooled is how many messages a call may have and still be kept for the next,
// so that one huge call doesn't hold its memory for ever.
const maxPooled = 4096

var calls = sync.Pool{New: func() any { return new(call) }}

// newCall returns a call that offers copies of msgs.
func newCall(w *Writer, e *epoch, msgs []kafka.Message) *call {
	c := calls.Get().(*call)
	n := len(msgs)
	if cap(c.slots) < n {
		size := max(n, min(2*cap(c.slots), maxPooled))
		c.msgs, c.slots = make([]kafka.Message, size), make([]slot, size)
	}
	c.w, c.epoch, c.start = w, e, time.Now()
	c.msgs, c.slots, c.bytes, c.placed = c.msgs[:n], c.slots[:n], 0, 0
	c.open.Store(int64(n) + 1)
	copy(c.msgs, msgs)
	c.fill()
	w.inFlight.add(int64(n))
	w.inFlightBytes.add(c.bytes)
	return c
}

// fill makes the slots, and observes the sizes, those that are alike in one step.
func (c *call) fill() {
	var topic *topicSeries
	var same uint64 // messages in a row of one topic and size
	size, name := int64(-1), ""
	for i := range c.msgs {
		m := &c.msgs[i]
		if t := topicOf(c.w.kafka, m); topic == nil || t != name {
			topic.observeSizes(size, same)
			topic, name, same = c.w.topics.get(t), t, 0
		}
		n := sizeOf(m)
		if n != size {
			topic.observeSizes(size, same)
			size, same = n, 0
		}
		same++
		c.bytes += n
		c.slots[i] = slot{call: c, topic: topic, data: m.WriterData, size: n}
		m.WriterData = &c.slots[i]
	}
	topic.observeSizes(size, same)
}

func (t *topicSeries) observeSizes(size int64, n uint64) {
	if n > 0 {
		t.size.observeN(float64(size), n)
	}
}

// end notes that WriteMessages is about to return err. Until every message has a
// partition kafka-go takes none of them, and after that all, whatever it returns:
// a context that ends while it waits takes back nothing.
func (c *call) end(err error) {
	if c.epoch != nil {
		c.w.gate.leave()
	}
	if c.placed == len(c.msgs) {
		c.drop(1)
		return
	}
	defer c.drop(1 + len(c.msgs)) // also if a classifier panics, or Flush would wait for ever
	c.reject(err)
}

// drop lets go of the copies, and releases n.
func (c *call) drop(n int) {
	clear(c.msgs)
	c.release(n)
}

// reject gives every message its outcome: none was taken.
func (c *call) reject(err error) {
	for i := range c.slots {
		c.slots[i].topic.count(rejected, 1, c.slots[i].size)
	}
	c.w.settled(int64(len(c.msgs)), c.bytes)
	reason := c.rejection(err) // last: it asks the user's classifier, which may panic
	for i := range c.slots {
		c.w.countError(c.slots[i].topic, reason, 1)
	}
}

// rejection returns the reason of err. kafka-go has no error of its own for a
// topic that is named twice or not at all.
func (c *call) rejection(err error) string {
	reason := reasonOther // a balancer that panics leaves no error
	if err != nil {
		reason = c.w.classify.reason(err)
	}
	if reason != reasonOther {
		return reason
	}
	for i := range c.msgs {
		if (c.msgs[i].Topic == "") == (c.w.kafka.Topic == "") {
			return reasonInvalidTopic
		}
	}
	return reason
}

// restore puts the caller's WriterData into messages that kafka-go hands back
// with an error.
func (c *call) restore(err error) error {
	large, ok := errors.AsType[kafka.MessageTooLargeError](err)
	if !ok {
		return err
	}
	restoreData(&large.Message)
	for i := range large.Remaining {
		restoreData(&large.Remaining[i])
	}
	return large
}

func restoreData(m *kafka.Message) {
	if s, ok := m.WriterData.(*slot); ok {
		m.WriterData = s.data
	}
}

// release takes n from what is open. Whoever takes the last must not touch c again.
func (c *call) release(n int) {
	if c.open.Add(int64(-n)) != 0 {
		return
	}
	if c.epoch != nil {
		c.w.gate.settle(c.epoch)
	}
	// A slot that is used after this finds no call, which is a crash and not a
	// wrong number.
	clear(c.slots)
	c.w, c.epoch = nil, nil
	if cap(c.slots) <= maxPooled {
		calls.Put(c)
	}
}

// sizeOf returns what a message is counted as: key, value and headers.
func sizeOf(m *kafka.Message) int64 {
	n := len(m.Key) + len(m.Value)
	for i := range m.Headers {
		n += len(m.Headers[i].Key) + len(m.Headers[i].Value)
	}
	return int64(n)
}
