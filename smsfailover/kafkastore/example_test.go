package kafkastore_test

import (
	"context"
	"fmt"
	"log/slog"
	"os/signal"
	"syscall"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/kafkastore"
)

// provider is the company that sends the SMS.
var provider smsfailover.Service

// A service that sends SMS with Kafka as its queue. The workers end before the
// Store does: what they report is recorded then.
func Example() { //nolint:testableexamples // it needs brokers; it compiles, which is what counts
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()

	store, err := kafkastore.New(kafkastore.DefaultConfig("kafka-1:9092", "kafka-2:9092"), nil,
		kafkastore.WithErrors(func(err error) { slog.Warn("sms queue", "error", err) }))
	if err != nil {
		panic(err)
	}
	if err := store.CreateTopics(ctx); err != nil {
		panic(err)
	}
	failover, err := smsfailover.New(provider, store)
	if err != nil {
		panic(err)
	}

	running, end := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- store.Run(running) }()
	if err := failover.Run(ctx); err != nil { // until SIGTERM
		slog.Error("sms workers", "error", err)
	}
	end()
	if err := <-ended; err != nil {
		slog.Error("sms queue", "error", err)
	}
}

// With an index, a second message for a number takes the place of one that waits,
// and the same message twice is sent once.
func ExampleNew_index() {
	// For a queue that outlives its processes, package sqlstore.
	index := smsfailover.NewMemStore()
	store, err := kafkastore.New(kafkastore.DefaultConfig("kafka-1:9092"), index,
		kafkastore.WithHold(time.Minute))
	if err != nil {
		panic(err)
	}
	fmt.Println(store.Stats().Partitions)
	// Output: 0
}

func ExampleWithTiers() {
	_, err := kafkastore.New(kafkastore.DefaultConfig("kafka-1:9092"), nil,
		kafkastore.WithTiers(time.Minute, time.Second))
	fmt.Println(err)
	// Output: kafkastore: WithTiers is [1m0s 1s], want ascending delays of whole milliseconds
}
