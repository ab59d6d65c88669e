package kafkastore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	produceapi "github.com/segmentio/kafka-go/protocol/produce"
)

// A batch is written to one partition, all of it or nothing.
type batch struct {
	topic     string
	partition int
	records   []outgoing
	size      int

	err      error     // why it isn't written, or may not be
	base     int64     // the offset of the first record
	appended time.Time // by the brokers' clock; zero if they don't say
}

// outgoing is one record of a batch. A nil value is a tombstone.
type outgoing struct {
	key, value []byte
	enqueued   time.Time // when its job was
}

// maxBatchBytes is what CreateTopics has brokers take.
const maxBatchBytes = 8 << 20

// An effort says what to do about a batch of which it isn't known whether it was
// written. Kafka's way out, the idempotent producer, is not in kafka-go.
type effort uint8

const (
	again   effort = iota // it may come twice: whoever reads it knows by lineage and seq
	once                  // it must not
	briefly               // it must not, and if a broker refuses for now, there is another way
)

const (
	firstPause = 10 * time.Millisecond
	longPause  = 500 * time.Millisecond
)

// produce writes batches and waits until all in-sync replicas have them. It tries
// until it worked, the broker refuses for good, or time is up. The error joins
// those of the batches. kafka.Writer would add goroutines that live until a Close.
func (s *Store) produce(ctx context.Context, batches []*batch, e effort) error {
	if len(batches) == 0 {
		return nil
	}
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	for pause, left := firstPause, batches; ; pause = min(2*pause, longPause) {
		left = s.produceOnce(ctx, left, e)
		if len(left) == 0 || e == briefly && pause > longPause/4 || !sleep(ctx, pause) {
			break // each has the error of its last try
		}
	}
	var errs []error
	for _, b := range batches {
		if b.err != nil {
			errs = append(errs, fmt.Errorf("kafkastore: produce to %q: %w", b.topic, b.err))
		}
	}
	return errors.Join(errs...)
}

// produceOnce sends each leader its batches and returns those to try again.
func (s *Store) produceOnce(ctx context.Context, batches []*batch, e effort) (left []*batch) {
	leaders, err := s.leaders(ctx, s.names.all())
	groups := make(map[int][]*batch)
	for _, b := range batches {
		id, ok := leaders[place{b.topic, b.partition}]
		switch {
		case err != nil:
			b.err = err
			left = append(left, b)
		case !ok:
			b.err = kafka.LeaderNotAvailable
			left = append(left, b)
		default:
			groups[id] = append(groups[id], b)
		}
	}
	for _, group := range groups {
		for _, round := range rounds(group) {
			s.produceTo(ctx, round)
		}
		for _, b := range group {
			if b.err != nil && tryAgain(b.err, e) {
				left = append(left, b)
			}
		}
	}
	return left
}

// tryAgain reports whether another try may help, and does no harm.
func tryAgain(err error, e effort) bool {
	code, ok := errors.AsType[kafka.Error](err)
	if !ok { // the connection broke, or nobody answered in time
		return e == again
	}
	switch code {
	case kafka.RequestTimedOut, kafka.NetworkException, kafka.NotEnoughReplicasAfterAppend, kafka.KafkaStorageError, kafka.Unknown:
		return e == again
	}
	return passing(code)
}

// produceTo sends batches to the one broker that leads all their partitions.
func (s *Store) produceTo(ctx context.Context, batches []*batch) {
	req := &produceapi.Request{Acks: int16(kafka.RequireAll), Timeout: int32(timeLeft(ctx).Milliseconds())}
	for _, b := range batches {
		req.Topics = append(req.Topics, produceapi.RequestTopic{
			Topic: b.topic,
			Partitions: []produceapi.RequestPartition{{
				Partition: int32(b.partition),
				RecordSet: protocol.RecordSet{Records: b.reader(time.Now())},
			}},
		})
	}
	m, err := s.client.Transport.RoundTrip(ctx, s.client.Addr, req)
	if err != nil {
		err = cause(ctx, err)
		for _, b := range batches {
			b.err = err
		}
		return
	}
	results := make(map[place]produceapi.ResponsePartition)
	for _, t := range m.(*produceapi.Response).Topics {
		for _, p := range t.Partitions {
			results[place{t.Topic, int(p.Partition)}] = p
		}
	}
	for _, b := range batches {
		b.take(results)
	}
}

func (b *batch) take(results map[place]produceapi.ResponsePartition) {
	p, ok := results[place{b.topic, b.partition}]
	switch {
	case !ok:
		b.err = kafka.Unknown
	case p.ErrorCode != 0:
		b.err = kafka.Error(p.ErrorCode)
	default:
		b.err, b.base = nil, p.BaseOffset
		if p.LogAppendTime > 0 {
			b.appended = time.UnixMilli(p.LogAppendTime)
		}
	}
}

// reader returns the records of b, which it reads once.
func (b *batch) reader(now time.Time) protocol.RecordReader {
	records := make([]protocol.Record, len(b.records))
	for i, r := range b.records {
		records[i] = protocol.Record{Time: now, Key: protocol.NewBytes(bytes.Clone(r.key))}
		if r.value != nil {
			records[i].Value = protocol.NewBytes(r.value)
		}
	}
	return protocol.NewRecordReader(records...)
}

// batchesOf groups records by where they go, in the order given.
type batchesOf struct {
	last map[place]*batch
	all  []*batch
}

// fullBatch is how large a batch may grow before the next begins: well below what
// brokers take by default.
const fullBatch = 512 << 10

func (g *batchesOf) add(p place, r outgoing) *batch {
	b := g.last[p]
	if b == nil || b.size > fullBatch {
		b = &batch{topic: p.topic, partition: p.partition}
		if g.last == nil {
			g.last = make(map[place]*batch)
		}
		g.last[p] = b
		g.all = append(g.all, b)
	}
	b.size += len(r.key) + len(r.value)
	b.records = append(b.records, r)
	return b
}

// rounds parts batches so that none has two for one partition: a request may not
// name it twice.
func rounds(batches []*batch) (all [][]*batch) {
	nth := make(map[place]int)
	for _, b := range batches {
		at := place{b.topic, b.partition}
		if nth[at] == len(all) {
			all = append(all, nil)
		}
		all[nth[at]] = append(all[nth[at]], b)
		nth[at]++
	}
	return all
}

// wrote takes in what was written.
func (s *Store) wrote(batches []*batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.own != nil {
		s.own.wrote(batches)
	}
}
