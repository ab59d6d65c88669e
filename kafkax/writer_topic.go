package kafkax

import (
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
)

// What becomes of a message, in the order of the label's values.
const (
	delivered = iota
	unacked
	failed
	rejected
)

// topicSeries are the series of a Writer for one topic.
type topicSeries struct {
	topic      string
	messages   []*counter // by what became of them
	bytes      []*counter
	delivery   *histogram
	size       *histogram
	batch      *histogram
	batchBytes *histogram
	success    func() *gauge // made by the first success: the time before is not 0
}

func newTopicSeries(s *scope, writer, topic string) *topicSeries {
	return &topicSeries{
		topic:      topic,
		messages:   s.counters(writerMessages, writer, topic),
		bytes:      s.counters(writerMessageBytes, writer, topic),
		delivery:   s.histogram(writerDeliveryDuration, writer, topic),
		size:       s.histogram(writerMessageSize, writer, topic),
		batch:      s.histogram(writerBatchMessages, writer, topic),
		batchBytes: s.histogram(writerBatchSize, writer, topic),
		success:    sync.OnceValue(func() *gauge { return s.gauge(writerLastSuccess, writer, topic) }),
	}
}

// count notes n messages of so many bytes that all had the same outcome.
func (t *topicSeries) count(outcome int, n, bytes int64) {
	t.messages[outcome].add(n)
	t.bytes[outcome].add(bytes)
}

// observeBatch notes one batch and, if it was acknowledged, when.
func (t *topicSeries) observeBatch(outcome int, n, bytes int64, now time.Time) {
	t.batch.observe(float64(n))
	t.batchBytes.observe(float64(bytes))
	if outcome == delivered {
		t.success().setTime(now)
	}
}

// topicOf returns the topic a message is meant for. Where writer and message both
// name one, which kafka-go refuses, it is the message's.
func topicOf(w *kafka.Writer, m *kafka.Message) string {
	if m.Topic != "" {
		return m.Topic
	}
	return w.Topic
}

// byTopic keeps a value per label of a topic: topics beyond the limit share one,
// which is made for the first of them, so that no more are kept than have labels.
type byTopic[T any] struct {
	topics *topics
	fresh  func(topic string) *T
	values sync.Map // string to *T
}

func (b *byTopic[T]) get(topic string) *T {
	if v, ok := b.values.Load(topic); ok {
		return v.(*T)
	}
	label := b.topics.label(topic)
	if v, ok := b.values.Load(label); ok {
		return v.(*T)
	}
	v, _ := b.values.LoadOrStore(label, b.fresh(topic))
	return v.(*T)
}
