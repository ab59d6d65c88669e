package realkafka_test

import (
	"context"
	"syscall"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/kafkax"
)

// cpu returns what of the processor this process has used, in nanoseconds. The broker
// is another process: what a client costs is all that is counted.
func cpu(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return u.Utime.Nano() + u.Stime.Nano()
}

// BenchmarkWrite is what a message costs of writes of 100 that are waited for, bare and
// counted: the two take turns, so that whatever else the machine does hits both alike.
func BenchmarkWrite(b *testing.B) {
	s := realserver.Kafka(b)
	askTruth(b, s.Addr()).createTopic(topic, 1)
	m, err := kafkax.New()
	require.NoError(b, err)
	counted, err := m.Writer("w", newWriter(b, s.Addr()))
	require.NoError(b, err)
	turns := []struct {
		name string
		w    interface {
			WriteMessages(context.Context, ...kafka.Message) error
		}
		spent int64
	}{{name: "bare", w: newWriter(b, s.Addr())}, {name: "kafkax", w: counted}}
	msgs := messages(0, 100)
	for i := range msgs {
		msgs[i].Value = make([]byte, 100)
	}
	n := -1 // the first turn connects, and doesn't count
	for b.Loop() {
		for i := range turns {
			before := cpu(b)
			if err := turns[i].w.WriteMessages(b.Context(), msgs...); err != nil {
				b.Fatal(err)
			}
			if n >= 0 {
				turns[i].spent += cpu(b) - before
			}
		}
		n++
	}
	for _, turn := range turns {
		b.ReportMetric(float64(turn.spent)/float64(max(n, 1)*len(msgs)), turn.name+"-cpu-ns/msg")
	}
}

// BenchmarkLag is what a poll of 200 partitions costs.
func BenchmarkLag(b *testing.B) {
	s := realserver.Kafka(b)
	const partitions = 200
	askTruth(b, s.Addr()).createTopic(topic, partitions)
	client := &kafka.Client{Addr: kafka.TCP(s.Addr()), Transport: transport(b)}
	l, err := kafkax.NewLagCollector(client, []kafkax.Group{{ID: "billing", Topics: []string{topic}}})
	require.NoError(b, err)
	_, err = l.Poll(b.Context())
	require.NoError(b, err)
	b.ReportAllocs()
	before, n := cpu(b), 0
	for b.Loop() {
		snapshot, err := l.Poll(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		n += len(snapshot.Partitions)
	}
	b.ReportMetric(float64(cpu(b)-before)/float64(n), "cpu-ns/partition")
}
