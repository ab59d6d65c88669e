package kafkax

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/listoffsets"
)

// A lagLogReading is what one poll read of a partition's log.
type lagLogReading struct {
	start, end int64
	at         time.Time // when the end was known
	err        error
}

type lagLogs map[lagPartitionID]lagLogReading

// readLogs reads where the logs of the partitions start and end, each from its
// leader. Partitions that the leader doesn't know of are left out.
func (w *lagWire) readLogs(ctx context.Context, layout lagLayout, ids []lagPartitionID) (lagLogs, []error) {
	byLeader := make(map[int32][]lagPartitionID)
	for _, id := range ids {
		leader := layout.leader(id)
		byLeader[leader] = append(byLeader[leader], id)
	}
	var mu sync.Mutex // guards logs
	logs := make(lagLogs, len(ids))
	var wg sync.WaitGroup
	for leader, ids := range byLeader {
		wg.Go(func() {
			read := w.readLeader(ctx, leader, ids)
			mu.Lock()
			defer mu.Unlock()
			maps.Copy(logs, read)
		})
	}
	wg.Wait()
	maps.DeleteFunc(logs, func(_ lagPartitionID, r lagLogReading) bool {
		return errors.Is(r.err, kafka.UnknownTopicOrPartition)
	})
	return logs, logs.errors()
}

// readLeader reads the logs of partitions of one leader.
func (w *lagWire) readLeader(ctx context.Context, leader int32, ids []lagPartitionID) lagLogs {
	if leader < 0 {
		return lagLogsFailed(ids, kafka.LeaderNotAvailable)
	}
	logs, err := lagTry(
		func() (lagLogs, error) { return w.ownOffsets(ctx, leader, ids) },
		func() (lagLogs, error) { return w.plainOffsets(ctx, ids) })
	if err != nil {
		return lagLogsFailed(ids, err)
	}
	at := time.Now()
	for _, id := range ids {
		l, ok := logs[id]
		if !ok {
			l.err = errLagUnanswered
		}
		l.at, l.end = at, max(l.start, l.end)
		logs[id] = l
	}
	return logs
}

var errLagUnanswered = errors.New("kafkax: the broker's answer leaves the partition out")

func lagLogsFailed(ids []lagPartitionID, err error) lagLogs {
	logs := make(lagLogs, len(ids))
	for _, id := range ids {
		logs[id] = lagLogReading{err: err}
	}
	return logs
}

// ownOffsets asks for the starts and then for the ends, since Kafka answers only one
// question per partition and request. In this order no end is before its start.
func (w *lagWire) ownOffsets(ctx context.Context, leader int32, ids []lagPartitionID) (lagLogs, error) {
	logs := make(lagLogs, len(ids))
	for _, which := range []int64{kafka.FirstOffset, kafka.LastOffset} {
		req := &lagOffsets{ReplicaID: -1, Topics: lagOffsetTopics(ids, which), lagTo: lagToBroker(protocol.ListOffsets, leader)}
		res, err := lagAsk[*listoffsets.Response](ctx, w, func(int) protocol.Message { return req })
		if err != nil {
			return nil, err
		}
		logs.add(res, which)
	}
	return logs, nil
}

// lagOffsetTopics groups ids by topic.
func lagOffsetTopics(ids []lagPartitionID, which int64) []listoffsets.RequestTopic {
	byTopic := make(map[string][]listoffsets.RequestPartition)
	for _, id := range ids {
		byTopic[id.topic] = append(byTopic[id.topic], listoffsets.RequestPartition{
			Partition: id.partition, CurrentLeaderEpoch: -1, Timestamp: which,
		})
	}
	topics := make([]listoffsets.RequestTopic, 0, len(byTopic))
	for topic, partitions := range byTopic {
		topics = append(topics, listoffsets.RequestTopic{Topic: topic, Partitions: partitions})
	}
	return topics
}

func (l lagLogs) add(res *listoffsets.Response, which int64) {
	for _, t := range res.Topics {
		for _, p := range t.Partitions {
			id := lagPartitionID{t.Topic, p.Partition}
			r := l[id]
			if p.ErrorCode != 0 {
				r.err = kafka.Error(p.ErrorCode)
			}
			if which == kafka.FirstOffset {
				r.start = p.Offset
			} else {
				r.end = p.Offset
			}
			l[id] = r
		}
	}
}

// plainOffsets asks with kafka-go's client: two requests per partition, over as many
// connections as it likes.
func (w *lagWire) plainOffsets(ctx context.Context, ids []lagPartitionID) (lagLogs, error) {
	topics := make(map[string][]kafka.OffsetRequest)
	for _, id := range ids {
		p := int(id.partition)
		topics[id.topic] = append(topics[id.topic], kafka.FirstOffsetOf(p), kafka.LastOffsetOf(p))
	}
	res, err := w.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: topics})
	if err != nil {
		return nil, err
	}
	logs := make(lagLogs, len(ids))
	for topic, partitions := range res.Topics {
		for _, p := range partitions {
			logs[lagPartitionID{topic, int32(p.Partition)}] = lagLogReading{start: p.FirstOffset, end: p.LastOffset, err: p.Error}
		}
	}
	return logs, nil
}

// errors returns one error for each cause: a broker that is away fails many
// partitions alike.
func (l lagLogs) errors() []error {
	byCause := make(map[string]int)
	causes := make(map[string]error)
	for _, r := range l {
		if r.err != nil {
			byCause[r.err.Error()]++
			causes[r.err.Error()] = r.err
		}
	}
	var errs []error
	for _, text := range slices.Sorted(maps.Keys(byCause)) {
		errs = append(errs, fmt.Errorf("kafkax: the logs of %d partitions: %w", byCause[text], causes[text]))
	}
	return errs
}

func topicsOf(ids []lagPartitionID) []string {
	set := make(map[string]struct{})
	for _, id := range ids {
		set[id.topic] = struct{}{}
	}
	return slices.Sorted(maps.Keys(set))
}
