package topn_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/ycvk/tinybook/topn"
)

// exampleClient stands for the client that a service has anyway.
func exampleClient() (rdb *redis.Client, stop func()) {
	server, err := miniredis.Run()
	if err != nil {
		panic(err)
	}
	return redis.NewClient(&redis.Options{Addr: server.Addr()}), server.Close
}

// mostLiked stands for SELECT id, likes, version FROM articles ORDER BY likes DESC,
// id LIMIT n.
func mostLiked(_ context.Context, n int) ([]topn.Entry[int64], error) {
	rows := []topn.Entry[int64]{
		{Member: 7, Score: 30, Version: 30},
		{Member: 3, Score: 20, Version: 24},
		{Member: 5, Score: 20, Version: 20},
	}
	return rows[:min(n, len(rows))], nil
}

func printTop(items []topn.Item[int64]) {
	for _, item := range items {
		fmt.Println(item.Rank, item.Member, item.Score)
	}
}

// A board is read from the database once, and then follows the events.
func Example() {
	rdb, stop := exampleClient()
	defer stop()
	board, err := topn.New(rdb, "likes", topn.Int64Codec(), mostLiked, topn.WithTick(10*time.Millisecond))
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- board.Run(ctx) }()

	first, err := board.Load(ctx, 3) // waits while the board is cold
	if err != nil {
		panic(err)
	}
	printTop(first.Items)

	_, err = board.Apply(ctx, topn.Entry[int64]{Member: 5, Score: 31, Version: 31})
	if err != nil {
		panic(err)
	}
	for board.Top(1)[0].Member != 5 { // a tick, for every process
		time.Sleep(time.Millisecond)
	}
	fmt.Println()
	printTop(board.Top(2))
	cancel()
	fmt.Println(<-done)
	// Output:
	// 1 7 30
	// 2 3 20
	// 3 5 20
	//
	// 1 5 31
	// 2 7 30
	// <nil>
}

// Events that come twice, or too late, change nothing.
func ExampleBoard_Apply() {
	rdb, stop := exampleClient()
	defer stop()
	board, err := topn.New(rdb, "likes", topn.Int64Codec(), mostLiked)
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	if err := board.Rebuild(ctx); err != nil {
		panic(err)
	}
	for _, e := range []topn.Entry[int64]{
		{Member: 3, Score: 22, Version: 26},
		{Member: 3, Score: 21, Version: 25}, // was overtaken
		{Member: 3, Score: 22, Version: 26}, // once more
	} {
		applied, err := board.Apply(ctx, e)
		if err != nil {
			panic(err)
		}
		fmt.Println(applied)
	}
	// Output:
	// 1
	// 0
	// 0
}

// An article that was withdrawn leaves the board, and an older like doesn't bring
// it back.
func ExampleBoard_Remove() {
	rdb, stop := exampleClient()
	defer stop()
	board, err := topn.New(rdb, "likes", topn.Int64Codec(), mostLiked)
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	if err := board.Rebuild(ctx); err != nil {
		panic(err)
	}
	_, err = board.Remove(ctx, topn.Entry[int64]{Member: 7, Version: 32})
	if err != nil {
		panic(err)
	}
	late, err := board.Apply(ctx, topn.Entry[int64]{Member: 7, Score: 31, Version: 31})
	if err != nil {
		panic(err)
	}
	fmt.Println(late)
	// Output:
	// 0
}

// A batch of a log counts once. One that was cut in another place is cut again.
func ExampleBoard_IncrBatch() {
	rdb, stop := exampleClient()
	defer stop()
	none := func(context.Context, int) ([]topn.Entry[string], error) { return nil, nil }
	board, err := topn.New(rdb, "reads", topn.StringCodec(), none, topn.WithMode(topn.Counter))
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	if err := board.Rebuild(ctx); err != nil {
		panic(err)
	}
	one := map[string]float64{"go": 2, "redis": 1}
	for range 2 {
		if err := board.IncrBatch(ctx, one, &topn.Position{Stream: "reads/0", First: 0, Last: 2}); err != nil {
			panic(err)
		}
	}
	err = board.IncrBatch(ctx, one, &topn.Position{Stream: "reads/0", First: 2, Last: 4})
	if overlap, ok := errors.AsType[*topn.OverlapError](err); ok {
		fmt.Println("counted up to", overlap.Mark)
	}
	mark, ok, err := board.Watermark(ctx, "reads/0")
	fmt.Println(mark, ok, err)
	// Output:
	// counted up to 2
	// 2 true <nil>
}

// A snapshot says how good it is.
func ExampleBoard_Snapshot() {
	rdb, stop := exampleClient()
	defer stop()
	board, err := topn.New(rdb, "likes", topn.Int64Codec(), mostLiked)
	if err != nil {
		panic(err)
	}
	fmt.Println(board.Snapshot().From)
	if _, err := board.Load(context.Background(), 0); err != nil {
		panic(err)
	}
	s := board.Snapshot()
	rank, ok := s.RankOf(3)
	fmt.Println(s.From, s.Stale, rank, ok)
	// Output:
	// nothing
	// redis false 2 true
}
