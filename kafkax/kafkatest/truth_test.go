package kafkatest_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax/kafkatest"
)

// What the broker says of itself is what a client finds out.
func TestTruthIsWhatClientsFind(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1))
	write(t, writer(t, b, "t"), 10)
	commit(t, b, "g", "t", 4)
	require.NoError(t, b.DeleteRecords("t", 0, 3))

	info, err := b.PartitionInfo("t", 0)
	require.NoError(t, err)
	require.Positive(t, info.Bytes)
	require.Equal(t, kafkatest.PartitionInfo{Start: 3, End: 10, Bytes: info.Bytes}, info)
	resp, err := client(t, b).ListOffsets(t.Context(), &kafka.ListOffsetsRequest{
		Topics: map[string][]kafka.OffsetRequest{"t": {kafka.FirstOffsetOf(0), kafka.LastOffsetOf(0)}},
	})
	require.NoError(t, err)
	require.Equal(t, info.Start, resp.Topics["t"][0].FirstOffset)
	require.Equal(t, info.End, resp.Topics["t"][0].LastOffset)

	group, err := b.GroupInfo("g")
	require.NoError(t, err)
	require.EqualValues(t, 4, group.Committed["t"][0].Offset)
	require.WithinDuration(t, time.Now(), group.Committed["t"][0].At, time.Minute)
	require.Empty(t, group.Members)
}

// The lag is counted from what is there still, and a group that never was has all to
// read.
func TestLag(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1))
	write(t, writer(t, b, "t"), 10)
	commit(t, b, "g", "t", 4)
	for _, tc := range []struct {
		deleted int64
		group   string
		want    int64
	}{{0, "g", 6}, {3, "g", 6}, {3, "nobody", 7}, {8, "g", 2}, {8, "nobody", 2}, {10, "g", 0}} {
		require.NoError(t, b.DeleteRecords("t", 0, tc.deleted))
		lag, err := b.Lag(tc.group, "t")
		require.NoError(t, err)
		require.Equal(t, []int64{tc.want}, lag, "%+v", tc)
	}
}

func TestUnknownIsKafkasError(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1), kafkatest.WithBrokers(2))
	_, err := b.PartitionInfo("t", 1)
	require.ErrorIs(t, err, kafka.UnknownTopicOrPartition)
	_, err = b.PartitionInfos("other")
	require.ErrorIs(t, err, kafka.UnknownTopicOrPartition)
	_, err = b.Lag("g", "other")
	require.ErrorIs(t, err, kafka.UnknownTopicOrPartition)
	_, err = b.GroupInfo("g")
	require.ErrorIs(t, err, kafka.GroupIdNotFound)
	require.ErrorIs(t, b.CreateTopic("t", 1), kafka.TopicAlreadyExists)
	for _, name := range []string{"", ".", "..", "x y/", "x\x00", "ö", strings.Repeat("x", 250)} {
		require.ErrorIs(t, b.CreateTopic(name, 1), kafka.InvalidTopic, name)
	}
	require.NoError(t, b.CreateTopic("A-z.0_9"+strings.Repeat("x", 242), 1))
	require.Error(t, b.CreateTopic("other", 0))
	require.ErrorIs(t, b.DeleteTopic("other"), kafka.UnknownTopicOrPartition)
	require.ErrorIs(t, b.DeleteRecords("t", 1, 0), kafka.UnknownTopicOrPartition)
	require.ErrorIs(t, b.DeleteRecords("t", 0, 1), kafka.OffsetOutOfRange)
	require.ErrorIs(t, b.DeleteRecords("t", 0, -1), kafka.OffsetOutOfRange)
	require.ErrorIs(t, b.Move("t", 1, 0), kafka.UnknownTopicOrPartition)
	require.ErrorContains(t, b.Move("t", 0, 2), "broker 2")
	require.NoError(t, b.DeleteTopic("t"))
	_, err = b.PartitionInfo("t", 0)
	require.ErrorIs(t, err, kafka.UnknownTopicOrPartition)
}

