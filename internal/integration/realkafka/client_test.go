package realkafka_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
)

const topic = "orders"

func transport(t testing.TB) *kafka.Transport {
	// The TTL bounds each look at the metadata too.
	tr := &kafka.Transport{MetadataTTL: time.Second, DialTimeout: 2 * time.Second}
	t.Cleanup(tr.CloseIdleConnections)
	return tr
}

// newWriter returns a writer of the topic that wants the acknowledgement of all and
// doesn't wait for more messages.
func newWriter(t testing.TB, addrs ...string) *kafka.Writer {
	w := &kafka.Writer{
		Addr: kafka.TCP(addrs...), Topic: topic, Transport: transport(t), Balancer: &kafka.RoundRobin{},
		RequiredAcks: kafka.RequireAll, BatchTimeout: 5 * time.Millisecond, WriteBackoffMax: 200 * time.Millisecond,
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func newReader(t testing.TB, group string, addrs ...string) *kafka.Reader {
	return openReader(t, readerConfig(group, addrs...))
}

func readerConfig(group string, addrs ...string) kafka.ReaderConfig {
	return kafka.ReaderConfig{
		Brokers: addrs, Topic: topic, GroupID: group, StartOffset: kafka.FirstOffset,
		MaxWait: 100 * time.Millisecond, HeartbeatInterval: 100 * time.Millisecond,
		SessionTimeout: 2 * time.Second, RebalanceTimeout: time.Second, JoinGroupBackoff: 100 * time.Millisecond,
	}
}

func openReader(t testing.TB, cfg kafka.ReaderConfig) *kafka.Reader {
	r := kafka.NewReader(cfg)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// writeErrors makes of a batch's errors one that errors.Is looks into.
func writeErrors(err error) error {
	if all, ok := errors.AsType[kafka.WriteErrors](err); ok {
		return errors.Join(all...)
	}
	return err
}

// drain reads and commits until want messages came, and counts each value.
func drain(t testing.TB, r *kafka.Reader, want int) map[string]int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	seen := make(map[string]int)
	for n := range want {
		m, err := r.FetchMessage(ctx)
		require.NoError(t, err, "after %d messages", n)
		seen[string(m.Value)]++
		require.NoError(t, r.CommitMessages(ctx, m))
	}
	return seen
}

// pause waits, or less where ctx ends.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// await asks, on the goroutine of the test, until ok says yes.
func await(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !ok(); pause(context.Background(), 10*time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %v still not: %s", patience, what)
		}
	}
}

// patience is for a machine that has much else to do.
const patience = time.Minute
