package kafkatest

import "net"

// A lookout reads from a connection, and sees a client hang up while nobody reads.
type lookout struct {
	net.Conn
	ahead chan ahead // nil, or of what look reads
}

// ahead is what was read before anybody wanted it.
type ahead struct {
	b   [1]byte
	err error
}

// look calls gone when the client hangs up before it sends any more. It leaves a
// goroutine, until the client sends or the connection is closed.
func (l *lookout) look(gone func()) {
	if l.ahead != nil {
		return // it looks already
	}
	result := make(chan ahead, 1)
	l.ahead = result
	go func() {
		var a ahead
		if _, a.err = l.Conn.Read(a.b[:]); a.err != nil {
			gone()
		}
		result <- a
	}()
}

func (l *lookout) Read(p []byte) (int, error) {
	if l.ahead == nil || len(p) == 0 {
		return l.Conn.Read(p)
	}
	a := <-l.ahead
	l.ahead = nil
	if a.err != nil {
		return 0, a.err
	}
	return copy(p, a.b[:]), nil
}
