package prometheus_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ycvk/tinybook/kafkax"
)

// reader returns an instrumented reader that has the name of its group.
func (w *world) reader(group, topic string) *kafkax.Reader {
	w.t.Helper()
	inner := kafka.NewReader(kafka.ReaderConfig{
		Brokers: w.kafka.ListenAddrs(), GroupID: group, Topic: topic, MaxWait: 100 * time.Millisecond,
		SessionTimeout: 6 * time.Second, RebalanceTimeout: time.Second, StartOffset: kafka.FirstOffset,
	})
	out, err := w.metrics.Reader(group, inner)
	require.NoError(w.t, err)
	w.t.Cleanup(func() {
		if err := out.Close(); err != nil {
			w.t.Errorf("reader %s: %v", group, err)
		}
	})
	return out
}

var errHandler = errors.New("the handler doesn't like it")

// failingHandler handles messages that are a minute old, and fails on some.
func (w *world) failingHandler() {
	old := &kafka.Writer{Addr: kafka.TCP(w.kafka.ListenAddrs()...), Topic: "work", RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond}
	w.t.Cleanup(func() { _ = old.Close() }) // it has nothing left to say
	w.loop(often, func(ctx context.Context) {
		at := time.Now()
		if !w.isRepaired() {
			at = at.Add(-time.Minute)
		}
		err := old.WriteMessages(ctx, kafka.Message{Value: []byte("x"), Time: at})
		if err != nil && ctx.Err() == nil {
			w.t.Errorf("writing work: %v", err)
		}
	})
	r, n := w.reader("failing", "work"), 0
	ctx := w.t.Context()
	w.running.Go(func() {
		err := r.Process(ctx, func(context.Context, kafka.Message) error {
			if n++; n%3 == 0 && !w.isRepaired() {
				return errHandler
			}
			return nil
		}, kafkax.WithFailed(func(context.Context, kafka.Message, error) error { return nil }))
		if err != nil {
			w.t.Errorf("Process: %v", err)
		}
	})
}

// read hands every message to do.
func (w *world) read(r *kafkax.Reader, do func(ctx context.Context, msg kafka.Message)) {
	ctx := w.t.Context()
	w.running.Go(func() {
		for ctx.Err() == nil {
			msg, err := r.FetchMessage(ctx)
			if err == nil {
				do(ctx, msg)
			} else if ctx.Err() == nil {
				w.t.Errorf("fetching: %v", err)
				return
			}
		}
	})
}

// refusedCommits reads, and may not commit.
func (w *world) refusedCommits() {
	fault := w.kafka.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.OffsetCommit}, Group: "uncommitted", Err: kerr.GroupAuthorizationFailed, Count: -1})
	w.onRepair(fault.Remove)
	r := w.reader("uncommitted", "work")
	w.read(r, func(ctx context.Context, msg kafka.Message) {
		if err := r.CommitMessages(ctx, msg); err == nil && !w.isRepaired() {
			w.t.Error("a commit was not refused")
		}
		r.Done(msg, nil)
	})
}

// stuckReader is a member of its group, and holds on to its first message.
func (w *world) stuckReader() {
	r := w.reader("stuck", "work")
	w.read(r, func(ctx context.Context, msg kafka.Message) {
		select {
		case <-w.repaired:
		case <-ctx.Done():
			return
		}
		if err := r.CommitMessages(ctx, msg); err != nil && ctx.Err() == nil {
			w.t.Errorf("committing: %v", err)
		}
	})
}

// idleReader waits for a message that never comes: that is no trouble.
func (w *world) idleReader() {
	w.read(w.reader("idle", "empty"), func(context.Context, kafka.Message) { w.t.Error("a message in an empty topic") })
}

const pollEvery = 500 * time.Millisecond

// laggingGroups returns a collector that watches groups in all states.
func (w *world) laggingGroups() *kafkax.LagCollector {
	w.produceOld("backlog", 1000)
	w.produceOld("cut", 100)
	w.commit("behind", "backlog", 10)
	w.commit("cut", "cut", 10)
	require.NoError(w.t, w.kafka.DeleteRecords("cut", 0, 60))
	next := int64(10)
	w.loop(often, func(context.Context) { // a group that reads what is there
		if next = min(next+1, 990); w.isRepaired() {
			next = 1000
		}
		w.commit("reading", "backlog", next)
	})
	w.onRepair(func() {
		w.commit("behind", "backlog", 1000)
		w.commit("cut", "cut", 100)
	})
	groups := []kafkax.Group{{ID: "behind"}, {ID: "cut"}, {ID: "reading"}, {ID: "stuck", Topics: []string{"work"}}}
	l, err := kafkax.NewLagCollector(w.newClient(w.kafka), groups, append(slices.Clone(w.opts), kafkax.WithInterval(pollEvery), kafkax.WithExactAge(10))...)
	require.NoError(w.t, err)
	ctx := w.t.Context()
	w.running.Go(func() {
		if err := l.Run(ctx); err != nil {
			w.t.Errorf("lag collector: %v", err)
		}
	})
	return l
}

// blindCollector returns one that saw its Kafka once.
func (w *world) blindCollector() *kafkax.LagCollector {
	gone := newKafka(w.t)
	l, err := kafkax.NewLagCollector(w.newClient(gone), []kafkax.Group{{ID: "g", Topics: []string{"work"}}}, append(slices.Clone(w.opts), kafkax.WithInterval(pollEvery))...)
	require.NoError(w.t, err)
	_, err = l.Poll(w.t.Context())
	require.NoError(w.t, err)
	addr := gone.ListenAddrs()[0]
	gone.Close()
	w.onRepair(func() { newKafka(w.t, kfake.Ports(portOf(w.t, addr))) })
	ctx := w.t.Context()
	w.running.Go(func() {
		if err := l.Run(ctx); err != nil {
			w.t.Errorf("blind lag collector: %v", err)
		}
	})
	return l
}

func (w *world) newClient(of *kfake.Cluster) *kafka.Client {
	transport := &kafka.Transport{DialTimeout: time.Second}
	w.t.Cleanup(transport.CloseIdleConnections)
	return &kafka.Client{Addr: kafka.TCP(of.ListenAddrs()...), Transport: transport}
}

// produceOld appends n messages of a minute ago.
func (w *world) produceOld(topic string, n int) {
	w.t.Helper()
	records := make([]kafka.Record, n)
	for i := range records {
		records[i] = kafka.Record{Time: time.Now().Add(-time.Minute), Value: kafka.NewBytes([]byte("x"))}
	}
	res, err := w.client.Produce(w.t.Context(), &kafka.ProduceRequest{
		Topic: topic, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(records...),
	})
	require.NoError(w.t, err)
	require.NoError(w.t, res.Error)
}

// commit commits for a group without members.
func (w *world) commit(group, topic string, offset int64) {
	res, err := w.client.OffsetCommit(w.t.Context(), &kafka.OffsetCommitRequest{
		GroupID: group, GenerationID: -1, Topics: map[string][]kafka.OffsetCommit{topic: {{Offset: offset}}},
	})
	if err == nil {
		err = res.Topics[topic][0].Error
	}
	if err != nil && w.t.Context().Err() == nil {
		w.t.Errorf("commit of %s: %v", group, err)
	}
}

func portOf(t *testing.T, addr string) int {
	t.Helper()
	_, text, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	port, err := strconv.Atoi(text)
	require.NoError(t, err)
	return port
}
