package kafkatest

import (
	"net"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"
)

// connections knows every connection that clients have to the brokers.
type connections struct {
	listen func(network, address string) (net.Listener, error)
	pipes  kfake.VirtualNetwork

	mu       sync.Mutex
	open     map[*conn]struct{}
	accepted int
}

// Connections returns how many connections clients have now, and how many they have
// made since the broker was first started.
func (b *Broker) Connections() (open, made int) {
	b.conns.mu.Lock()
	defer b.conns.mu.Unlock()
	return len(b.conns.open), b.conns.accepted
}

func (c *connections) Listen(network, address string) (net.Listener, error) {
	l, err := c.listen(network, address)
	if err != nil {
		return nil, err
	}
	return &listener{Listener: l, conns: c}, nil
}

func (c *connections) add(nc net.Conn) *conn {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open == nil {
		c.open = make(map[*conn]struct{})
	}
	added := &conn{Conn: nc, conns: c}
	c.open[added] = struct{}{}
	c.accepted++
	return added
}

func (c *connections) remove(gone *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, gone)
}

// closeAll ends what a stopped cluster leaves to be closed some time.
func (c *connections) closeAll() {
	c.mu.Lock()
	left := make([]*conn, 0, len(c.open))
	for open := range c.open {
		left = append(left, open)
	}
	c.mu.Unlock()
	for _, open := range left {
		_ = open.Close() // its client has gone, or is to see it go
	}
}

type listener struct {
	net.Listener
	conns *connections
}

func (l *listener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return l.conns.add(nc), nil
}

type conn struct {
	net.Conn
	conns *connections
}

func (c *conn) Close() error {
	c.conns.remove(c)
	return c.Conn.Close()
}

// firstPipePort is where the ports of brokers begin that have no real ones.
const firstPipePort = 9092

func pipePorts(n int) []int {
	ports := make([]int, n)
	for i := range ports {
		ports[i] = firstPipePort + i
	}
	return ports
}
