package topn_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/topn"
)

// An endless reader returns n messages, and ends the Consume when they are committed.
type endless struct {
	offset, n int64
	end       context.CancelFunc
}

func (r *endless) FetchMessage(ctx context.Context) (kafka.Message, error) {
	if r.offset == r.n {
		<-ctx.Done()
		return kafka.Message{}, ctx.Err()
	}
	m := kafka.Message{Topic: likes, Partition: int(r.offset % 4), Offset: r.offset / 4}
	r.offset++
	return m, nil
}

func (r *endless) CommitMessages(context.Context, ...kafka.Message) error {
	if r.offset == r.n {
		r.end()
	}
	return nil
}

// BenchmarkConsume applies 10,000 messages of four partitions each time, on a real
// server.
func BenchmarkConsume(b *testing.B) {
	zipf := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.1, 1, 9999)
	members := make([]int64, 1<<16)
	for i := range members {
		members[i] = int64(zipf.Uint64())
	}
	decode := func(m kafka.Message) (topn.Event[int64], error) {
		return topn.Event[int64]{Member: members[(m.Offset*4+int64(m.Partition))%int64(len(members))], Delta: 1}, nil
	}
	const messages = 10_000
	for _, batch := range []int{1, 100, 1000, 10_000} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			board := likesBoard(b, realBoardServer(b), counter)
			r := &endless{}
			b.ReportAllocs()
			for b.Loop() {
				var ctx context.Context
				ctx, r.end = context.WithCancel(b.Context())
				r.n += messages
				// The interval is for the last batch, which isn't full.
				require.NoError(b, topn.Consume(ctx, r, board, decode, topn.WithBatch(batch), topn.WithInterval(time.Millisecond)))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(r.n), "ns/message")
		})
	}
}

// BenchmarkBoardsGet finds one of a thousand boards in memory.
func BenchmarkBoardsGet(b *testing.B) {
	rdb, s := realBoardServer(b), newShop()
	boards := runBoards(b, rdb, s, topn.WithCapacity(10_000))
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = fmt.Sprint(i)
		getBoard(b, boards, keys[i])
	}
	b.Run("keys=1", func(b *testing.B) { benchmarkGet(b, boards, keys[:1]) })
	b.Run("keys=1000", func(b *testing.B) { benchmarkGet(b, boards, keys) })
}

func benchmarkGet(b *testing.B, boards *topn.Boards[int64], keys []string) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			board, err := boards.Get(b.Context(), keys[i%len(keys)])
			if err != nil || len(board.Top(10)) == 0 {
				b.Errorf("an empty board: %v", err)
				return
			}
		}
	})
}
