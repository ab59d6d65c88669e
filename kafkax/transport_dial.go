package kafkax

import (
	"context"
	"net"
	"time"
)

// A DialFunc opens a connection, as the Dial of a kafka.Transport does.
type DialFunc func(ctx context.Context, network, address string) (net.Conn, error)

// dialTimeout is that of kafka.DefaultTransport.
const dialTimeout = 3 * time.Second

// DialFunc returns a DialFunc that opens connections with next and counts them, and
// the bytes that go through them either way, under the label writer=name. They are
// the only figures after compression, and have the bytes of every request, not
// only of those that produce. A nil next is a net.Dialer with a timeout of 3 s.
//
// Set it as Dial of the kafka.Transport that the writer has to itself, before the
// first use: a Transport doesn't say for whom it dials. TLS is on top of it, so
// that encrypted bytes are counted. How long it counts, and what names it takes, is
// as with [Metrics.RoundTripper].
func (m *Metrics) DialFunc(name string, next DialFunc) DialFunc {
	if next == nil {
		next = (&net.Dialer{Timeout: dialTimeout}).DialContext
	}
	s := m.beside(clientKey{labelWriter, name, ""})
	results := s.counters(writerConnections, name)
	sent, received := s.counter(writerTransmitBytes, name), s.counter(writerReceiveBytes, name)
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := next(ctx, network, address)
		if err != nil {
			results[1].inc()
			return nil, err
		}
		results[0].inc()
		return &conn{Conn: c, sent: sent, received: received}, nil
	}
}

// A conn counts what goes through it.
type conn struct {
	net.Conn
	sent, received *counter
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.received.add(int64(n))
	return n, err
}

func (c *conn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.sent.add(int64(n))
	return n, err
}
