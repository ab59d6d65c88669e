package kafkatest_test

import (
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax/kafkatest"
)

// apiVersions is a request that says nothing, with a number that its answer repeats.
func apiVersions(number uint32) []byte {
	request := binary.BigEndian.AppendUint32(nil, 10) // the length of the rest
	request = binary.BigEndian.AppendUint16(request, uint16(kafkatest.APIVersions))
	request = binary.BigEndian.AppendUint16(request, 0) // the version
	request = binary.BigEndian.AppendUint32(request, number)
	return append(request, 0xff, 0xff) // from nobody
}

// However a client cuts up what it sends, and whatever its requests meet, they are
// answered one after the other.
func TestRequestsInPieces(t *testing.T) {
	const requests = 5
	var sent []byte
	for i := range uint32(requests) {
		sent = append(sent, apiVersions(i)...)
	}
	b := kafkatest.Start(t)
	for _, delay := range []time.Duration{0, time.Microsecond} {
		hits := func() int { return 0 }
		if delay > 0 {
			slow, err := b.Delay(delay)
			require.NoError(t, err)
			hits = slow.Hits
		}
		for size := 1; size <= len(sent); size++ {
			before := hits()
			conn := dial(t, b)
			for rest := sent; len(rest) > 0; rest = rest[min(size, len(rest)):] {
				_, err := conn.Write(rest[:min(size, len(rest))])
				require.NoError(t, err)
			}
			for i := range requests {
				require.EqualValues(t, i, answer(t, conn), "pieces of %d bytes", size)
			}
			require.NoError(t, conn.Close())
			if delay > 0 {
				require.Equal(t, requests, hits()-before)
			}
		}
	}
}

func dial(t *testing.T, b *kafkatest.Broker) net.Conn {
	t.Helper()
	conn, err := b.Dial(t.Context(), "tcp", b.Addrs()[0])
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() }) // a second time, mostly
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	return conn
}

// answer returns the number of the next answer.
func answer(t *testing.T, conn net.Conn) uint32 {
	t.Helper()
	head := make([]byte, 8)
	_, err := io.ReadFull(conn, head)
	require.NoError(t, err)
	_, err = io.CopyN(io.Discard, conn, int64(binary.BigEndian.Uint32(head))-4)
	require.NoError(t, err)
	return binary.BigEndian.Uint32(head[4:])
}

// A length that leaves no room for what every request has ends the connection.
func TestRequestsOfNoKind(t *testing.T) {
	b := kafkatest.Start(t)
	for _, length := range []byte{0, 1, 7} {
		conn := dial(t, b)
		_, err := conn.Write([]byte{0, 0, 0, length})
		require.NoError(t, err)
		_, err = conn.Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)
	}
}
