package kafkastore_test

import (
	"context"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/kafkastore"
)

// A broker is an embedded Kafka.
type broker struct {
	*kfake.Cluster
	addrs []string
}

func startBroker(t testing.TB, opts ...kfake.Opt) *broker {
	t.Helper()
	opts = append([]kfake.Opt{kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(10 * time.Millisecond)}, opts...)
	c, err := kfake.NewCluster(opts...)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return &broker{c, c.ListenAddrs()}
}

// A queue is what the pods of a test have in common.
type queue struct {
	brokers []string
	prefix  string
	index   smsfailover.Store
	opts    []kafkastore.Option
	parts   int
	dial    func(ctx context.Context, network, addr string) (net.Conn, error) // nil: as always
}

func newQueue(b *broker, index smsfailover.Store, opts ...kafkastore.Option) *queue {
	return &queue{
		brokers: b.addrs,
		prefix:  "sms",
		index:   index,
		parts:   4,
		opts: append([]kafkastore.Option{
			kafkastore.WithSession(2*time.Second, 50*time.Millisecond),
			kafkastore.WithRebalance(time.Second, 10*time.Millisecond),
			kafkastore.WithPoll(10 * time.Millisecond),
		}, opts...),
	}
}

// A pod is one process that uses a queue, or as good as that.
type pod struct {
	*kafkastore.Store
	transport *kafka.Transport
	cancel    context.CancelFunc
	ended     chan error
	stopped   atomic.Bool
	errs      errorList
}

// build returns a pod whose topics may be missing.
func (q *queue) build(t testing.TB, opts ...kafkastore.Option) *pod {
	t.Helper()
	dial := q.dial
	if dial == nil {
		dial = (&net.Dialer{}).DialContext
	}
	p := &pod{transport: &kafka.Transport{Dial: dial, MetadataTTL: 300 * time.Millisecond}}
	cfg := kafkastore.DefaultConfig(q.brokers...)
	cfg.Transport, cfg.Prefix, cfg.GroupID = p.transport, q.prefix, q.prefix
	cfg.Dialer = &kafka.Dialer{Timeout: time.Second, DialFunc: dial}
	cfg.Partitions, cfg.Replication = q.parts, 1
	all := append(append([]kafkastore.Option{kafkastore.WithErrors(p.errs.add)}, q.opts...), opts...)
	s, err := kafkastore.New(cfg, q.index, all...)
	require.NoError(t, err)
	p.Store = s
	t.Cleanup(func() {
		p.stop(t)
		p.transport.CloseIdleConnections()
		if t.Failed() {
			p.errs.log(t)
		}
	})
	return p
}

// open returns a pod that isn't running.
func (q *queue) open(t testing.TB, opts ...kafkastore.Option) *pod {
	t.Helper()
	p := q.build(t, opts...)
	require.NoError(t, p.CreateTopics(t.Context()))
	return p
}

// start runs p until stop, or the end of the test.
func (p *pod) start(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background()) // t.Context ends before the cleanups
	p.cancel, p.ended = cancel, make(chan error, 1)
	p.stopped.Store(false)
	go func() { p.ended <- p.Run(ctx) }()
}

// owns waits until p reads n partitions.
func (p *pod) owns(t testing.TB, n int) {
	t.Helper()
	require.Eventually(t, func() bool { return p.Stats().Partitions == n }, 20*time.Second, 2*time.Millisecond,
		"the pod has %d partitions", p.Stats().Partitions)
}

// stop ends Run, as a process that ends in good order does.
func (p *pod) stop(t testing.TB) {
	t.Helper()
	if p.cancel == nil || !p.stopped.CompareAndSwap(false, true) {
		return
	}
	p.cancel()
	select {
	case err := <-p.ended:
		require.NoError(t, err)
	case <-time.After(20 * time.Second):
		t.Error("Run doesn't end")
	}
}

// running returns a pod that owns all partitions.
func (q *queue) running(t testing.TB, opts ...kafkastore.Option) *pod {
	t.Helper()
	p := q.open(t, opts...)
	p.start(t)
	p.owns(t, q.total())
	return p
}

// total is how many partitions the group reads.
func (q *queue) total() int {
	if q.index != nil {
		return 4 * q.parts // ready, three bands, and changed
	}
	return 7 * q.parts // and four tiers
}

// errorList collects what a Store reports.
type errorList struct {
	mu   sync.Mutex
	list []error
}

func (l *errorList) add(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, err)
}

func (l *errorList) all() []error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]error(nil), l.list...)
}

func (l *errorList) log(t testing.TB) {
	t.Helper()
	seen := make(map[string]int)
	for _, err := range l.all() {
		seen[strings.TrimSpace(err.Error())]++
	}
	for text, n := range seen {
		t.Logf("%d times: %s", n, text)
	}
}
