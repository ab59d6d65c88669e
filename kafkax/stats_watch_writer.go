package kafkax

import (
	"strconv"

	"github.com/segmentio/kafka-go"
)

// watchWriter shows the Stats of w in the series of s.
func watchWriter(s *scope, name string, w *kafka.Writer) *watch {
	s.gauge(writerInfo, name, w.Topic, w.RequiredAcks.String(), w.Compression.String(), strconv.FormatBool(w.Async)).set(1)
	in := writerFeed(w)
	out := newWriterSeries(s, name, w.Topic)
	return &watch{scope: s, pump: func() { out.add(in.next()) }}
}

type writerSeries struct {
	attempts, messages, bytes, errors, retries, throttle *counter
	batchAge, queueAge, duration                         *summary
}

func newWriterSeries(s *scope, name, topic string) *writerSeries {
	return &writerSeries{
		attempts: s.counter(writerAttempts, name, topic),
		messages: s.counter(writerAttemptMessages, name, topic),
		bytes:    s.counter(writerAttemptBytes, name, topic),
		errors:   s.counter(writerAttemptErrors, name, topic),
		retries:  s.counter(writerRetries, name, topic),
		throttle: s.counter(writerThrottle, name, topic),
		batchAge: s.summary(writerBatchAge, name, topic),
		queueAge: s.summary(writerBatchQueueAge, name, topic),
		duration: s.summary(writerAttemptDuration, name, topic),
	}
}

func (o *writerSeries) add(d kafka.WriterStats) {
	o.attempts.add(d.Writes)
	o.messages.add(d.Messages)
	o.bytes.add(d.Bytes)
	o.errors.add(d.Errors)
	o.retries.add(d.Retries)
	o.throttle.addDuration(d.WaitTime.Sum)
	o.batchAge.addDuration(d.BatchTime)
	o.queueAge.addDuration(d.BatchQueueTime)
	o.duration.addDuration(d.WriteTime)
}

func (s *summary) addDuration(d kafka.DurationStats) { s.add(d.Count, int64(d.Sum)) }
