package kafkax

import (
	"context"
	"fmt"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/metadata"
)

// A lagPartitionID names a partition.
type lagPartitionID struct {
	topic     string
	partition int32
}

// A lagLayout knows the leader of each partition; -1 where there is none. A topic
// that isn't in it doesn't exist, or not for us.
type lagLayout map[string][]int32

// layout returns the partitions of topics, as the transport remembers them: a change
// shows when it has refreshed its metadata, after 6 seconds at most by default. It
// returns nil if nothing could be learned. A topic that can't be described for another
// reason than that it doesn't exist is an error, and isn't in the layout.
func (w *lagWire) layout(ctx context.Context, topics []string) (lagLayout, []error) {
	if len(topics) == 0 {
		return lagLayout{}, nil
	}
	res, err := lagAsk[*metadata.Response](ctx, w, func(int) protocol.Message {
		return &metadata.Request{TopicNames: topics}
	})
	if err != nil {
		return nil, []error{fmt.Errorf("kafkax: metadata: %w", err)}
	}
	return readLayout(res)
}

func readLayout(res *metadata.Response) (lagLayout, []error) {
	layout := make(lagLayout, len(res.Topics))
	var errs []error
	for i := range res.Topics {
		t := &res.Topics[i]
		switch code := kafka.Error(t.ErrorCode); code {
		case 0, kafka.LeaderNotAvailable:
			layout[t.Name] = leadersOf(t.Partitions)
		case kafka.UnknownTopicOrPartition:
		default:
			errs = append(errs, fmt.Errorf("kafkax: metadata of topic %q: %w", t.Name, code))
		}
	}
	return layout, errs
}

func leadersOf(partitions []metadata.ResponsePartition) []int32 {
	leaders := make([]int32, len(partitions))
	for i := range leaders {
		leaders[i] = -1
	}
	for i := range partitions {
		if p := &partitions[i]; int(p.PartitionIndex) < len(leaders) && p.PartitionIndex >= 0 {
			leaders[p.PartitionIndex] = p.LeaderID
		}
	}
	return leaders
}

// has reports whether the partition exists.
func (l lagLayout) has(id lagPartitionID) bool {
	leaders, ok := l[id.topic]
	return ok && int(id.partition) < len(leaders)
}

// leader returns the broker that leads a partition, or -1.
func (l lagLayout) leader(id lagPartitionID) int32 {
	if !l.has(id) {
		return -1
	}
	return l[id.topic][id.partition]
}
