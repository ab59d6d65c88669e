package kafkastore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	fetchapi "github.com/segmentio/kafka-go/protocol/fetch"
)

// message is a record as it was read. A nil value is a tombstone.
type message struct {
	offset     int64
	key, value []byte
}

// chunk is what one fetch found in one partition.
type chunk struct {
	place
	err      error
	messages []message
	high     int64 // the offset after the last one that consumers may read
	first    int64 // the oldest there is
	starved  bool  // others may have taken up the room of the answer: ask again
}

// How much to read from each partition, at most; one batch may be larger.
const (
	fetchBytes = 1 << 20
	headBytes  = 32 << 10 // to see what is oldest
)

// maxFetchBytes is how much one answer has, at most.
const maxFetchBytes = 4 << 20

// fetch reads from positions, which one broker leads, and waits up to wait for
// something to read. Client.Fetch would read one partition at a time, on a
// connection each.
func (s *Store) fetch(ctx context.Context, positions map[place]int64, size int32, wait time.Duration) ([]chunk, error) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.timeout+wait)
	defer cancel()
	m, err := s.client.Transport.RoundTrip(ctx, s.client.Addr, fetchRequest(positions, size, wait))
	if err != nil {
		return nil, fmt.Errorf("kafkastore: fetch: %w", cause(ctx, err))
	}
	resp := m.(*fetchapi.Response)
	if resp.ErrorCode != 0 {
		return nil, fmt.Errorf("kafkastore: fetch: %w", kafka.Error(resp.ErrorCode))
	}
	var chunks []chunk
	for _, t := range resp.Topics {
		for i := range t.Partitions {
			p := &t.Partitions[i]
			at := place{t.Topic, int(p.Partition)}
			chunks = append(chunks, readChunk(at, positions[at], p))
		}
	}
	markStarved(chunks)
	return chunks, nil
}

// markStarved marks chunks that have nothing where others have: what an answer has is
// bounded, but not to less than one batch, if there is any.
func markStarved(chunks []chunk) {
	empty := func(c chunk) bool { return len(c.messages) == 0 }
	if !slices.ContainsFunc(chunks, func(c chunk) bool { return !empty(c) }) {
		return
	}
	for i := range chunks {
		chunks[i].starved = empty(chunks[i])
	}
}

func fetchRequest(positions map[place]int64, size int32, wait time.Duration) *fetchapi.Request {
	topics := make(map[string]*fetchapi.RequestTopic)
	for at, offset := range positions {
		t := topics[at.topic]
		if t == nil {
			t = &fetchapi.RequestTopic{Topic: at.topic}
			topics[at.topic] = t
		}
		t.Partitions = append(t.Partitions, fetchapi.RequestPartition{
			Partition:          int32(at.partition),
			CurrentLeaderEpoch: -1,
			FetchOffset:        offset,
			LogStartOffset:     -1,
			PartitionMaxBytes:  size,
		})
	}
	req := &fetchapi.Request{
		ReplicaID:    -1, // a consumer
		MaxWaitTime:  int32(wait.Milliseconds()),
		MinBytes:     1,
		MaxBytes:     maxFetchBytes,
		SessionID:    -1, // no session: the positions change all the time
		SessionEpoch: -1,
	}
	for _, t := range topics {
		req.Topics = append(req.Topics, *t)
	}
	return req
}

func readChunk(at place, from int64, p *fetchapi.ResponsePartition) chunk {
	c := chunk{place: at, high: p.HighWatermark, first: p.LogStartOffset}
	if p.ErrorCode != 0 {
		c.err = kafka.Error(p.ErrorCode)
		return c
	}
	if p.RecordSet.Records == nil {
		return c
	}
	for {
		r, err := p.RecordSet.Records.ReadRecord()
		if errors.Is(err, io.EOF) {
			return c
		}
		if err != nil {
			c.err = fmt.Errorf("read a record: %w", err)
			return c
		}
		m, err := readMessage(r)
		if err != nil {
			c.err = err
			return c
		}
		if m.offset >= from { // brokers return whole batches
			c.messages = append(c.messages, m)
		}
	}
}

func readMessage(r *protocol.Record) (m message, err error) {
	m.offset = r.Offset
	if m.key, err = readBytes(r.Key); err == nil {
		m.value, err = readBytes(r.Value)
	}
	if err != nil {
		return m, fmt.Errorf("read a record: %w", err)
	}
	return m, nil
}

func readBytes(b protocol.Bytes) ([]byte, error) {
	if b == nil {
		return nil, nil
	}
	data, err := protocol.ReadAll(b)
	return data, errors.Join(err, b.Close())
}
