package kafkatest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
)

// ErrStopped is what a [Broker] answers between [Broker.Stop] and
// [Broker.Restart], and after [Broker.Close].
var ErrStopped = errors.New("kafkatest: the broker is stopped")

// A Broker is an embedded Kafka of one or more brokers. [Start] and [Open] make it.
type Broker struct {
	cfg   config
	ports []int
	conns connections

	mu      sync.RWMutex // held for reading while the cluster is asked something
	cluster *kfake.Cluster
	closed  bool

	troubles troubles
}

// Start returns a broker that runs until the end of the test, and fails the test if
// it doesn't start or an option is bad.
func Start(t testing.TB, opts ...Option) *Broker {
	t.Helper()
	b, err := Open(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// Open returns a broker that runs until [Broker.Close], for programs that aren't
// tests. Its error names every bad option, or says why it can't listen.
func Open(opts ...Option) (*Broker, error) {
	cfg := config{brokers: 1, minSession: defaultMinSession}
	for i, opt := range opts {
		if opt == nil {
			cfg.errs = append(cfg.errs, fmt.Errorf("kafkatest: option %d is nil", i))
			continue
		}
		opt(&cfg)
	}
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	b := &Broker{cfg: cfg, ports: cfg.ports}
	b.conns.listen, b.conns.troubles = net.Listen, &b.troubles
	if cfg.pipes {
		b.conns.listen = b.conns.pipes.Listen
		b.ports = pipePorts(cfg.brokers)
	}
	if err := b.start(); err != nil {
		return nil, err
	}
	return b, nil
}

// start starts a cluster; b.mu is held, or nobody else has b yet.
func (b *Broker) start() error {
	b.conns.up()
	opts := append(b.cfg.options(), kfake.ListenFn(b.conns.Listen))
	if b.ports != nil {
		opts = append(opts, kfake.Ports(b.ports...))
	}
	c, err := kfake.NewCluster(opts...)
	if err != nil {
		return fmt.Errorf("kafkatest: start: %w", err)
	}
	if b.ports == nil {
		if b.ports, err = portsOf(c.ListenAddrs()); err != nil {
			c.Close()
			return err
		}
	}
	b.cluster = c
	return nil
}

func portsOf(addrs []string) ([]int, error) {
	ports := make([]int, len(addrs))
	for i, addr := range addrs {
		a, err := netip.ParseAddrPort(addr)
		if err != nil {
			return nil, fmt.Errorf("kafkatest: start: %w", err)
		}
		ports[i] = int(a.Port())
	}
	return ports, nil
}

// Addrs returns the host:port of every broker, in the order of their ids, which
// count from 0. They stay the same through a [Broker.Restart]. The slice is the
// caller's.
func (b *Broker) Addrs() []string {
	addrs := make([]string, len(b.ports))
	for i, port := range b.ports {
		addrs[i] = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	}
	return addrs
}

// Addr returns the addresses of all brokers as kafka-go's Writer and Client want
// them.
func (b *Broker) Addr() net.Addr { return kafka.TCP(b.Addrs()...) }

// Dial connects to a broker. It has the signature of the Dial of kafka-go's
// Transport and of the DialFunc of its Dialer, which need it where [WithPipes] is
// in force, and is net.Dialer's elsewhere.
func (b *Broker) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if b.cfg.pipes {
		return b.conns.pipes.DialContext(ctx, network, address)
	}
	return new(net.Dialer).DialContext(ctx, network, address)
}

// Stop takes the brokers down, as a crash would: their connections end, and dialing
// them is refused until [Broker.Restart]. What was set up with [Broker.Fault] and
// the like is gone. Stop does nothing to a broker that is down.
func (b *Broker) Stop() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stop()
}

// stop needs b.mu.
func (b *Broker) stop() {
	if b.cluster == nil {
		return
	}
	b.conns.closeAll() // first, so that nothing of what is held is carried out
	b.troubles.stop()
	b.cluster.Close()
	b.cluster = nil
}

// Restart brings the brokers back on the ports they had, after stopping them where
// they still run. With [WithDataDir] they have the topics, messages and offsets
// that they had, without it they have lost everything and are as new. Restart
// returns [ErrStopped] after [Broker.Close], or why it can't listen or read.
func (b *Broker) Restart() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return fmt.Errorf("kafkatest: restart: %w", ErrStopped)
	}
	b.stop()
	return b.start()
}

// Close stops the brokers for good. A second Close does nothing.
func (b *Broker) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed = true
	b.stop()
}

// ask calls fn with the cluster while it runs: one that is closed never answers.
func (b *Broker) ask(fn func(c *kfake.Cluster) error) error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.cluster == nil {
		return ErrStopped
	}
	return fn(b.cluster)
}
