package kafkax_test

import (
	"context"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"

	"github.com/ycvk/tinybook/kafkax"
)

// printSeries shows the series of one metric, as a scrape has them.
func printSeries(g prometheus.Gatherer, metric string) {
	families, err := g.Gather()
	if err != nil {
		fmt.Println(err)
		return
	}
	all := make(figures)
	for _, f := range families {
		for _, m := range f.GetMetric() {
			all.add(f.GetName(), m)
		}
	}
	for _, series := range names(only(all, metric)) {
		fmt.Println(series, all[series])
	}
}

// A writer that is set up elsewhere gets metrics without being touched.
func ExampleNewWriterCollector() {
	writer := &kafka.Writer{
		Addr: kafka.TCP("localhost:9092"), Topic: "likes", RequiredAcks: kafka.RequireAll,
		BatchSize: 1, Transport: newBroker(), // leave these out: they are for the example
	}
	defer writer.Close()

	collector, err := kafkax.NewWriterCollector(writer)
	if err != nil {
		fmt.Println(err)
		return
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector)

	if err := writer.WriteMessages(context.Background(), kafka.Message{Value: []byte("42")}); err != nil {
		fmt.Println(err)
	}
	printSeries(registry, "kafka_writer_attempts_total")
	printSeries(registry, "kafka_writer_retries_total")
	// Output:
	// kafka_writer_attempts_total{topic="likes",writer="likes"} 1
	// kafka_writer_retries_total{topic="likes",writer="likes"} 0
}

// Totals are for programs that look at their own figures: they take nothing away
// from a scrape.
func ExampleWriterCollector_Totals() {
	writer := &kafka.Writer{Addr: kafka.TCP("localhost:9092"), Topic: "likes", BatchSize: 1, Transport: newBroker()}
	defer writer.Close()
	collector, err := kafkax.NewWriterCollector(writer)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 3 {
		if err := writer.WriteMessages(context.Background(), kafka.Message{Value: []byte("42")}); err != nil {
			fmt.Println(err)
		}
	}
	totals := collector.Totals()
	fmt.Println(totals.Attempts, "attempts,", totals.AttemptErrors, "errors")
	fmt.Println(collector.Totals().Attempts, "still")
	// Output:
	// 3 attempts, 0 errors
	// 3 still
}

func ExampleNewReaderCollector() {
	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{"localhost:9092"}, Topic: "likes", Partition: 1})
	defer reader.Close()

	collector, err := kafkax.NewReaderCollector(reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector)
	printSeries(registry, "kafka_reader_queue_capacity")
	printSeries(registry, "kafka_reader_fetched_messages")
	fmt.Println(collector.Totals().Fetches, "fetches")
	// Output:
	// kafka_reader_queue_capacity_messages{group="",reader="likes/1"} 100
	// kafka_reader_fetched_messages_total{group="",reader="likes/1"} 0
	// 0 fetches
}

// One collector for many clients that come and go. Two of one name add to the
// same series.
func ExampleMetrics_ObserveWriter() {
	metrics, err := kafkax.New(kafkax.WithNamespace("app"))
	if err != nil {
		fmt.Println(err)
		return
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics)

	for _, topic := range []string{"likes", "reads", "likes"} {
		writer := &kafka.Writer{Addr: kafka.TCP("localhost:9092"), Topic: topic, BatchSize: 1, Transport: newBroker()}
		defer writer.Close()
		remove, err := metrics.ObserveWriter("feed", writer)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer remove()
		if err := writer.WriteMessages(context.Background(), kafka.Message{Value: []byte("42")}); err != nil {
			fmt.Println(err)
		}
	}
	printSeries(registry, "app_writer_attempts_total")
	// Output:
	// app_writer_attempts_total{topic="likes",writer="feed"} 2
	// app_writer_attempts_total{topic="reads",writer="feed"} 1
}

func ExampleMetrics_ObserveReader() {
	metrics, err := kafkax.New()
	if err != nil {
		fmt.Println(err)
		return
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics)
	reader := kafka.NewReader(kafka.ReaderConfig{Brokers: []string{"localhost:9092"}, Topic: "likes"})
	defer reader.Close()
	remove, err := metrics.ObserveReader("counter", reader)
	if err != nil {
		fmt.Println(err)
		return
	}
	printSeries(registry, "kafka_reader_queue_messages")
	remove()
	printSeries(registry, "kafka_reader_queue_messages") // nothing any more
	// Output:
	// kafka_reader_queue_messages{group="",reader="counter"} 0
}

func ExampleCatalog() {
	for _, metric := range kafkax.Catalog() {
		if metric.Name == "kafka_writer_messages_total" {
			fmt.Println(metric.Type, metric.Labels, metric.Values)
		}
	}
	// Output:
	// counter [writer topic result] [delivered unacked failed rejected]
}

// All that is wrong with the options comes at once.
func ExampleNew() {
	_, err := kafkax.New(kafkax.WithNamespace("my app"), kafkax.WithTopicLimit(-1))
	fmt.Println(err)
	// Output:
	// kafkax: invalid argument: WithNamespace("my app"): want letters, digits and underscores after a letter
	// kafkax: invalid argument: WithTopicLimit(-1): want 0 for no limit, or more
}
