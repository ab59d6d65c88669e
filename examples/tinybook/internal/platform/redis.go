package platform

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// tick is how often the embedded Redis is told how much time has passed: it
// has no clock of its own, and without it no key would ever expire.
const tick = 250 * time.Millisecond

// saveEvery is how many ticks lie between two looks at what has to be kept.
const saveEvery = 4

// Redis is a client, and for the embedded one the server too.
type Redis struct {
	redis.UniversalClient
	server *miniredis.Miniredis
	file   string // of the embedded one; empty: nothing is kept
	log    *slog.Logger
	saving chan struct{}     // holds one token while somebody saves
	saved  [sha256.Size]byte // what the file holds; needs the token
	failed atomic.Int64      // saves that failed since one succeeded
}

// maxFailed is the number of failed saves in a row from which on [Redis.Health]
// says so. One may be a hiccup of the disk.
const maxFailed = 3

// A RedisOption changes an embedded Redis.
type RedisOption func(*Redis)

// WithLogger makes failures of the file go to log. By default nobody is told.
func WithLogger(log *slog.Logger) RedisOption { return func(r *Redis) { r.log = log } }

// OpenEmbeddedRedis starts a Redis inside the process. It listens on a port of
// this machine, and wants a password that nobody else knows. It begins with
// what is in the file and keeps it up to date, a second behind at most, or not
// at all when [Redis.Sync] has returned; without a file it forgets everything.
// Run must run for as long as it is used.
func OpenEmbeddedRedis(file string, opts ...RedisOption) (*Redis, error) {
	r := &Redis{
		server: miniredis.NewMiniRedis(), file: file,
		log: slog.New(slog.DiscardHandler), saving: make(chan struct{}, 1),
	}
	for _, opt := range opts {
		opt(r)
	}
	if file != "" {
		kept, err := load(file)
		if err == nil {
			err = kept.restore(r.server)
		}
		if err != nil {
			return nil, err
		}
		r.saved = take(r.server).sum()
	}
	password := rand.Text()
	r.server.RequireAuth(password)
	if err := r.server.StartAddr("127.0.0.1:0"); err != nil {
		return nil, fmt.Errorf("platform: embedded redis: %w", err)
	}
	r.UniversalClient = connect([]string{r.server.Addr()}, password)
	return r, nil
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

// Run moves the clock of the embedded Redis and keeps its file up to date,
// until ctx is done, and then returns nil. A save that fails is logged and
// tried again: the site goes on, and [Redis.Health] tells whoever balances it.
// A real Redis needs neither, and Run only waits.
func (r *Redis) Run(ctx context.Context) error {
	if r.server == nil {
		<-ctx.Done()
		return nil
	}
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	last := time.Now()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		now := time.Now()
		r.server.FastForward(now.Sub(last))
		last = now
		if n%saveEvery == 0 {
			_ = r.Sync(ctx) // It has logged, and Health knows.
		}
	}
}

// Sync returns when everything that the embedded Redis held at the call is in
// its file and outlives a crash. It does nothing where nothing is kept.
func (r *Redis) Sync(ctx context.Context) error {
	if r.file == "" {
		return nil
	}
	select {
	case r.saving <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("platform: embedded redis: wait for the file: %w", ctx.Err())
	}
	defer func() { <-r.saving }()
	err := r.save()
	switch {
	case err == nil && r.failed.Swap(0) > 0:
		r.log.Info("embedded Redis is kept again", "file", r.file)
	case err != nil && r.failed.Add(1) == 1: // once for all that follow
		r.log.Error("embedded Redis can't be kept; trying again", "file", r.file, "error", err)
	}
	return err
}

// Health returns an error while the file of the embedded Redis can't be
// written: after a restart, sign-outs would be forgotten.
func (r *Redis) Health() error {
	if n := r.failed.Load(); n >= maxFailed {
		return fmt.Errorf("platform: embedded redis: %d saves in a row have failed", n)
	}
	return nil
}

// save writes the file if anything is to be kept that isn't in it.
func (r *Redis) save() error {
	s := take(r.server)
	sum := s.sum()
	if sum == r.saved && r.failed.Load() == 0 {
		return nil
	}
	if err := s.save(r.file); err != nil {
		return err
	}
	r.saved = sum
	return nil
}

// Close closes the client, and stops the server if it is the embedded one. Run
// must have returned.
func (r *Redis) Close() error {
	err := r.UniversalClient.Close()
	if r.server == nil {
		return err
	}
	err = errors.Join(err, r.Sync(context.Background()))
	r.server.Close()
	return err
}
