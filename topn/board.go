package topn

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
)

// A Board is one leaderboard: a sorted set in Redis, which every process writes
// to, and in each process a snapshot of its first N places, which readers share.
//
// Writers change the set and its mark, a number, in one script. [Board.Run] asks
// each tick for the mark alone, and reads the places again when it is another than
// before. Nobody takes the mark away, so every process sees every change within a
// tick and its jitter, and a change that comes while the places are read is seen
// with the next tick.
//
// The database is the truth. While Redis doesn't hold the board, since nobody has
// asked for it yet or the server lost its data, nothing is written to it: Run or
// [Board.Load] rebuilds it from the [Source], one process at a time. So write the
// database first, and the board then. While Redis doesn't answer, reads go on
// from the last snapshot, which is Stale.
//
// All keys have names like topn:{key}:board: the prefix, and the key as the hash
// tag, so that they lie on one node of a Redis Cluster. There are board, mark, offsets,
// versions, older and trimmed, and for as long as a rebuild lasts lease, fresh,
// freshversions and delta; the lease stays for ten seconds more. Unless there is
// [WithExpire] the first six don't expire: run the server with maxmemory-policy
// noeviction or a volatile one. To be rid of a board stop asking for it, and
// [Board.Drop] it. Redis holds some 130 bytes for each member of
// a Counter board. On an Absolute board, which has versions too, they are some 220 for
// each one retained, and 300 from the second rebuild on; of the others 90 for each that
// had a change since the rebuild before last, so rebuild it now and then where there
// are many more members than are retained. (Measured with int64 members on Redis 7.)
//
// A zero Board has no places, and its calls fail with [ErrInput]: use [New].
//
// It is safe for concurrent use and never closes the client. It needs Redis 5 or
// later, or what is compatible with it, and the right to EVALSHA, EVAL,
// GET, SET, INCRBY, DEL, EXISTS, UNLINK, RENAME, PERSIST, PEXPIRE, HGET, HSET, HEXISTS,
// ZADD, ZREM, ZSCORE, ZINCRBY, ZCARD, ZRANGE, ZREVRANGE, ZREVRANK and
// ZREMRANGEBYRANK.
type Board[M comparable] struct {
	rdb    redis.UniversalClient
	codec  Codec[M]
	source Source[M]
	cfg    config
	name   string
	keys   keys

	base    time.Time // what times are counted from, so that the wall clock may jump
	state   atomic.Pointer[state[M]]
	reads   atomic.Uint64 // gives each reading its turn
	loads   flights
	marks   flights
	marked  atomic.Int64 // when a Mark was last sent, since base; 0 for never
	failed  atomic.Pointer[failure]
	running atomic.Bool
	tended  atomic.Bool // Run sees to it that the state is as fresh as can be
	counts  counts
}

// maxScore is the greatest score: beyond it a float64 has no room for all whole
// numbers.
const maxScore = 1 << 53

// New returns the board named key in the Redis of c. It sends nothing and starts
// nothing: until [Board.Run] or [Board.Load] has read the board, Top is empty.
// Boards of one prefix and key are one board, so that all processes must give the
// same mode, codec and N. The error wraps [ErrInput] and joins all that is wrong
// with the arguments.
func New[M comparable](c redis.UniversalClient, key string, codec Codec[M], source Source[M], opts ...Option) (*Board[M], error) {
	cfg := newConfig(opts)
	errs := []error{checkClient(c), checkKey(key), checkGiven("codec", codec), checkGiven("source", source), cfg.validate()}
	if cfg.boards {
		errs = append(errs, fmt.Errorf("%w: WithCapacity(%d): only NewBoards has one", ErrInput, cfg.capacity))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return newBoard(c, key, codec, source, &cfg), nil
}

// newBoard is New for arguments that were checked.
func newBoard[M comparable](c redis.UniversalClient, key string, codec Codec[M], source Source[M], cfg *config) *Board[M] {
	b := &Board[M]{
		rdb: c, codec: codec, source: source, cfg: *cfg, name: key,
		keys: newKeys(cfg.prefix, key), base: time.Now().Add(-1),
	}
	b.state.Store(new(state[M]))
	return b
}

// made refuses a zero Board.
func (b *Board[M]) made() error {
	if b.rdb == nil {
		return fmt.Errorf("%w: the board wasn't made by New", ErrInput)
	}
	return nil
}

// ready returns why a call can't begin.
func (b *Board[M]) ready(ctx context.Context) error {
	if err := b.made(); err != nil {
		return err
	}
	return contextError(ctx)
}

func checkClient(c redis.UniversalClient) error { return checkGiven("client", c) }

// checkGiven refuses what is nil, or holds a nil pointer or function.
func checkGiven(what string, v any) error {
	r := reflect.ValueOf(v)
	if r.IsValid() && (r.Kind() != reflect.Pointer && r.Kind() != reflect.Func || !r.IsNil()) {
		return nil
	}
	return fmt.Errorf("%w: the %s is nil", ErrInput, what)
}

func checkKey(key string) error {
	if key == "" || len(key) > maxKey || strings.ContainsAny(key, "{}") {
		return fmt.Errorf("%w: the key is %.100q, of %d bytes: want 1 to %d without braces", ErrInput, key, len(key), maxKey)
	}
	return nil
}

const maxKey = 1024

// elapsed returns the time since base. It is never 0, which stands for never.
func (b *Board[M]) elapsed() time.Duration { return time.Since(b.base) }
