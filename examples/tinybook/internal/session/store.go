package session

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// A Store holds what all nodes must agree on.
type Store interface {
	// Probe returns an error if no session could be opened now.
	Probe(ctx context.Context) error
	// Create opens a session.
	Create(ctx context.Context, sid string, g Grant) error
	// Rotate replaces the refresh token jti of sid by that of next, or says why
	// not. It leaves a session that nobody can renew when jti isn't its
	// current one.
	Rotate(ctx context.Context, sid, jti string, next Grant) (Rotation, error)
	// End deletes the session and lists it as ended until its last access
	// token is dead: the last that the session knows of, or dead if that is
	// later. Doing it twice does no harm.
	End(ctx context.Context, sid string, dead time.Time) error
	// Ended returns the sessions that ended at since or later, by the clock
	// of the store; all that are listed for the zero time.
	Ended(ctx context.Context, since time.Time) ([]Ended, error)
	// HasEnded reports whether the session is listed as ended.
	HasEnded(ctx context.Context, sid string) (bool, error)
}

// A Grant is a pair of tokens as the store knows it.
type Grant struct {
	JTI  string        // of the refresh token
	TTL  time.Duration // of the refresh token, and so of the session
	Dead time.Time     // when the access token is dead
}

// Ended is a session that has ended, and when.
type Ended struct {
	Session string
	At      time.Time
	Left    time.Duration // until its last token is dead; negative: unknown
}

// Rotation is what became of a refresh token.
type Rotation int

// What Rotate answers.
const (
	Gone    Rotation = iota // the session ended or expired
	Rotated                 // the token was current, and is spent now
	Reused                  // the token was spent before; the session must be ended
)

//go:embed rotate.lua
var rotateSource string

//go:embed end.lua
var endSource string

//go:embed ended.lua
var endedSource string

var (
	rotateScript = redis.NewScript(rotateSource)
	endScript    = redis.NewScript(endSource)
	endedScript  = redis.NewScript(endedSource)
)

// endedKey is a sorted set of the ended sessions by the time of their end,
// deadKey one by the time when their last token is dead. A Redis Cluster keeps
// both on one node.
const (
	endedKey = "tb:session:ended"
	deadKey  = "{" + endedKey + "}:dead"
	probeKey = "tb:session:probe"
)

var endedKeys = []string{endedKey, deadKey}

func sessionKey(sid string) string { return "tb:session:id:" + sid }

// RedisStore is a [Store] in Redis.
type RedisStore struct{ rdb redis.UniversalClient }

// NewRedisStore returns a store on rdb, which stays the caller's.
func NewRedisStore(rdb redis.UniversalClient) *RedisStore { return &RedisStore{rdb: rdb} }

// Probe implements [Store]. It writes, as Create does: a Redis that can be read
// may take nothing.
func (s *RedisStore) Probe(ctx context.Context) error {
	if err := s.rdb.Set(ctx, probeKey, "", time.Second).Err(); err != nil {
		return fmt.Errorf("probe: %w", err)
	}
	return nil
}

// Create implements [Store].
func (s *RedisStore) Create(ctx context.Context, sid string, g Grant) error {
	value := g.JTI + ":" + strconv.FormatInt(g.Dead.UnixMilli(), 10)
	if err := s.rdb.Set(ctx, sessionKey(sid), value, g.TTL).Err(); err != nil {
		return fmt.Errorf("create: %w", err)
	}
	return nil
}

// Rotate implements [Store].
func (s *RedisStore) Rotate(ctx context.Context, sid, jti string, next Grant) (Rotation, error) {
	n, err := rotateScript.Run(ctx, s.rdb, []string{sessionKey(sid)},
		jti, next.JTI, next.TTL.Milliseconds(), next.Dead.UnixMilli()).Int()
	if err != nil {
		return Gone, fmt.Errorf("rotate: %w", err)
	}
	return Rotation(n), nil
}

// End implements [Store]. It lists the session first: when a later step fails,
// ending it again finishes the work, while a session that is deleted and not
// listed would leave access tokens alive.
func (s *RedisStore) End(ctx context.Context, sid string, dead time.Time) error {
	kept, err := s.rdb.Get(ctx, sessionKey(sid)).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return fmt.Errorf("look up: %w", err)
	}
	if _, ms, ok := strings.Cut(kept, ":"); ok {
		if n, err := strconv.ParseInt(ms, 10, 64); err == nil && n > dead.UnixMilli() {
			dead = time.UnixMilli(n)
		}
	}
	keep := (max(0, time.Until(dead)) + overlap).Milliseconds()
	if err := endScript.Run(ctx, s.rdb, endedKeys, sid, keep).Err(); err != nil {
		return fmt.Errorf("list as ended: %w", err)
	}
	if err := s.rdb.Del(ctx, sessionKey(sid)).Err(); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	return nil
}

// Ended implements [Store].
func (s *RedisStore) Ended(ctx context.Context, since time.Time) ([]Ended, error) {
	from := "-inf"
	if !since.IsZero() {
		from = strconv.FormatInt(since.UnixMilli(), 10)
	}
	answer, err := endedScript.Run(ctx, s.rdb, endedKeys, from).StringSlice()
	if err != nil {
		return nil, err
	}
	all := make([]Ended, 0, len(answer)/3)
	for e := range slices.Chunk(answer, 3) {
		if len(e) != 3 {
			return nil, fmt.Errorf("%d values about ended sessions", len(answer))
		}
		at, errAt := strconv.ParseInt(e[1], 10, 64)
		left, errLeft := strconv.ParseInt(e[2], 10, 64)
		if err := errors.Join(errAt, errLeft); err != nil {
			return nil, err
		}
		all = append(all, Ended{
			Session: e[0], At: time.UnixMilli(at), Left: time.Duration(left) * time.Millisecond,
		})
	}
	return all, nil
}

// HasEnded implements [Store].
func (s *RedisStore) HasEnded(ctx context.Context, sid string) (bool, error) {
	err := s.rdb.ZScore(ctx, endedKey, sid).Err()
	if errors.Is(err, redis.Nil) {
		return false, nil
	}
	return err == nil, err
}

// SyncedStore is a [Store] that makes what must not be forgotten durable before
// it answers: a sign-out, and that a refresh token is spent. A session that was
// just opened may be lost in a crash; its user signs in again.
type SyncedStore struct {
	Store
	sync func(ctx context.Context) error
}

// NewSyncedStore returns a store that calls sync after changes of store.
func NewSyncedStore(store Store, sync func(ctx context.Context) error) *SyncedStore {
	return &SyncedStore{Store: store, sync: sync}
}

// Rotate implements [Store].
func (s *SyncedStore) Rotate(ctx context.Context, sid, jti string, next Grant) (Rotation, error) {
	state, err := s.Store.Rotate(ctx, sid, jti, next)
	if err != nil || state == Gone {
		return state, err
	}
	if err := s.sync(ctx); err != nil {
		return Gone, fmt.Errorf("rotate: %w", err)
	}
	return state, nil
}

// End implements [Store].
func (s *SyncedStore) End(ctx context.Context, sid string, dead time.Time) error {
	if err := s.Store.End(ctx, sid, dead); err != nil {
		return err
	}
	if err := s.sync(ctx); err != nil {
		return fmt.Errorf("end: %w", err)
	}
	return nil
}
