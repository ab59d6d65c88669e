package kafkaxlag_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ycvk/tinybook/kafkax"
)

// A world is an embedded Kafka and a client of it that isn't the collector's.
type world struct {
	*kfake.Cluster
	client *kafka.Client
	dial   func(ctx context.Context, network, addr string) (net.Conn, error)
	ttl    time.Duration // of what a transport knows of topics
	frozen atomic.Bool   // the network loses all that is sent
}

// newWorld returns a Kafka on TCP.
func newWorld(t testing.TB, opts ...kfake.Opt) *world {
	t.Helper()
	return openWorld(t, &world{dial: (&net.Dialer{}).DialContext, ttl: 500 * time.Millisecond}, opts)
}

// newStill returns a Kafka for a bubble: its network is in memory.
func newStill(t testing.TB, opts ...kfake.Opt) *world {
	t.Helper()
	memory := new(kfake.VirtualNetwork)
	w := &world{ttl: 6 * time.Second}
	w.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := memory.DialContext(ctx, network, addr)
		return lossyConn{c, &w.frozen}, err
	}
	return openWorld(t, w, append([]kfake.Opt{kfake.ListenFn(memory.Listen), kfake.NumBrokers(1), kfake.Ports(19092)}, opts...))
}

// A lossyConn loses what is written while its network is frozen.
type lossyConn struct {
	net.Conn
	frozen *atomic.Bool
}

func (c lossyConn) Write(b []byte) (int, error) {
	if c.frozen.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

func openWorld(t testing.TB, w *world, opts []kfake.Opt) *world {
	t.Helper()
	cluster, err := kfake.NewCluster(append([]kfake.Opt{kfake.GroupMinSessionTimeout(10 * time.Millisecond)}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(cluster.Close)
	w.Cluster = cluster
	w.client = w.newClient(t)
	return w
}

// newClient returns a client with a transport of its own.
func (w *world) newClient(t testing.TB) *kafka.Client {
	t.Helper()
	transport := &kafka.Transport{Dial: w.dial, MetadataTTL: w.ttl}
	t.Cleanup(transport.CloseIdleConnections)
	return &kafka.Client{Addr: kafka.TCP(w.ListenAddrs()...), Transport: transport}
}

// collector returns one that polls every ten seconds if it runs.
func (w *world) collector(t testing.TB, groups []kafkax.Group, opts ...kafkax.Option) *kafkax.LagCollector {
	t.Helper()
	l, err := kafkax.NewLagCollector(w.newClient(t), groups, opts...)
	require.NoError(t, err)
	return l
}

// create makes a topic. What the client knew of it was another, or that there is none.
func (w *world) create(t testing.TB, topic string) {
	t.Helper()
	require.NoError(t, w.CreateTopic(topic, 1, nil))
	w.client = w.newClient(t)
}

// produce appends n messages, all of the time now.
func (w *world) produce(t testing.TB, topic string, partition, n int) {
	t.Helper()
	records := make([]kafka.Record, n)
	for i := range records {
		records[i] = kafka.Record{Time: time.Now(), Value: kafka.NewBytes(fmt.Appendf(nil, "message %d", i))}
	}
	res, err := w.client.Produce(t.Context(), &kafka.ProduceRequest{
		Topic: topic, Partition: partition, RequiredAcks: kafka.RequireAll, Records: kafka.NewRecordReader(records...),
	})
	require.NoError(t, err)
	require.NoError(t, res.Error)
}

// commit commits for a group without members.
func (w *world) commit(t testing.TB, group, topic string, partition int, offset int64) {
	t.Helper()
	res, err := w.client.OffsetCommit(t.Context(), &kafka.OffsetCommitRequest{
		GroupID: group, GenerationID: -1,
		Topics: map[string][]kafka.OffsetCommit{topic: {{Partition: partition, Offset: offset}}},
	})
	require.NoError(t, err)
	require.NoError(t, res.Topics[topic][0].Error)
}

// truth returns the lag of a partition as the broker's own state has it.
func (w *world) truth(group, topic string, partition int32) int64 {
	info := w.PartitionInfo(topic, partition)
	position := info.LogStartOffset
	if g := w.GroupInfo(group); g != nil {
		if c, ok := g.Commits[topic][partition]; ok {
			position = max(position, c.Offset)
		}
	}
	return max(0, info.HighWatermark-position)
}

// poll polls and requires that all could be read.
func poll(t testing.TB, l *kafkax.LagCollector) kafkax.LagSnapshot {
	t.Helper()
	s, err := l.Poll(t.Context())
	require.NoError(t, err)
	return s
}

// find returns a partition of a snapshot.
func find(t testing.TB, s kafkax.LagSnapshot, group, topic string, partition int) kafkax.PartitionLag {
	t.Helper()
	for _, p := range s.Partitions {
		if p.Group == group && p.Topic == topic && p.Partition == partition {
			return p
		}
	}
	require.FailNow(t, "no such partition", "%s %s/%d in %+v", group, topic, partition, s)
	return kafkax.PartitionLag{}
}

// block holds the next request of a kind. It returns a channel that is closed when
// the request is there, and what lets it go.
func (w *world) block(t testing.TB, kind string) (there <-chan struct{}, release func()) {
	t.Helper()
	came, gate := make(chan struct{}), make(chan struct{})
	release = sync.OnceFunc(func() { close(gate) })
	arrive := sync.OnceFunc(func() { close(came) }) // kfake may ask again after a sleep
	t.Cleanup(release)
	w.Control(func(req kmsg.Request) (kmsg.Response, error, bool) {
		if kmsg.NameForKey(req.Key()) != kind {
			w.KeepControl()
			return nil, nil, false
		}
		arrive()
		w.SleepControl(func() { <-gate })
		return nil, nil, false
	})
	return came, release
}
