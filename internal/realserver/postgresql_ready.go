package realserver

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"time"
)

// Messages of PostgreSQL's protocol, version 3.
const (
	pgAuthentication  = 'R'
	pgParameterStatus = 'S'
	pgBackendKey      = 'K'
	pgNotice          = 'N'
	pgReady           = 'Z'
)

// postgreSQLReady logs in as postgres and waits until the server would take a
// query: while it starts or recovers it refuses the login.
func postgreSQLReady(ctx context.Context, s *Server) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", s.Addr())
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		return err
	}
	if _, err := conn.Write(pgStartup("user", "postgres", "database", "postgres")); err != nil {
		return err
	}
	r := bufio.NewReader(conn)
	for {
		kind, body, err := pgMessage(r)
		if err != nil {
			return err
		}
		switch kind {
		case pgReady:
			_, err := conn.Write([]byte{'X', 0, 0, 0, 4}) // terminate
			return err
		case pgAuthentication, pgParameterStatus, pgBackendKey, pgNotice:
		default:
			return fmt.Errorf("login answered with %q: %q", kind, body)
		}
	}
}

// pgStartup is the first message of a client: length, version 3.0, parameters.
func pgStartup(params ...string) []byte {
	msg := []byte{0, 0, 0, 0, 0, 3, 0, 0}
	for _, p := range params {
		msg = append(append(msg, p...), 0)
	}
	msg = append(msg, 0)
	binary.BigEndian.PutUint32(msg, uint32(len(msg)))
	return msg
}

// pgMessage reads one message: its kind, a length that counts itself, a body.
func pgMessage(r io.Reader) (kind byte, body []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	const largest = 1 << 16
	n := binary.BigEndian.Uint32(head[1:])
	if n < 4 || n > largest {
		return 0, nil, fmt.Errorf("message %q of %d bytes", head[0], n)
	}
	body = make([]byte, n-4)
	_, err = io.ReadFull(r, body)
	return head[0], body, err
}
