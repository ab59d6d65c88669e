package kafkax

import (
	"context"
	"fmt"
	"maps"
	"slices"

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

// layout returns the partitions of topics: as the transport remembers them, or as a
// broker knows them now if fresh is set. A topic that can't be described for another
// reason than that it doesn't exist is an error, and isn't in the layout.
func (w *lagWire) layout(ctx context.Context, topics []string, fresh bool) (lagLayout, []error) {
	if len(topics) == 0 {
		return lagLayout{}, nil
	}
	cached := func() (*metadata.Response, error) {
		return lagAsk[*metadata.Response](ctx, w, func(int) protocol.Message {
			return &metadata.Request{TopicNames: topics}
		})
	}
	current := func() (*metadata.Response, error) {
		return lagAsk[*metadata.Response](ctx, w, func(try int) protocol.Message {
			return &lagMetadata{TopicNames: topics, lagTo: lagToAnyone(protocol.Metadata, try)}
		})
	}
	if !fresh {
		current = cached
	}
	res, err := lagTry(w, current, cached)
	if err != nil {
		return nil, []error{fmt.Errorf("kafkax: metadata: %w", err)}
	}
	return readLayout(res)
}

// knownLayout returns the partitions of topics as the transport remembers them, and
// asks a broker about those that it doesn't know: they may be new. It returns nil if
// nothing could be learned.
func (w *lagWire) knownLayout(ctx context.Context, topics []string) (lagLayout, []error) {
	known, errs := w.layout(ctx, topics, false)
	if known == nil {
		return nil, errs
	}
	missing := slices.DeleteFunc(slices.Clone(topics), func(t string) bool { return known[t] != nil })
	if len(missing) == 0 || len(errs) > 0 {
		return known, errs
	}
	current, errs := w.layout(ctx, missing, true)
	maps.Copy(known, current)
	return known, errs
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
