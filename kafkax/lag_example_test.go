package kafkax_test

import (
	"context"
	"fmt"
	"net"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"

	"github.com/ycvk/tinybook/kafkax"
)

// A LagCollector is registered, and run until the program ends.
func ExampleNewLagCollector() {
	client := &kafka.Client{Addr: kafka.TCP("localhost:9092"), Transport: &kafka.Transport{}}
	lag, err := kafkax.NewLagCollector(client,
		[]kafkax.Group{{ID: "billing", Topics: []string{"orders"}}, {ID: "search"}},
		kafkax.WithExactAge(10))
	if err != nil {
		fmt.Println(err)
		return
	}
	prometheus.NewRegistry().MustRegister(lag)

	ctx, stop := context.WithCancel(context.Background())
	stop() // at the end of the program
	fmt.Println(lag.Run(ctx))
	// Output: <nil>
}

func ExampleLagCollector_Poll() {
	broker := newFakeLagKafka() // here a test's; a kafka.Transport otherwise
	broker.end["orders"], broker.committed["orders"] = 1200, 1150
	client := &kafka.Client{Addr: &net.TCPAddr{}, Transport: broker}

	lag, err := kafkax.NewLagCollector(client, []kafkax.Group{{ID: "billing"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	snapshot, err := lag.Poll(context.Background())
	if err != nil {
		fmt.Println("some of it is missing:", err)
	}
	for _, p := range snapshot.Partitions {
		fmt.Printf("%s on %s/%d: %d unread, %v\n", p.Group, p.Topic, p.Partition, p.Messages, p.Status)
	}
	// Output: billing on orders/0: 50 unread, unknown
}

func ExampleEvaluate() {
	// The commit stays where it is while the log grows, and the group has a member.
	samples, now := window(1, steady(kafkax.StatusWindow, [3]int64{0, 50, 10}, [3]int64{0, 5, 0})...)
	fmt.Println(kafkax.Evaluate(samples, now))
	// Output: stalled
}
