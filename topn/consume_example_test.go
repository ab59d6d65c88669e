package topn_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/segmentio/kafka-go"

	"github.com/ycvk/tinybook/topn"
)

// threeLikes stands for a *kafka.Reader of a consumer group.
type threeLikes struct {
	offset int64
	done   chan struct{}
}

func (r *threeLikes) FetchMessage(ctx context.Context) (kafka.Message, error) {
	if r.offset == 3 {
		<-ctx.Done()
		return kafka.Message{}, ctx.Err()
	}
	r.offset++
	return kafka.Message{Topic: "likes", Offset: r.offset - 1, Value: binary.BigEndian.AppendUint64(nil, 42)}, nil
}

func (r *threeLikes) CommitMessages(_ context.Context, msgs ...kafka.Message) error {
	if msgs[0].Offset == 2 {
		close(r.done)
	}
	return nil
}

// A service applies the likes of a topic to its board. Were it killed anywhere, the next
// process would go on, and none of them count twice.
func ExampleConsume() {
	rdb, stop := exampleClient()
	defer stop()
	board, err := topn.New(rdb, "likes", topn.Int64Codec(), mostLiked, topn.WithMode(topn.Counter))
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if _, err := board.Load(ctx, 1); err != nil {
		panic(err)
	}
	decode := func(m kafka.Message) (topn.Event[int64], error) {
		if len(m.Value) != 8 {
			return topn.Event[int64]{}, errors.New("not the id of an article")
		}
		return topn.Event[int64]{Member: int64(binary.BigEndian.Uint64(m.Value)), Delta: 1}, nil
	}
	reader := &threeLikes{done: make(chan struct{})}
	ended := make(chan error)
	go func() { ended <- topn.Consume(ctx, reader, board, decode) }()
	<-reader.done
	cancel()
	if err := <-ended; err != nil {
		panic(err)
	}

	mark, _, err := board.Watermark(context.Background(), "likes/0")
	if err != nil {
		panic(err)
	}
	fmt.Println("applied up to offset", mark)
	fmt.Println("likes of 42:", rdb.ZScore(context.Background(), "topn:{likes}:board", topn.Int64Codec().Encode(42)).Val())
	// Output:
	// applied up to offset 2
	// likes of 42: 3
}
