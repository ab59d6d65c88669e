package topn_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/topn"
)

// consumeUntil runs a Consume of its own reader until is true.
func consumeUntil(t *testing.T, addr string, b *topn.Board[int64], is func() bool, opts ...topn.ConsumeOption) topn.ConsumeStats {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := newReader(addr)
	var last topn.ConsumeStats
	ended := make(chan error, 1)
	opts = append(opts, topn.WithProgress(func(s topn.ConsumeStats) { last = s }), topn.WithInterval(5*time.Millisecond))
	go func() { ended <- topn.Consume(ctx, r, b, decode, opts...) }()
	poll(t, 60*time.Second, is, "the log is never read")
	cancel()
	require.NoError(t, <-ended)
	require.NoError(t, r.Close())
	return last
}

// remaining returns what the log still has behind the marks of the board.
func remaining(t *testing.T, addr string, b *topn.Board[int64]) (sums map[int64]float64, n int) {
	t.Helper()
	sums = make(map[int64]float64)
	client := &kafka.Client{Addr: kafka.TCP(addr), Timeout: 5 * time.Second}
	for partition := range partitions {
		mark, ok, err := b.Watermark(t.Context(), "likes/"+string(rune('0'+partition)))
		require.NoError(t, err)
		if !ok {
			mark = -1
		}
		ends, err := client.ListOffsets(t.Context(), &kafka.ListOffsetsRequest{
			Topics: map[string][]kafka.OffsetRequest{topic: {kafka.LastOffsetOf(partition)}},
		})
		require.NoError(t, err)
		end := ends.Topics[topic][0].LastOffset
		r := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{addr}, Topic: topic, Partition: partition, MaxWait: 50 * time.Millisecond})
		for at := int64(0); at < end; {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			m, err := r.FetchMessage(ctx)
			cancel()
			if errors.Is(err, context.DeadlineExceeded) {
				break // the last offsets are gone
			}
			require.NoError(t, err)
			at = m.Offset + 1
			if e, err := decode(m); err == nil && m.Offset > mark {
				sums[e.Member] += e.Delta
				n++
			}
		}
		require.NoError(t, r.Close())
	}
	return sums, n
}

// Records that were deleted or compacted away while nobody consumed leave gaps in the
// offsets. What is left counts, once.
func TestLogsWithGaps(t *testing.T) {
	for name, shrink := range map[string]func(t *testing.T, c *kfake.Cluster, addr string){
		"compacted": func(_ *testing.T, c *kfake.Cluster, _ string) { c.Compact() },
		"truncated": func(t *testing.T, _ *kfake.Cluster, addr string) { deleteRecords(t, addr, 120) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broker, addr := startBroker(t, kafka.ConfigEntry{ConfigName: "cleanup.policy", ConfigValue: "compact,delete"})
			rdb := newClient(t, realserver.Redis(t).Addr())
			b := newBoard(t, rdb)
			p := newProducer(t, addr)
			p.write(t, 200)
			consumeUntil(t, addr, b, func() bool { return committed(t, addr) == p.total }, topn.WithBatch(7))
			sameScores(t, p.sums, scoresOf(t, rdb))

			for range 10 {
				p.write(t, 60)
			}
			shrink(t, broker, addr)
			left, n := remaining(t, addr, b)
			require.Less(t, n, 600-60, "the log has gaps")
			require.Positive(t, n)
			want := scoresOf(t, rdb)
			for member, delta := range left {
				want[member] += delta
			}
			s := consumeUntil(t, addr, b, func() bool { return committed(t, addr) == p.total }, topn.WithBatch(7))
			require.Zero(t, s.Replayed)
			sameScores(t, want, scoresOf(t, rdb))
		})
	}
}

// deleteRecords deletes everything before an offset in each partition.
func deleteRecords(t *testing.T, addr string, before int64) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(addr))
	require.NoError(t, err)
	defer client.Close()
	req := kmsg.NewPtrDeleteRecordsRequest()
	rt := kmsg.NewDeleteRecordsRequestTopic()
	rt.Topic = topic
	for partition := range int32(partitions) {
		rp := kmsg.NewDeleteRecordsRequestTopicPartition()
		rp.Partition, rp.Offset = partition, before
		rt.Partitions = append(rt.Partitions, rp)
	}
	req.Topics = append(req.Topics, rt)
	resp, err := req.RequestWith(t.Context(), client)
	require.NoError(t, err)
	for _, p := range resp.Topics[0].Partitions {
		require.Zero(t, p.ErrorCode)
	}
}
