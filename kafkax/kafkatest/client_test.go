package kafkatest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax/kafkatest"
)

// TestMain fails when a broker that was stopped leaves goroutines behind.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 {
		if left := goroutinesOf("kafkax/kafkatest.", "pkg/kfake."); left != "" {
			fmt.Fprintln(os.Stderr, "goroutines are left:\n"+left)
			code = 1
		}
	}
	os.Exit(code)
}

// goroutinesOf returns a goroutine that runs code of one of those packages and
// doesn't end within a few seconds, or "".
func goroutinesOf(packages ...string) string {
	var left string
	for until := time.Now().Add(5 * time.Second); time.Now().Before(until); runtime.Gosched() {
		buf := make([]byte, 4<<20)
		left = ""
		for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			for _, p := range packages {
				if strings.Contains(stack, p) {
					left = stack
				}
			}
		}
		if left == "" {
			return ""
		}
	}
	return left
}

const batchTimeout = time.Millisecond

// transport is one whose connections end with the test.
func transport(t *testing.T, b *kafkatest.Broker) *kafka.Transport {
	tr := &kafka.Transport{Dial: b.Dial, MetadataTTL: 100 * time.Millisecond}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

func client(t *testing.T, b *kafkatest.Broker) *kafka.Client {
	return &kafka.Client{Addr: b.Addr(), Transport: transport(t, b), Timeout: 10 * time.Second}
}

// writer is one that tries once, and waits for what the broker says.
func writer(t *testing.T, b *kafkatest.Broker, topic string) *kafka.Writer {
	w := &kafka.Writer{
		Addr: b.Addr(), Topic: topic, Transport: transport(t, b), MaxAttempts: 1,
		RequiredAcks: kafka.RequireAll, BatchTimeout: batchTimeout, Balancer: &kafka.RoundRobin{},
	}
	t.Cleanup(func() { require.NoError(t, w.Close()) })
	return w
}

func write(t *testing.T, w *kafka.Writer, n int) {
	t.Helper()
	require.NoError(t, tryWrite(t.Context(), w, n))
}

func tryWrite(ctx context.Context, w *kafka.Writer, n int) error {
	msgs := make([]kafka.Message, n)
	for i := range msgs {
		msgs[i].Value = fmt.Append(nil, i)
	}
	err := w.WriteMessages(ctx, msgs...)
	if all, ok := errors.AsType[kafka.WriteErrors](err); ok {
		return errors.Join(all...)
	}
	return err
}

// read returns the values of the next n messages of a partition.
func read(t *testing.T, b *kafkatest.Broker, topic string, n int) []string {
	t.Helper()
	r := kafka.NewReader(kafka.ReaderConfig{
		Brokers: b.Addrs(), Topic: topic, MaxWait: 50 * time.Millisecond, Dialer: &kafka.Dialer{DialFunc: b.Dial},
	})
	defer func() { require.NoError(t, r.Close()) }()
	var values []string
	for range n {
		m, err := r.FetchMessage(t.Context())
		require.NoError(t, err)
		values = append(values, string(m.Value))
	}
	return values
}

func end(t *testing.T, b *kafkatest.Broker, topic string, partition int) int64 {
	t.Helper()
	info, err := b.PartitionInfo(topic, partition)
	require.NoError(t, err)
	return info.End
}
