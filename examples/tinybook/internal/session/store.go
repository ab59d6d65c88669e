package session

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// A Store holds what all nodes must agree on.
type Store interface {
	// Create opens the session sid, whose refresh token is jti.
	Create(ctx context.Context, sid, jti string, ttl time.Duration) error
	// Rotate replaces the refresh token jti of sid by next, or says why not.
	// It deletes the session when jti isn't its current one.
	Rotate(ctx context.Context, sid, jti, next string, ttl time.Duration) (Rotation, error)
	// End deletes the session and lists it as ended for ttl at least.
	End(ctx context.Context, sid string, ttl time.Duration) error
	// Ended returns the sessions that ended at since or later, by the clock
	// of the store; all that are listed for the zero time.
	Ended(ctx context.Context, since time.Time) ([]Ended, error)
	// HasEnded reports whether the session is listed as ended.
	HasEnded(ctx context.Context, sid string) (bool, error)
}

// Ended is a session that has ended, and when.
type Ended struct {
	Session string
	At      time.Time
}

// Rotation is what became of a refresh token.
type Rotation int

// What Rotate answers.
const (
	Gone    Rotation = iota // the session ended or expired
	Rotated                 // the token was current, and is spent now
	Reused                  // the token was spent before; the session is deleted
)

//go:embed rotate.lua
var rotateSource string

//go:embed end.lua
var endSource string

var (
	rotateScript = redis.NewScript(rotateSource)
	endScript    = redis.NewScript(endSource)
)

// endedKey is a sorted set of the ended sessions, by the time in ms.
const endedKey = "tb:session:ended"

func sessionKey(sid string) string { return "tb:session:id:" + sid }

// RedisStore is a [Store] in Redis.
type RedisStore struct{ rdb redis.UniversalClient }

// NewRedisStore returns a store on rdb, which stays the caller's.
func NewRedisStore(rdb redis.UniversalClient) *RedisStore { return &RedisStore{rdb: rdb} }

// Create implements [Store].
func (s *RedisStore) Create(ctx context.Context, sid, jti string, ttl time.Duration) error {
	if err := s.rdb.Set(ctx, sessionKey(sid), jti, ttl).Err(); err != nil {
		return fmt.Errorf("create: %w", err)
	}
	return nil
}

// Rotate implements [Store].
func (s *RedisStore) Rotate(ctx context.Context, sid, jti, next string, ttl time.Duration) (Rotation, error) {
	n, err := rotateScript.Run(ctx, s.rdb, []string{sessionKey(sid)}, jti, next, ttl.Milliseconds()).Int()
	if err != nil {
		return Gone, fmt.Errorf("rotate: %w", err)
	}
	return Rotation(n), nil
}

// End implements [Store]. It lists the session first: when the second step
// fails, ending it again finishes the work, while a session that is deleted
// and not listed would leave access tokens alive.
func (s *RedisStore) End(ctx context.Context, sid string, ttl time.Duration) error {
	keep := (ttl + overlap).Milliseconds()
	if err := endScript.Run(ctx, s.rdb, []string{endedKey}, sid, keep).Err(); err != nil {
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
	entries, err := s.rdb.ZRangeByScoreWithScores(ctx, endedKey, &redis.ZRangeBy{Min: from, Max: "+inf"}).Result()
	if err != nil {
		return nil, err
	}
	all := make([]Ended, 0, len(entries))
	for _, e := range entries {
		sid, ok := e.Member.(string)
		if !ok {
			return nil, fmt.Errorf("ended session of type %T", e.Member)
		}
		all = append(all, Ended{Session: sid, At: time.UnixMilli(int64(e.Score))})
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
