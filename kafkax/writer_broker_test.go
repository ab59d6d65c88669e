package kafkax_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"github.com/segmentio/kafka-go/protocol/produce"
)

// A fakeBroker is the Kafka of a kafka.Writer: a RoundTripper that answers the two
// requests a Writer makes, without a socket or a goroutine, so that it works in
// synctest bubbles too.
type fakeBroker struct {
	partitions int                                       // of every topic
	unknown    map[string]bool                           // topics that don't exist
	metadata   func(ctx context.Context) error           // nil: answers at once
	produce    func(ctx context.Context, p batch) answer // nil: all is well

	mu       sync.Mutex
	stored   map[place][]string // values, as they were acknowledged or taken
	attempts int
}

type place struct {
	topic     string
	partition int
}

// A batch is one produce request.
type batch struct {
	place

	values []string
	n      int // number of the request, from 1
}

// An answer is what a broker says to a batch, or the fault of its connection.
type answer struct {
	code     kafka.Error
	throttle int32 // milliseconds
	err      error
}

func newBroker() *fakeBroker {
	return &fakeBroker{partitions: 1, stored: make(map[place][]string)}
}

// RoundTrip implements kafka.RoundTripper.
func (b *fakeBroker) RoundTrip(ctx context.Context, _ net.Addr, req kafka.Request) (kafka.Response, error) {
	switch req := req.(type) {
	case *metadata.Request:
		return b.describe(ctx, req)
	case *produce.Request:
		return b.append(ctx, req)
	}
	return nil, fmt.Errorf("fake broker: a %T", req)
}

func (b *fakeBroker) describe(ctx context.Context, req *metadata.Request) (kafka.Response, error) {
	if b.metadata != nil {
		if err := b.metadata(ctx); err != nil {
			return nil, err
		}
	}
	topic := metadata.ResponseTopic{Name: req.TopicNames[0]}
	if b.unknown[topic.Name] {
		topic.ErrorCode = int16(kafka.UnknownTopicOrPartition)
	} else {
		topic.Partitions = make([]metadata.ResponsePartition, b.partitions)
	}
	return &metadata.Response{Topics: []metadata.ResponseTopic{topic}}, nil
}

func (b *fakeBroker) append(ctx context.Context, req *produce.Request) (kafka.Response, error) {
	if len(req.Topics) == 0 {
		return nil, errors.New("fake broker: a request with nothing in it")
	}
	t := &req.Topics[0]
	p := &t.Partitions[0]
	values, err := readValues(p.RecordSet.Records)
	if err != nil {
		return nil, err
	}
	at := place{t.Topic, int(p.Partition)}
	b.mu.Lock()
	b.attempts++
	n := b.attempts
	b.mu.Unlock()
	var a answer
	if b.produce != nil {
		a = b.produce(ctx, batch{at, values, n})
	}
	if a.err != nil {
		return nil, a.err
	}
	base := b.store(at, values, a.code)
	return &produce.Response{
		ThrottleTimeMs: a.throttle,
		Topics: []produce.ResponseTopic{{Topic: t.Topic, Partitions: []produce.ResponsePartition{{
			Partition: p.Partition, ErrorCode: int16(a.code), BaseOffset: base,
		}}}},
	}, nil
}

// store appends the values unless code refuses them, and returns the first offset.
func (b *fakeBroker) store(at place, values []string, code kafka.Error) int64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	base := len(b.stored[at])
	if code == 0 {
		b.stored[at] = append(b.stored[at], values...)
	}
	return int64(base)
}

// values returns all that is stored, by partition in order.
func (b *fakeBroker) values(topic string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []string
	for p := range b.partitions {
		all = append(all, b.stored[place{topic, p}]...)
	}
	return all
}

func readValues(r protocol.RecordReader) ([]string, error) {
	var values []string
	for {
		rec, err := r.ReadRecord()
		if errors.Is(err, io.EOF) {
			return values, nil
		}
		if err != nil {
			return nil, err
		}
		v, err := protocol.ReadAll(rec.Value)
		if err != nil {
			return nil, err
		}
		values = append(values, string(v))
	}
}

// A quickBroker acknowledges everything and keeps nothing, so that what is
// measured is the writer.
type quickBroker struct {
	topic   *metadata.Response
	written *produce.Response
}

func newQuickBroker() *quickBroker {
	return &quickBroker{
		topic: &metadata.Response{Topics: []metadata.ResponseTopic{
			{Name: "t", Partitions: make([]metadata.ResponsePartition, 1)},
		}},
		written: &produce.Response{Topics: []produce.ResponseTopic{
			{Topic: "t", Partitions: make([]produce.ResponsePartition, 1)},
		}},
	}
}

func (b *quickBroker) RoundTrip(_ context.Context, _ net.Addr, req kafka.Request) (kafka.Response, error) {
	if _, ok := req.(*metadata.Request); ok {
		return b.topic, nil
	}
	return b.written, nil
}
