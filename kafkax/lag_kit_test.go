package kafkax_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/describegroups"
	"github.com/segmentio/kafka-go/protocol/findcoordinator"
	"github.com/segmentio/kafka-go/protocol/listoffsets"
	"github.com/segmentio/kafka-go/protocol/metadata"
	"github.com/segmentio/kafka-go/protocol/offsetfetch"
)

// A fakeLagKafka is a broker without a socket. It reads each request from the bytes
// that kafka-go would send.
type fakeLagKafka struct {
	mu         sync.Mutex
	partitions int32
	end        map[string]int64 // of each partition, by topic
	committed  map[string]int64 // by topic
	state      string           // of every group
	latency    time.Duration
	err        error
	broken     string // the topic whose logs can't be read
	asked      int
}

func newFakeLagKafka() *fakeLagKafka {
	return &fakeLagKafka{partitions: 1, state: "Stable", end: make(map[string]int64), committed: make(map[string]int64)}
}

func (k *fakeLagKafka) RoundTrip(ctx context.Context, _ net.Addr, req kafka.Request) (kafka.Response, error) {
	k.mu.Lock()
	latency, err := k.latency, k.err
	k.asked++
	k.mu.Unlock()
	select {
	case <-time.After(latency):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := protocol.WriteRequest(&b, req.ApiKey().MaxVersion(), 1, "", req); err != nil {
		return nil, err
	}
	_, _, _, read, err := protocol.ReadRequest(&b)
	if err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.answer(read)
}

func (k *fakeLagKafka) answer(req protocol.Message) (protocol.Message, error) {
	switch req := req.(type) {
	case *metadata.Request:
		return k.metadata(req), nil
	case *findcoordinator.Request:
		return &findcoordinator.Response{NodeID: 1}, nil
	case *describegroups.Request:
		res := new(describegroups.Response)
		for _, id := range req.Groups {
			res.Groups = append(res.Groups, describegroups.ResponseGroup{GroupID: id, GroupState: k.state, Members: make([]describegroups.ResponseGroupMember, 1)})
		}
		return res, nil
	case *offsetfetch.Request:
		return k.commits(), nil
	case *listoffsets.Request:
		return k.offsets(req), nil
	}
	return nil, fmt.Errorf("fake: unexpected %T", req)
}

func (k *fakeLagKafka) metadata(req *metadata.Request) *metadata.Response {
	res := &metadata.Response{Brokers: []metadata.ResponseBroker{{NodeID: 1}}}
	for _, name := range req.TopicNames {
		t := metadata.ResponseTopic{Name: name, ErrorCode: int16(kafka.UnknownTopicOrPartition)}
		if _, ok := k.end[name]; ok {
			t.ErrorCode = 0
			for p := range k.partitions {
				t.Partitions = append(t.Partitions, metadata.ResponsePartition{PartitionIndex: p, LeaderID: 1})
			}
		}
		res.Topics = append(res.Topics, t)
	}
	return res
}

func (k *fakeLagKafka) commits() *offsetfetch.Response {
	res := new(offsetfetch.Response)
	for topic, offset := range k.committed {
		t := offsetfetch.ResponseTopic{Name: topic}
		for p := range k.partitions {
			t.Partitions = append(t.Partitions, offsetfetch.ResponsePartition{PartitionIndex: p, CommittedOffset: offset})
		}
		res.Topics = append(res.Topics, t)
	}
	return res
}

func (k *fakeLagKafka) offsets(req *listoffsets.Request) *listoffsets.Response {
	res := new(listoffsets.Response)
	for _, t := range req.Topics {
		answer := listoffsets.ResponseTopic{Topic: t.Topic}
		for _, p := range t.Partitions {
			of := listoffsets.ResponsePartition{Partition: p.Partition, Timestamp: -1}
			if p.Timestamp == kafka.LastOffset {
				of.Offset = k.end[t.Topic]
			}
			if t.Topic == k.broken {
				of.ErrorCode = int16(kafka.LeaderNotAvailable)
			}
			answer.Partitions = append(answer.Partitions, of)
		}
		res.Topics = append(res.Topics, answer)
	}
	return res
}
