package kafkatest_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/ycvk/tinybook/kafkax/kafkatest"
)

// A test calls Start(t, ...), which closes the broker at its end.
func Example() {
	broker, err := kafkatest.Open(kafkatest.WithTopic("orders", 3))
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()

	w := &kafka.Writer{
		Addr: broker.Addr(), Topic: "orders",
		RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond,
	}
	defer w.Close()
	msgs := []kafka.Message{{Value: []byte("1")}, {Value: []byte("2")}, {Value: []byte("3")}, {Value: []byte("4")}}
	if err := w.WriteMessages(context.Background(), msgs...); err != nil {
		log.Fatal(err)
	}
	lag, err := broker.Lag("billing", "orders")
	fmt.Println(lag, err)
	// Output: [2 1 1] <nil>
}

// What a retry is for: the broker says twice that it doesn't lead the partition.
func ExampleBroker_Fault() {
	broker, err := kafkatest.Open(kafkatest.WithTopic("orders", 1))
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()
	fault, err := broker.Fault(kafkatest.Fault{
		Requests: []kafkatest.Request{kafkatest.Produce},
		Err:      kafka.NotLeaderForPartition,
		Count:    2,
	})
	if err != nil {
		log.Fatal(err)
	}

	w := &kafka.Writer{
		Addr: broker.Addr(), Topic: "orders", RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond,
		WriteBackoffMin: time.Millisecond, WriteBackoffMax: time.Millisecond,
	}
	defer w.Close()
	err = w.WriteMessages(context.Background(), kafka.Message{Value: []byte("1")})
	info, _ := broker.PartitionInfo("orders", 0)
	fmt.Println(err, fault.Hits(), info.End)
	// Output: <nil> 2 1
}

// Messages that nobody has read yet are deleted, as by retention.
func ExampleBroker_DeleteRecords() {
	broker, err := kafkatest.Open(kafkatest.WithTopic("orders", 1))
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()
	w := &kafka.Writer{
		Addr: broker.Addr(), Topic: "orders", RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond,
	}
	defer w.Close()
	if err := w.WriteMessages(context.Background(), make([]kafka.Message, 100)...); err != nil {
		log.Fatal(err)
	}
	err = broker.DeleteRecords("orders", 0, 60)
	info, _ := broker.PartitionInfo("orders", 0)
	lag, _ := broker.Lag("billing", "orders")
	fmt.Println(err, info.Start, info.End, lag)
	// Output: <nil> 60 100 [40]
}

// A write that no broker has answered yet, and won't when the caller has gone.
func ExampleBroker_Hold() {
	broker, err := kafkatest.Open(kafkatest.WithTopic("orders", 1))
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()
	held, err := broker.Hold(kafkatest.Produce)
	if err != nil {
		log.Fatal(err)
	}
	w := &kafka.Writer{
		Addr: broker.Addr(), Topic: "orders", RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond,
	}
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_ = held.Wait(context.Background(), 1) // comes when the write is under way
		cancel()
	}()
	err = w.WriteMessages(ctx, kafka.Message{Value: []byte("1")})
	fmt.Println("to the caller it failed:", errors.Is(err, context.Canceled))

	held.Remove()
	err = w.Close() // waits for what is under way
	info, _ := broker.PartitionInfo("orders", 0)
	fmt.Println("but it was written:", err, info.End)
	// Output:
	// to the caller it failed: true
	// but it was written: <nil> 1
}

// A restart that keeps what there was, on the same address.
func ExampleBroker_Restart() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	broker, err := kafkatest.Open(kafkatest.WithTopic("orders", 1), kafkatest.WithDataDir(dir))
	if err != nil {
		log.Fatal(err)
	}
	defer broker.Close()
	w := &kafka.Writer{
		Addr: broker.Addr(), Topic: "orders", RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond,
	}
	defer w.Close()
	if err := w.WriteMessages(context.Background(), kafka.Message{Value: []byte("1")}); err != nil {
		log.Fatal(err)
	}
	broker.Stop() // and then what depends on it is looked at
	if err := broker.Restart(); err != nil {
		log.Fatal(err)
	}
	info, err := broker.PartitionInfo("orders", 0)
	fmt.Println(info.End, err)
	// Output: 1 <nil>
}
