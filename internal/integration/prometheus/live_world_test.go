package prometheus_test

import (
	"context"
	"net"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol/produce"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/ycvk/tinybook/kafkax"
)

// A world is a Kafka with clients in every trouble that an alert is for, and what
// kafkax says of them over HTTP.
type world struct {
	t       *testing.T
	kafka   *kfake.Cluster
	client  *kafka.Client // one that isn't looked at
	metrics *kafkax.Metrics
	opts    []kafkax.Option
	app     string // the address of a program's /metrics
	watch   string // of one whose lag collector has lost its Kafka
	running sync.WaitGroup

	repairs  []func()
	repaired chan struct{} // closed when all is well
}

const partitions = 1

// newWorld returns one that is in all its troubles until it is repaired.
func newWorld(t *testing.T, opts ...kafkax.Option) *world {
	t.Helper()
	w := &world{t: t, opts: opts, kafka: newKafka(t), repaired: make(chan struct{})}
	t.Cleanup(w.running.Wait) // after t.Context has ended
	w.client = w.newClient(w.kafka)
	var err error
	w.metrics, err = kafkax.New(opts...)
	require.NoError(t, err)

	w.refusedWriter()
	w.largeWriter()
	w.slowWriter()
	w.blockedWriter()
	w.failingHandler()
	w.refusedCommits()
	w.stuckReader()
	w.idleReader()
	lag := w.laggingGroups()
	w.app = serve(t, w.metrics, lag)
	w.watch = serve(t, w.blindCollector())
	return w
}

// repair ends all troubles.
func (w *world) repair() {
	close(w.repaired)
	for _, r := range w.repairs {
		r()
	}
}

func (w *world) isRepaired() bool {
	select {
	case <-w.repaired:
		return true
	default:
		return false
	}
}

func (w *world) onRepair(do func()) { w.repairs = append(w.repairs, do) }

func newKafka(t *testing.T, opts ...kfake.Opt) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(append([]kfake.Opt{
		kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(10 * time.Millisecond),
		kfake.SeedTopics(partitions, "refused", "large", "slow", "blocked", "work", "empty", "backlog", "cut"),
	}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func serve(t *testing.T, collectors ...prometheus.Collector) string {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	for _, c := range collectors {
		require.NoError(t, reg.Register(c))
	}
	s := httptest.NewServer(promhttp.HandlerFor(reg, promhttp.HandlerOpts{}))
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// loop does something again and again until the test ends.
func (w *world) loop(every time.Duration, do func(ctx context.Context)) {
	ctx := w.t.Context()
	w.running.Go(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for ctx.Err() == nil {
			do(ctx)
			select {
			case <-ctx.Done():
			case <-tick.C:
			}
		}
	})
}

const often = 50 * time.Millisecond

// writer returns an instrumented writer of the topic that has its name.
func (w *world) writer(topic string, change func(*kafka.Writer)) *kafkax.Writer {
	w.t.Helper()
	transport := &kafka.Transport{Dial: w.metrics.DialFunc(topic, nil)}
	w.t.Cleanup(transport.CloseIdleConnections)
	inner := &kafka.Writer{
		Addr: kafka.TCP(w.kafka.ListenAddrs()...), Topic: topic, Transport: transport,
		RequiredAcks: kafka.RequireAll, BatchTimeout: time.Millisecond, MaxAttempts: 1,
	}
	if change != nil {
		change(inner)
	}
	out, err := w.metrics.Writer(topic, inner)
	require.NoError(w.t, err)
	w.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := out.CloseContext(ctx); err != nil {
			w.t.Errorf("writer %s: %v", topic, err)
		}
	})
	return out
}

// write writes a message again and again, which must succeed.
func (w *world) write(to *kafkax.Writer, size func() int) {
	w.loop(often, func(ctx context.Context) {
		err := to.WriteMessages(ctx, kafka.Message{Value: []byte(strings.Repeat("x", size()))})
		if err != nil && ctx.Err() == nil {
			w.t.Errorf("writing: %v", err)
		}
	})
}

func small() int { return 1 }

// refusedWriter gets nothing through.
func (w *world) refusedWriter() {
	fault := w.kafka.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: "refused", Err: kerr.TopicAuthorizationFailed, Count: -1})
	w.onRepair(fault.Remove)
	to := w.writer("refused", nil)
	w.loop(often, func(ctx context.Context) {
		if err := to.WriteMessages(ctx, kafka.Message{Value: []byte("x")}); err == nil && !w.isRepaired() {
			w.t.Error("writing was not refused")
		}
	})
}

// largeWriter writes messages above the threshold.
func (w *world) largeWriter() {
	w.write(w.writer("large", nil), func() int {
		if w.isRepaired() {
			return 100
		}
		return 8 << 10
	})
}

// slowWriter waits for its broker.
func (w *world) slowWriter() {
	w.write(w.writer("slow", func(inner *kafka.Writer) {
		inner.Transport = slowTransport{inner.Transport, w.repaired}
	}), small)
}

// blockedWriter has ever more messages in flight, which get no answer.
func (w *world) blockedWriter() {
	answer := make(chan struct{})
	free := sync.OnceFunc(func() { close(answer) })
	w.onRepair(free)
	to := w.writer("blocked", func(inner *kafka.Writer) {
		inner.Async = true
		inner.Transport = blockedTransport{inner.Transport, answer}
	})
	w.t.Cleanup(free) // before the writer is closed
	w.write(to, small)
}

// A slowTransport is a broker that takes its time, until it no longer does.
type slowTransport struct {
	kafka.RoundTripper
	until <-chan struct{}
}

func (s slowTransport) RoundTrip(ctx context.Context, addr net.Addr, req kafka.Request) (kafka.Response, error) {
	wait := time.NewTimer(800 * time.Millisecond)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-s.until:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return s.RoundTripper.RoundTrip(ctx, addr, req)
}

// A blockedTransport answers nothing but questions about the cluster, until it may.
type blockedTransport struct {
	kafka.RoundTripper
	until <-chan struct{}
}

func (b blockedTransport) RoundTrip(ctx context.Context, addr net.Addr, req kafka.Request) (kafka.Response, error) {
	if _, ok := req.(*produce.Request); ok {
		<-b.until
	}
	return b.RoundTripper.RoundTrip(ctx, addr, req)
}
