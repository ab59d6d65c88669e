package platform

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// tick is how often the embedded Redis is told how much time has passed: it
// has no clock of its own, and without it no key would ever expire.
const tick = 250 * time.Millisecond

// Redis is a client, and for the embedded one the server too.
type Redis struct {
	redis.UniversalClient
	server *miniredis.Miniredis
}

// OpenEmbeddedRedis starts a Redis inside the process. It listens on a port of
// this machine, and wants a password that nobody else knows. Run must run for
// as long as it is used.
func OpenEmbeddedRedis() (*Redis, error) {
	server := miniredis.NewMiniRedis()
	password := rand.Text()
	server.RequireAuth(password)
	if err := server.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("platform: embedded redis: %w", err)
	}
	return &Redis{UniversalClient: connect([]string{server.Addr()}, password), server: server}, nil
}

// OpenRedis connects to a real Redis and fails if it doesn't answer. Several
// addresses with commas between them are a Redis Cluster.
func OpenRedis(ctx context.Context, addr, password string) (*Redis, error) {
	r := &Redis{UniversalClient: connect(strings.Split(addr, ","), password)}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if err := r.Ping(ctx).Err(); err != nil {
		err = fmt.Errorf("platform: redis at %s is not reachable: %w; start it, or unset TINYBOOK_REDIS_ADDR to use the embedded one", addr, err)
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func connect(addrs []string, password string) redis.UniversalClient {
	return redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs:                 addrs,
		Password:              password,
		ContextTimeoutEnabled: true,
		// For managed clusters that announce their upgrades; others refuse it.
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

// Run moves the clock of the embedded Redis until ctx is done, and then
// returns nil. A real one has its own, and Run only waits.
func (r *Redis) Run(ctx context.Context) error {
	if r.server == nil {
		<-ctx.Done()
		return nil
	}
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			now := time.Now()
			r.server.FastForward(now.Sub(last))
			last = now
		}
	}
}

// Close closes the client, and stops the server if it is the embedded one.
func (r *Redis) Close() error {
	err := r.UniversalClient.Close()
	if r.server != nil {
		r.server.Close()
	}
	return err
}