// A number that is too great for a partition is no other partition's.
func TestPartitionsAreNotCutShort(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 2))
	write(t, writer(t, b, "t"), 2)
	for _, far := range []int64{-1, math.MaxInt32 + 1, 1 << 32, -1 << 32, 1<<32 + 1, math.MinInt64} {
		p := int(far)
		if int64(p) != far {
			continue // it is no int here
		}
		_, err := b.PartitionInfo("t", p)
		require.ErrorIs(t, err, kafka.UnknownTopicOrPartition, p)
		require.ErrorIs(t, b.DeleteRecords("t", p, 1), kafka.UnknownTopicOrPartition, p)
		require.ErrorIs(t, b.Move("t", p, 0), kafka.UnknownTopicOrPartition, p)
		_, err = b.Fault(kafkatest.Fault{Partitions: []int{p}, Err: kafka.Unknown, Count: 1})
		require.ErrorContains(t, err, fmt.Sprintf("Partitions: %d: want 0 to 2147483647", p))
		require.ErrorContains(t, b.CreateTopic("new", p), fmt.Sprintf("%d partitions: want 1 to 10000", p))
		_, err = kafkatest.Open(kafkatest.WithTopic("new", p))
		require.ErrorContains(t, err, fmt.Sprintf(`WithTopic: "new": %d partitions: want 1 to 10000`, p))
	}
	require.Error(t, b.CreateTopic("new", 10_001))
	require.NoError(t, b.CreateTopic("most", 10_000))
	infos, err := b.PartitionInfos("most")
	require.NoError(t, err)
	require.Len(t, infos, 10_000)
	infos, err = b.PartitionInfos("t")
	require.NoError(t, err)
	for _, info := range infos {
		require.Zero(t, info.Start, "of nothing that is there has anything been deleted")
	}
}

// A partition that moves is written to at its new leader, once clients know.
func TestMove(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1), kafkatest.WithBrokers(3))
	w := writer(t, b, "t")
	for broker := range 3 {
		require.NoError(t, b.Move("t", 0, broker))
		require.Eventually(t, func() bool { return tryWrite(t.Context(), w, 1) == nil }, 10*time.Second, 5*time.Millisecond)
		info, err := b.PartitionInfo("t", 0)
		require.NoError(t, err)
		require.Equal(t, broker, info.Leader)
		require.EqualValues(t, broker+1, info.End)
	}
}

// A group is seen to gather, to share and to dissolve.
func TestGroup(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 4))
	join := func() *kafka.Reader {
		return kafka.NewReader(kafka.ReaderConfig{
			Brokers: b.Addrs(), Topic: "t", GroupID: "g", MaxWait: 50 * time.Millisecond,
			HeartbeatInterval: 20 * time.Millisecond, RebalanceTimeout: 2 * time.Second,
		})
	}
	first := join()
	info, err := b.WaitGroup(t.Context(), "g", 1)
	require.NoError(t, err)
	require.Len(t, info.Members[0].Assigned["t"], 4)
	second := join()
	info, err = b.WaitGroup(t.Context(), "g", 2)
	require.NoError(t, err)
	require.Len(t, info.Members[0].Assigned["t"], 2)
	require.Len(t, info.Members[1].Assigned["t"], 2)
	require.NoError(t, first.Close())
	require.NoError(t, second.Close())
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, context.Canceled)
	defer cancel()
	info, err = b.WaitGroup(ctx, "g", 1)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, "Empty", info.State)
}

// A group that has dissolved has no members, and so has one that never was.
func TestGroupOfNobody(t *testing.T) {
	b := kafkatest.Start(t, kafkatest.WithTopic("t", 1))
	info, err := b.WaitGroup(t.Context(), "nobody", 0)
	require.NoError(t, err)
	require.Empty(t, info)
	commit(t, b, "g", "t", 0)
	info, err = b.WaitGroup(t.Context(), "g", 0)
	require.NoError(t, err)
	require.Equal(t, "Empty", info.State)
	r := kafka.NewReader(kafka.ReaderConfig{Brokers: b.Addrs(), Topic: "t", GroupID: "g", MaxWait: 50 * time.Millisecond})
	_, err = b.WaitGroup(t.Context(), "g", 1)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	info, err = b.WaitGroup(t.Context(), "g", 0)
	require.NoError(t, err)
	require.Empty(t, info.Members)
	_, err = b.WaitGroup(t.Context(), "g", -1)
	require.ErrorContains(t, err, "-1 members: want at least 0")
}
