package kafkax_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"

	"github.com/ycvk/tinybook/kafkax"
)

// ExampleMetrics_Writer writes through an instrumented writer. The broker here is a
// fake one that refuses a topic; leave Transport out for a real one.
func ExampleMetrics_Writer() {
	metrics, err := kafkax.New()
	if err != nil {
		panic(err)
	}
	prometheus.NewRegistry().MustRegister(metrics) // the one that /metrics shows

	broker := newBroker()
	broker.unknown = map[string]bool{"typo": true}
	w, err := metrics.Writer("likes", &kafka.Writer{
		Addr:         kafka.TCP("localhost:9092"),
		RequiredAcks: kafka.RequireAll,
		BatchTimeout: 10 * time.Millisecond, // a second by default
		Transport:    broker,
	})
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	fmt.Println(w.WriteMessages(ctx, kafka.Message{Topic: "likes", Value: []byte("article 7")}))
	err = w.WriteMessages(ctx, kafka.Message{Topic: "typo", Value: []byte("article 7")})
	fmt.Println(errors.Is(err, kafka.UnknownTopicOrPartition))

	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	fmt.Println(w.CloseContext(ctx))
	// Output:
	// <nil>
	// true
	// <nil>
}

// ExampleWriter_Flush waits for what was written asynchronously, as a batch job does
// before it reports that it is done.
func ExampleWriter_Flush() {
	metrics, err := kafkax.New()
	if err != nil {
		panic(err)
	}
	delivered := 0
	w, err := metrics.Writer("import", &kafka.Writer{
		Addr: kafka.TCP("localhost:9092"), Topic: "articles", RequiredAcks: kafka.RequireAll,
		Async: true, BatchTimeout: 10 * time.Millisecond, Transport: newBroker(),
		Completion: func(msgs []kafka.Message, err error) {
			if err == nil {
				delivered += len(msgs)
			}
		},
	})
	if err != nil {
		panic(err)
	}
	for range 3 {
		if err := w.WriteMessages(context.Background(), kafka.Message{Value: []byte("article")}); err != nil {
			panic(err)
		}
	}
	fmt.Println(w.Flush(context.Background()), delivered)
	fmt.Println(w.Close())
	// Output:
	// <nil> 3
	// <nil>
}

// ExampleReader_Process handles messages until it is told to stop, here before the
// first of them. What the handler can't do at all is written to another topic.
func ExampleReader_Process() {
	metrics, err := kafkax.New()
	if err != nil {
		panic(err)
	}
	dead, err := metrics.Writer("likes-dead", &kafka.Writer{
		Addr: kafka.TCP("localhost:9092"), Topic: "likes-dead", RequiredAcks: kafka.RequireAll, Transport: newBroker(),
	})
	if err != nil {
		panic(err)
	}
	source := kafka.NewReader(kafka.ReaderConfig{
		Brokers: []string{"localhost:9092"},
		Topic:   "likes", // and a GroupID, so that there are commits
	})
	r, err := metrics.Reader("likes", source)
	if err != nil {
		panic(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop() // as a signal would
	err = r.Process(ctx, func(_ context.Context, msg kafka.Message) error {
		fmt.Printf("liked: %s\n", msg.Value)
		return nil
	},
		kafkax.WithCommitEvery(100, time.Second),
		kafkax.WithFailed(func(ctx context.Context, msg kafka.Message, _ error) error {
			return dead.WriteMessages(ctx, kafka.Message{Key: msg.Key, Value: msg.Value})
		}),
	)
	fmt.Println(err, dead.Close(), r.Close())
	// Output: <nil> <nil> <nil>
}
