package realkafka_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// A truth asks the brokers with a client of another make than the one under test.
type truth struct {
	t     testing.TB
	c     *kgo.Client
	addrs []string
}

func askTruth(t testing.TB, addrs ...string) truth {
	t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(addrs...), kgo.MetadataMinAge(50*time.Millisecond))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return truth{t, c, addrs}
}

// of is the same truth for another test.
func (tr truth) of(t testing.TB) truth { return truth{t, tr.c, tr.addrs} }

// try sends a request to whichever brokers it concerns.
func try[R kmsg.Response](tr truth, req kmsg.Request) (R, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	resp, err := tr.c.Request(ctx, req)
	if err != nil {
		var none R
		return none, err
	}
	return resp.(R), nil
}

func do[R kmsg.Response](tr truth, req kmsg.Request) R {
	tr.t.Helper()
	resp, err := try[R](tr, req)
	require.NoError(tr.t, err)
	return resp
}

// createTopic makes a topic with that many partitions, led by the brokers in turn, and
// as many copies as there are brokers. It returns when they serve it, and groups too:
// a broker makes the topic of their offsets when it is first asked for one.
func (tr truth) createTopic(name string, partitions int) {
	tr.t.Helper()
	req := kmsg.NewPtrCreateTopicsRequest()
	topic := kmsg.NewCreateTopicsRequestTopic()
	topic.Topic, topic.NumPartitions, topic.ReplicationFactor = name, int32(partitions), -1
	req.Topics = append(req.Topics, topic)
	resp := do[*kmsg.CreateTopicsResponse](tr, req)
	require.NoError(tr.t, kerr.ErrorForCode(resp.Topics[0].ErrorCode))
	await(tr.t, "partitions have leaders that know it", func() bool {
		_, err := tr.tryOffsets(name, partitions, logEnd)
		return err == nil && len(tr.leaders(name)) == partitions
	})
	await(tr.t, "groups have a coordinator that knows it", func() bool {
		_, err := tr.tryCommitted("nobody", name, partitions)
		return err == nil
	})
}

// leaders returns the brokers that lead a topic's partitions; those that none leads
// are left out.
func (tr truth) leaders(topic string) map[int]int {
	tr.t.Helper()
	leaders := make(map[int]int)
	for _, p := range tr.describe(topic) {
		if p.ErrorCode == 0 && p.Leader >= 0 {
			leaders[int(p.Partition)] = int(p.Leader)
		}
	}
	return leaders
}

func (tr truth) describe(topic string) []kmsg.MetadataResponseTopicPartition {
	tr.t.Helper()
	req := kmsg.NewPtrMetadataRequest()
	t := kmsg.NewMetadataRequestTopic()
	t.Topic = new(topic)
	req.Topics = append(req.Topics, t)
	return do[*kmsg.MetadataResponse](tr, req).Topics[0].Partitions
}

// copies is how many copies of a topic's partitions are up to date.
func (tr truth) copies(topic string) (n int) {
	tr.t.Helper()
	for _, p := range tr.describe(topic) {
		n += len(p.ISR)
	}
	return n
}

const (
	logStart = -2
	logEnd   = -1
)

// offsets returns where each partition's log starts or ends.
func (tr truth) offsets(topic string, partitions int, at int64) []int64 {
	tr.t.Helper()
	out, err := tr.tryOffsets(topic, partitions, at)
	require.NoError(tr.t, err)
	return out
}

func (tr truth) tryOffsets(topic string, partitions int, at int64) ([]int64, error) {
	req := kmsg.NewPtrListOffsetsRequest()
	t := kmsg.NewListOffsetsRequestTopic()
	t.Topic = topic
	for i := range partitions {
		p := kmsg.NewListOffsetsRequestTopicPartition()
		p.Partition, p.Timestamp = int32(i), at
		t.Partitions = append(t.Partitions, p)
	}
	req.Topics = append(req.Topics, t)
	out := make([]int64, partitions)
	resp, err := try[*kmsg.ListOffsetsResponse](tr, req)
	if err != nil {
		return nil, err
	}
	for _, t := range resp.Topics {
		for _, p := range t.Partitions {
			if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
				return nil, err
			}
			out[p.Partition] = p.Offset
		}
	}
	return out, nil
}

// messages is how many messages a topic holds.
func (tr truth) messages(topic string, partitions int) int64 {
	tr.t.Helper()
	starts, sum := tr.offsets(topic, partitions, logStart), int64(0)
	for i, end := range tr.offsets(topic, partitions, logEnd) {
		sum += end - starts[i]
	}
	return sum
}

