package kafkax

import (
	"context"
	"net"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/produce"
)

// RoundTripper returns a kafka.RoundTripper that sends requests through next and
// counts those that produce, under the label writer=name: one for each attempt and
// partition, by the code that Kafka answered or the reason for which there was no
// answer ("unacked" where acks=none wants none), and how long each attempt took.
// All other requests pass untouched. A nil next is kafka.DefaultTransport.
//
// [Metrics.Writer] does this for its writer. This is for a kafka.Client, or for a
// kafka.Writer that is only observed: set it as Transport before the first use. It
// is as safe for concurrent use as next.
//
// Its series go with the last writer of that name that is removed. It works on after
// that and counts no more, and so does one that was made for the next writer
// already: make that after the Remove. Series of a name that no writer has stay. A
// name that is empty or not UTF-8 is taken as a label can show it.
func (m *Metrics) RoundTripper(name string, next kafka.RoundTripper) kafka.RoundTripper {
	return m.roundTripper(m.beside(clientKey{labelWriter, name, ""}), name, next)
}

func (m *Metrics) roundTripper(s *scope, name string, next kafka.RoundTripper) *roundTripper {
	if next == nil {
		next = kafka.DefaultTransport
	}
	t := &roundTripper{next: next, scope: s, name: name, classify: m.config.classify}
	t.topics = byTopic[produceSeries]{topics: m.reg.topics, fresh: func(topic string) *produceSeries {
		return &produceSeries{
			duration: s.histogram(writerProduceDuration, name, topic),
			none:     s.counter(writerProduceRequests, name, topic, codeNone),
		}
	}}
	return t
}

type roundTripper struct {
	next     kafka.RoundTripper
	scope    *scope
	name     string
	classify classifier
	topics   byTopic[produceSeries]
}

// produceSeries are the series that nearly every request of a topic needs.
type produceSeries struct {
	duration *histogram
	none     *counter
}

// codeUnacked stands for the answer of a broker that isn't asked for one.
const codeUnacked = "unacked"

// RoundTrip implements kafka.RoundTripper.
func (t *roundTripper) RoundTrip(ctx context.Context, addr net.Addr, req kafka.Request) (kafka.Response, error) {
	p, ok := req.(*produce.Request)
	if !ok {
		return t.next.RoundTrip(ctx, addr, req)
	}
	start := time.Now()
	res, err := t.next.RoundTrip(ctx, addr, req)
	d := time.Since(start)
	for i := range p.Topics {
		t.topics.get(p.Topics[i].Topic).duration.observeDuration(d)
	}
	if answer, ok := res.(*produce.Response); err == nil && ok && p.Acks != 0 {
		t.countAnswer(answer)
	} else {
		t.countUnanswered(p, err)
	}
	return res, err
}

func (t *roundTripper) countAnswer(res *produce.Response) {
	for i := range res.Topics {
		topic := &res.Topics[i]
		for j := range topic.Partitions {
			t.count(topic.Topic, codeName(kafka.Error(topic.Partitions[j].ErrorCode)), 1)
		}
	}
}

func (t *roundTripper) countUnanswered(req *produce.Request, err error) {
	code := codeUnacked
	if err != nil {
		code = t.classify.reason(err)
	}
	for i := range req.Topics {
		t.count(req.Topics[i].Topic, code, int64(len(req.Topics[i].Partitions)))
	}
}

func (t *roundTripper) count(topic, code string, n int64) {
	if code == codeNone {
		t.topics.get(topic).none.add(n)
		return
	}
	t.scope.counter(writerProduceRequests, t.name, topic, code).add(n)
}
