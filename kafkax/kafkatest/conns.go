package kafkatest

import (
	"net"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"
)

// connections knows every connection that clients have to the brokers.
type connections struct {
	listen   func(network, address string) (net.Listener, error)
	pipes    kfake.VirtualNetwork
	troubles *troubles // that requests meet

	mu       sync.Mutex
	down     bool           // whether those that still come are closed at once
	open     map[*conn]bool // whether its client is there still
	accepted int
}

// Connections returns how many connections clients have now, and how many they have
// made since the broker was first started.
func (b *Broker) Connections() (open, made int) {
	b.conns.mu.Lock()
	defer b.conns.mu.Unlock()
	for _, there := range b.conns.open {
		if there {
			open++
		}
	}
	return open, b.conns.accepted
}

func (c *connections) Listen(network, address string) (net.Listener, error) {
	l, err := c.listen(network, address)
	if err != nil {
		return nil, err
	}
	return &listener{Listener: l, conns: c}, nil
}

// add returns a connection, closed where it comes too late.
func (c *connections) add(nc net.Conn) *conn {
	added := newConn(nc, c)
	if !c.register(added) {
		_ = added.Close() // of which nobody has heard
	}
	return added
}

func (c *connections) register(added *conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.down {
		return false
	}
	if c.open == nil {
		c.open = make(map[*conn]bool)
	}
	c.open[added] = true
	c.accepted++
	return true
}

// leave has a connection count no more, though what it asked is still to be done.
func (c *connections) leave(left *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, open := c.open[left]; open {
		c.open[left] = false
	}
}

func (c *connections) remove(gone *conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, gone)
}

// up has connections accepted.
func (c *connections) up() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.down = false
}

// closeAll ends those there are, and those that still come until up is called: no
// request reaches the cluster any more.
func (c *connections) closeAll() {
	c.mu.Lock()
	c.down = true
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

// firstPipePort is where the ports of brokers begin that have no real ones.
const firstPipePort = 9092

func pipePorts(n int) []int {
	ports := make([]int, n)
	for i := range ports {
		ports[i] = firstPipePort + i
	}
	return ports
}
