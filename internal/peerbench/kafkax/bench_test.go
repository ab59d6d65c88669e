package kafkax_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/metadata"

	peers "github.com/ycvk/tinybook/internal/peerbench/kafkax"
)

// BenchmarkScrape gathers the series of 1000 writers.
func BenchmarkScrape(b *testing.B) {
	for _, impl := range peers.Impls() {
		b.Run("impl="+impl.Name+"/writers=1000", func(b *testing.B) {
			_, reg := open(b, impl, 1000)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := reg.Gather(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// refusing is a broker that knows every topic and takes no message.
type refusing struct{}

func (refusing) RoundTrip(_ context.Context, _ net.Addr, req kafka.Request) (kafka.Response, error) {
	if m, ok := req.(*metadata.Request); ok {
		return &metadata.Response{Topics: []metadata.ResponseTopic{{
			Name: m.TopicNames[0], Partitions: make([]metadata.ResponsePartition, 1),
		}}}, nil
	}
	return nil, kafka.NotLeaderForPartition // which a Writer tries again
}

func open(tb testing.TB, impl peers.Impl, n int) ([]*kafka.Writer, *prometheus.Registry) {
	tb.Helper()
	names, writers := make([]string, n), make([]*kafka.Writer, n)
	for i := range writers {
		names[i] = fmt.Sprint("writer-", i)
		writers[i] = &kafka.Writer{
			Addr: kafka.TCP("fake:9092"), Topic: "likes", BatchSize: 1, MaxAttempts: i%2 + 1, WriteBackoffMin: time.Millisecond,
			Transport: refusing{},
		}
	}
	c, err := impl.Open(names, writers)
	if err != nil {
		tb.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	reg.MustRegister(c)
	return writers, reg
}

// What is compared must show the same, or the comparison says nothing.
func TestImplsAgree(t *testing.T) {
	want := map[string]float64{"attempts_total": 3, "attempt_errors_total": 3, "attempt_messages_total": 3, "retries_total": 1}
	for _, impl := range peers.Impls() {
		writers, reg := open(t, impl, 2)
		for _, w := range writers {
			if err := w.WriteMessages(t.Context(), kafka.Message{Value: []byte("42")}); err == nil {
				t.Fatal("a broker that refuses took a message")
			}
		}
		for range 2 {
			families, err := reg.Gather()
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]float64{}
			series := 0
			for _, f := range families {
				for _, m := range f.Metric {
					got[f.GetName()] += m.GetCounter().GetValue()
					if f.GetName() != "kafka_client_folded_topics" {
						series++
					}
				}
			}
			for name, v := range want {
				if got["kafka_writer_"+name] != v {
					t.Errorf("%s: %s is %v, want %v", impl.Name, name, got["kafka_writer_"+name], v)
				}
			}
			if series != 2*peers.SeriesPerWriter[impl.Name] {
				t.Errorf("%s: %d series for two writers, want %d each", impl.Name, series, peers.SeriesPerWriter[impl.Name])
			}
		}
	}
}
