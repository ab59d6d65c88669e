package kafkatest_test

import (
	"fmt"
	"testing"

	"github.com/segmentio/kafka-go"

	"github.com/ycvk/tinybook/kafkax/kafkatest"
)

// BenchmarkOpen is what a broker costs a test.
func BenchmarkOpen(b *testing.B) {
	for _, topics := range []int{1, 100} {
		b.Run(fmt.Sprintf("topics=%d", topics), func(b *testing.B) {
			var opts []kafkatest.Option
			for i := range topics {
				opts = append(opts, kafkatest.WithTopic(fmt.Sprint("t", i), 3))
			}
			b.ReportAllocs()
			for b.Loop() {
				broker, err := kafkatest.Open(opts...)
				if err != nil {
					b.Fatal(err)
				}
				broker.Close()
			}
		})
	}
}

// BenchmarkWrite is what a broker adds to a benchmark of a writer.
func BenchmarkWrite(b *testing.B) {
	for _, discard := range []bool{false, true} {
		b.Run(fmt.Sprintf("discard=%v/batch=1000", discard), func(b *testing.B) {
			opts := []kafkatest.Option{kafkatest.WithTopic("t", 1)}
			if discard {
				opts = append(opts, kafkatest.WithDiscard())
			}
			broker := kafkatest.Start(b, opts...)
			tr := &kafka.Transport{}
			defer tr.CloseIdleConnections()
			w := &kafka.Writer{Addr: broker.Addr(), Topic: "t", Transport: tr, BatchSize: 1000, RequiredAcks: kafka.RequireAll}
			defer w.Close()
			msgs := make([]kafka.Message, 1000)
			for i := range msgs {
				msgs[i].Value = make([]byte, 100)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := w.WriteMessages(b.Context(), msgs...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLag is what the truth costs.
func BenchmarkLag(b *testing.B) {
	broker := kafkatest.Start(b, kafkatest.WithTopic("t", 1000))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := broker.Lag("g", "t"); err != nil {
			b.Fatal(err)
		}
	}
}
