package topn_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/topn"
)

// Redis is killed and comes back with what it had, several times, under two consumers
// that share the partitions: nothing is lost, and nothing counts twice because an answer
// was.
func TestRedisIsKilledUnderConsumers(t *testing.T) {
	t.Parallel()
	_, addr := startBroker(t)
	server := realserver.Redis(t, "--appendonly", "yes")
	p := newProducer(t, addr)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 2)
	rdb := newClient(t, server.Addr())
	board := newBoard(t, rdb)
	for range cap(ended) {
		r := newReader(addr)
		t.Cleanup(func() { require.NoError(t, r.Close()) })
		go func() {
			ended <- topn.Consume(ctx, r, board, decode, topn.WithBatch(20),
				topn.WithInterval(5*time.Millisecond), topn.WithBackoff(10*time.Millisecond, 200*time.Millisecond))
		}()
	}
	p.write(t, 100)
	poll(t, 60*time.Second, func() bool { return committed(t, addr) > 0 }, "nobody begins")
	for range 4 {
		for range 20 {
			p.write(t, 20) // the consumers are at it when the server goes
		}
		server.Kill()
		p.write(t, 20)
		server.Restart()
	}
	poll(t, 60*time.Second, func() bool { return committed(t, addr) == p.total }, "the log is never read")
	cancel()
	for range cap(ended) {
		require.NoError(t, <-ended)
	}
	sameScores(t, p.sums, scoresOf(t, rdb))
}
