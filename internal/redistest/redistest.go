// Package redistest gives tests a Redis that lives inside the process and obeys
// the clock of a testing/synctest bubble: miniredis over net.Pipe, no socket.
//
// Its scripts run on an interpreter of its own, so what passes here must pass on
// a real server too; see internal/realserver.
package redistest

import (
	"context"
	"net"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// New returns a client of a miniredis of its own. Inside a bubble its TTLs and
// its TIME follow the bubble's clock. Both end with t.
func New(t testing.TB) *redis.Client {
	t.Helper()
	_, client := NewServer(t)
	return client
}

// NewServer is [New] for a test that also wants to look into the server, or to
// break it with SetError.
func NewServer(t testing.TB) (*miniredis.Miniredis, *redis.Client) {
	t.Helper()
	server := miniredis.NewMiniRedis()
	server.ClockTTL(true)
	t.Cleanup(server.Close)
	return server, Dial(t, server)
}

// Dial returns another client of server, as another pod would have one.
func Dial(t testing.TB, server *miniredis.Miniredis) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{
		// Nobody listens here. But an address that isn't an IP makes go-redis
		// resolve it, which leaves a goroutine of one bubble for the next.
		Addr:   "127.0.0.1:0",
		Dialer: func(context.Context, string, string) (net.Conn, error) { return server.Dial() },
		// Nobody waits for a connection: go-redis keeps the timers of such waits
		// for later ones, and those may be in another bubble, which is fatal.
		PoolSize: 256,
	})
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Errorf("close the redis client: %v", err)
		}
	})
	return client
}
