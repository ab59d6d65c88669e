package kafkax

import (
	"context"
	"io"

	"github.com/segmentio/kafka-go"
)

// A Writer is a kafka.Writer whose figures are true: every message that is offered
// to WriteMessages becomes exactly one of delivered, unacked, failed and rejected,
// whatever the caller was told, and stays in flight until then.
//
//   - delivered: acknowledged. A call whose context ended first got an error all
//     the same; Kafka has the message.
//   - unacked: sent with acks=none, so that nobody knows.
//   - failed: given up after all attempts.
//   - rejected: never accepted: too large, no such topic, no metadata in time, the
//     writer closed. kafka-go takes all messages of a call or none.
//
// Beside that it observes how long delivery takes from the call on, the sizes of
// messages and batches, every produce request with its answer, and all that
// [Metrics.ObserveWriter] has. Reasons are Kafka's names of its codes, or timeout,
// network, canceled, closed, too_large, invalid_topic, other; see
// [WithErrorClassifier].
//
// It costs a few reads of the clock a call and a request, some atomic operations a
// message, and no memory, but for calls of more than 4096 messages.
//
// [Metrics.Writer] makes it. It is safe for concurrent use.
type Writer struct {
	kafka         *kafka.Writer
	name          string
	scope         *scope
	stats         *feed[kafka.WriterStats]
	remove        func()
	classify      classifier
	success       int                          // delivered, or unacked
	completion    func([]kafka.Message, error) // the user's
	topics        byTopic[topicSeries]
	inFlight      *gauge
	inFlightBytes *gauge
	gate          gate
}

// Writer instruments w, before it is first used, and returns the Writer to write
// with. The label writer=name marks its series; writers of one name are counted
// together. The error is an [ErrInput] if w is nil, the name is empty or not UTF-8,
// or w is instrumented already, by any Metrics and though it was removed; that it was
// used before isn't noticed.
//
// It replaces three fields of w, and calls what was in them: Completion, Balancer
// and Transport (a nil Balancer is kafka.RoundRobin, a nil Transport
// kafka.DefaultTransport). They get the messages as they were offered, with their
// own WriterData. No other field may be changed afterwards. A message that is
// written past the Writer, through Unwrap, is in no figure but those of Stats and
// of produce requests.
//
// RequiredAcks counts as it is at this moment. Mind that kafka-go's default is
// acks=none for a kafka.Writer that is made as a literal, and BatchTimeout a whole
// second.
func (m *Metrics) Writer(name string, w *kafka.Writer) (*Writer, error) {
	if err := checkWriter(name, w); err != nil {
		return nil, err
	}
	s := m.reg.scope()
	out := &Writer{
		kafka:         w,
		name:          name,
		scope:         s,
		stats:         writerFeed(w),
		classify:      m.config.classify,
		success:       delivered,
		completion:    w.Completion,
		inFlight:      s.gauge(writerInFlightMessages, name),
		inFlightBytes: s.gauge(writerInFlightBytes, name),
	}
	if w.RequiredAcks == kafka.RequireNone {
		out.success = unacked
	}
	out.topics = byTopic[topicSeries]{topics: m.reg.topics, fresh: func(topic string) *topicSeries {
		return newTopicSeries(s, name, topic)
	}}
	if w.Topic != "" {
		out.topics.get(w.Topic) // its series exist at 0 before the first message
	}
	m.hook(out, w)
	stats := m.watchWriter(name, w)
	own := m.watches.add(watchKey{name, out}, func() *watch { return &watch{scope: s, pump: func() {}} })
	out.remove = func() { stats(); own() }
	return out, nil
}

// hook makes w report to out.
func (m *Metrics) hook(out *Writer, w *kafka.Writer) {
	next := w.Balancer
	if next == nil {
		next = &kafka.RoundRobin{}
	}
	transport := w.Transport
	if t, ok := transport.(*roundTripper); ok {
		transport = t.next // one that counts already would count twice
	}
	w.Balancer = balancer{next}
	w.Completion = out.completed
	w.Transport = m.roundTripper(out.scope, out.name, transport)
}

// WriteMessages writes msgs with kafka.Writer.WriteMessages, under its rules and
// with its errors, and counts what becomes of each. The slice and the messages
// stay the caller's and are not written to. After Close it returns
// io.ErrClosedPipe.
func (w *Writer) WriteMessages(ctx context.Context, msgs ...kafka.Message) (err error) {
	if len(msgs) == 0 {
		return w.kafka.WriteMessages(ctx)
	}
	c := newCall(w, w.gate.enter(), msgs)
	defer func() { c.end(err) }() // also if a balancer panics, or Close would wait for ever
	if c.epoch == nil {
		return io.ErrClosedPipe
	}
	return c.restore(w.kafka.WriteMessages(ctx, c.msgs...))
}

// Flush returns nil when every message that was offered before has its outcome and
// Completion has returned, however many are offered meanwhile. It returns ctx's
// cause if that ends first. It hurries nothing: a batch that isn't full is sent
// after BatchTimeout. Nor does it tell outcomes. In a Completion it would wait for
// itself.
func (w *Writer) Flush(ctx context.Context) error { return w.gate.flush(ctx) }

// Stats returns what kafka.Writer.Stats would, counted since the last call of this
// method or, at first, since the kafka.Writer was made. It robs no scrape, and no
// other caller of this package. Its counts are of attempts and not of messages.
func (w *Writer) Stats() kafka.WriterStats { return w.stats.next() }

// Remove takes the Writer's series out of its Metrics, and lets go of it: the cost is
// that of its own series. What another Writer of the same name has counted stays;
// the last one takes the series of [Metrics.DialFunc] and [Metrics.RoundTripper] of
// that name with it. Use it for writers that come and go, when they are closed: the
// kafka.Writer keeps what [Metrics.Writer] put into it, and can't be added again.
func (w *Writer) Remove() { w.remove() }

// Unwrap returns the kafka.Writer.
func (w *Writer) Unwrap() *kafka.Writer { return w.kafka }

func checkWriter(name string, w *kafka.Writer) error {
	if err := checkClient("Writer", name, w == nil); err != nil {
		return err
	}
	if _, ok := w.Balancer.(balancer); ok {
		return invalid("Writer: the client %q is instrumented already", name)
	}
	return nil
}