// committed returns what a group has committed of each partition; -1 is nothing.
func (tr truth) committed(group, topic string, partitions int) []int64 {
	tr.t.Helper()
	out, err := tr.tryCommitted(group, topic, partitions)
	require.NoError(tr.t, err)
	return out
}

func (tr truth) tryCommitted(group, topic string, partitions int) ([]int64, error) {
	req := kmsg.NewPtrOffsetFetchRequest()
	g := kmsg.NewOffsetFetchRequestGroup()
	g.Group = group
	t := kmsg.NewOffsetFetchRequestGroupTopic()
	t.Topic = topic
	for i := range partitions {
		t.Partitions = append(t.Partitions, int32(i))
	}
	g.Topics = append(g.Topics, t)
	req.Groups = append(req.Groups, g)
	resp, err := try[*kmsg.OffsetFetchResponse](tr, req)
	if err != nil {
		return nil, err
	}
	if err := kerr.ErrorForCode(resp.Groups[0].ErrorCode); err != nil {
		return nil, err
	}
	out := make([]int64, partitions)
	for _, p := range resp.Groups[0].Topics[0].Partitions {
		if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
			return nil, err
		}
		out[p.Partition] = p.Offset
	}
	return out, nil
}

// lag is how many messages of each partition a group has still to read.
func (tr truth) lag(group, topic string, partitions int) []int64 {
	tr.t.Helper()
	lag := make([]int64, partitions)
	commits, starts := tr.committed(group, topic, partitions), tr.offsets(topic, partitions, logStart)
	for i, end := range tr.offsets(topic, partitions, logEnd) {
		lag[i] = end - max(commits[i], starts[i])
	}
	return lag
}

// values reads a topic from its start to its end, and counts each value.
func (tr truth) values(topic string, partitions int) map[string]int {
	tr.t.Helper()
	want := tr.messages(topic, partitions)
	from := make(map[int32]kgo.Offset)
	for i := range partitions {
		from[int32(i)] = kgo.NewOffset().AtStart()
	}
	tr.c.AddConsumePartitions(map[string]map[int32]kgo.Offset{topic: from})
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	seen := make(map[string]int)
	for n := int64(0); n < want; {
		fetches := tr.c.PollFetches(ctx)
		require.NoError(tr.t, ctx.Err(), "%d of %d messages", n, want)
		fetches.EachRecord(func(r *kgo.Record) {
			seen[string(r.Value)]++
			n++
		})
	}
	return seen
}

// deleteBefore deletes a partition's messages below an offset.
func (tr truth) deleteBefore(topic string, partition int, offset int64) {
	tr.t.Helper()
	req := kmsg.NewPtrDeleteRecordsRequest()
	req.TimeoutMillis = 10_000
	t := kmsg.NewDeleteRecordsRequestTopic()
	t.Topic = topic
	p := kmsg.NewDeleteRecordsRequestTopicPartition()
	p.Partition, p.Offset = int32(partition), offset
	t.Partitions = append(t.Partitions, p)
	req.Topics = append(req.Topics, t)
	resp := do[*kmsg.DeleteRecordsResponse](tr, req)
	require.NoError(tr.t, kerr.ErrorForCode(resp.Topics[0].Partitions[0].ErrorCode))
}

// timeOf returns the timestamp of the message at an offset.
func (tr truth) timeOf(topic string, partition int, offset int64) time.Time {
	tr.t.Helper()
	c, err := kgo.NewClient(kgo.SeedBrokers(tr.addrs...), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{
		topic: {int32(partition): kgo.NewOffset().At(offset)},
	}))
	require.NoError(tr.t, err)
	defer c.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	records := c.PollRecords(ctx, 1).Records()
	require.NotEmpty(tr.t, records)
	require.Equal(tr.t, offset, records[0].Offset)
	return records[0].Timestamp
}

// deleteTopic returns when the brokers know it no more.
func (tr truth) deleteTopic(name string) {
	tr.t.Helper()
	req := kmsg.NewPtrDeleteTopicsRequest()
	req.TimeoutMillis = 10_000
	req.TopicNames = []string{name}
	t := kmsg.NewDeleteTopicsRequestTopic()
	t.Topic = new(name)
	req.Topics = append(req.Topics, t)
	resp := do[*kmsg.DeleteTopicsResponse](tr, req)
	require.NoError(tr.t, kerr.ErrorForCode(resp.Topics[0].ErrorCode))
	await(tr.t, "the topic is gone", func() bool { return len(tr.leaders(name)) == 0 })
}
