//go:build unix

package kafkax_test

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
)

// BenchmarkWriteMessages writes messages of 100 bytes to one partition, so many a
// call, and waits for them. Compare processor time: the goroutines of kafka-go make
// wall time restless.
func BenchmarkWriteMessages(b *testing.B) {
	for _, n := range []int{1, 100, 1000} {
		for _, impl := range []string{"bare", "naive", "kafkax"} {
			b.Run(fmt.Sprintf("msgs=%d/impl=%s", n, impl), func(b *testing.B) {
				w := &kafka.Writer{
					Addr: kafka.TCP("fake:9092"), Topic: "t", Transport: newQuickBroker(), RequiredAcks: kafka.RequireAll,
					BatchSize: n, BatchTimeout: time.Minute,
				}
				write, closeWriter := w.WriteMessages, w.Close
				switch impl {
				case "naive":
					write = measureNaively(w)
				case "kafkax":
					ours := instrument(b, w)
					write, closeWriter = ours.WriteMessages, ours.Close
				}
				benchWrite(b, n, write)
				if err := closeWriter(); err != nil {
					b.Fatal(err)
				}
			})
		}
	}
}

type writeFunc = func(context.Context, ...kafka.Message) error

// measureNaively does a small part of what a Writer does, the delivery latency and
// a count by result, as one would at first.
func measureNaively(w *kafka.Writer) writeFunc {
	latency := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "delivery_seconds"}, []string{"topic"})
	count := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "messages_total"}, []string{"topic", "result"})
	w.Completion = func(msgs []kafka.Message, _ error) {
		for i := range msgs {
			latency.WithLabelValues(msgs[i].Topic).Observe(time.Since(msgs[i].WriterData.(time.Time)).Seconds())
			count.WithLabelValues(msgs[i].Topic, "delivered").Inc()
		}
	}
	return func(ctx context.Context, msgs ...kafka.Message) error {
		own := slices.Clone(msgs)
		for i := range own {
			own[i].WriterData = time.Now()
		}
		return w.WriteMessages(ctx, own...)
	}
}

func benchWrite(b *testing.B, n int, write writeFunc) {
	b.Helper()
	msgs := make([]kafka.Message, n)
	for i := range msgs {
		msgs[i].Value = make([]byte, 100)
	}
	ctx := context.Background()
	if err := write(ctx, msgs...); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	start := processorTime(b)
	for b.Loop() {
		if err := write(ctx, msgs...); err != nil {
			b.Fatal(err)
		}
	}
	total := float64(b.N) * float64(n)
	b.ReportMetric(float64(processorTime(b)-start)/total, "cpu-ns/msg")
	b.ReportMetric(float64(b.Elapsed())/total, "ns/msg")
}

// processorTime returns what all threads of the process have used.
func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
