package topn_test

import (
	"context"
	"fmt"
	"time"

	"github.com/ycvk/tinybook/topn"
)

// One board for each day; the first reader of a day loads it.
func ExampleNewBoards() {
	rdb, stop := exampleClient()
	defer stop()
	// source stands for a query of the likes of that day.
	source := func(_ context.Context, key string, _ int) ([]topn.Entry[int64], error) {
		fmt.Println("load", key)
		return []topn.Entry[int64]{{Member: 7, Score: 30}, {Member: 3, Score: 20}}, nil
	}
	boards, err := topn.NewBoards(rdb, topn.Int64Codec(), source, topn.WithMode(topn.Counter))
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- boards.Run(ctx) }()

	monday := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	for range 1000 {
		board, err := boards.Get(ctx, topn.Day.Key("likes", monday))
		if err != nil {
			panic(err)
		}
		board.Top(2)
	}
	board, err := boards.Get(ctx, topn.Day.Key("likes", monday))
	if err != nil {
		panic(err)
	}
	printTop(board.Top(2))
	cancel()
	if err := <-done; err != nil {
		panic(err)
	}
	// Output:
	// load likes:2026-11-23
	// 1 7 30
	// 2 3 20
}
