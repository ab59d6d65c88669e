package kafkatest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
)

// conn is a client's connection as the cluster reads it: a request comes out of it
// only after it has met what it has to meet. One goroutine reads at a time.
type conn struct {
	net.Conn
	conns *connections
	in    lookout

	closing sync.Once
	closed  chan struct{}
	joining joining

	head  [headLen]byte
	ready []byte // of the request in hand: what the client has sent already
	left  int64  // and how many bytes are still to come from it
}

// A request begins with its length, in 4 bytes, that count what follows. What
// follows begins with the kind of request and its version, in 2 bytes each, and 4 that
// the answer has after its length.
const (
	lengthLen = 4
	kindLen   = 2
	numberAt  = lengthLen + kindLen + 2
	headLen   = numberAt + 4
)

func newConn(nc net.Conn, conns *connections) *conn {
	return &conn{Conn: nc, conns: conns, in: lookout{Conn: nc}, closed: make(chan struct{})}
}

func (c *conn) Read(p []byte) (int, error) {
	if len(c.ready) == 0 && c.left == 0 {
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if len(c.ready) > 0 {
		n := copy(p, c.ready)
		c.ready = c.ready[n:]
		return n, nil
	}
	n, err := c.in.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// next waits for a request, and until it may go on.
func (c *conn) next() error {
	if _, err := io.ReadFull(&c.in, c.head[:lengthLen]); err != nil {
		c.conns.leave(c)
		c.joining.wait(c.closed)
		return err
	}
	length := int64(binary.BigEndian.Uint32(c.head[:]))
	if length < headLen-lengthLen {
		return fmt.Errorf("kafkatest: a request of %d bytes", length)
	}
	if _, err := io.ReadFull(&c.in, c.head[lengthLen:]); err != nil {
		return err
	}
	kind := Request(binary.BigEndian.Uint16(c.head[lengthLen:]))
	if kind == JoinGroup {
		c.joining.begin(binary.BigEndian.Uint32(c.head[numberAt:]))
	}
	c.ready, c.left = c.head[:], length-(headLen-lengthLen)
	if met := c.conns.troubles.of(kind); len(met) > 0 {
		return c.meet(met)
	}
	return nil
}

func (c *conn) meet(obstacles []*obstacle) error {
	// All of it first: a client that gives up takes along what it hasn't sent.
	all := bytes.NewBuffer(c.ready)
	if _, err := io.CopyN(all, &c.in, c.left); err != nil {
		return err
	}
	c.ready, c.left = all.Bytes(), 0
	c.in.look(func() { c.conns.leave(c) })
	for _, o := range obstacles {
		if err := o.meet(c.closed); err != nil {
			return err
		}
		if c.isClosed() { // and what waited is lost
			return net.ErrClosed
		}
	}
	return nil
}

// Write writes an answer, which kfake hands over whole.
func (c *conn) Write(p []byte) (int, error) {
	if len(p) >= 2*lengthLen {
		c.joining.end(binary.BigEndian.Uint32(p[lengthLen:]))
	}
	return c.Conn.Write(p)
}

func (c *conn) isClosed() bool {
	select {
	case <-c.closed:
		return true
	default:
		return false
	}
}

func (c *conn) Close() error {
	c.closing.Do(func() { close(c.closed) })
	c.conns.remove(c)
	return c.Conn.Close()
}
