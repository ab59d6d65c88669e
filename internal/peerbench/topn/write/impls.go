// Package write puts the writes of topn.Board beside plain commands of Redis: a
// thousand events, each of which adds 1 to a member's score.
package write

import (
	"context"
	"math/rand/v2"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/ycvk/tinybook/topn"
)

// Batch is how many events a Write writes.
const Batch = 1000

// Members is how many a board has before.
const Members = 100_000

// A Write writes events, of which each is a member, to a board.
type Write func(ctx context.Context, events []int64) error

// An Impl is a way to write.
type Impl struct {
	Name    string
	Command string // that the server gets
	Open    func(ctx context.Context, rdb *redis.Client) (Write, error)
}

// Impls returns all of them. The first is what the others are compared with.
func Impls() []Impl {
	return []Impl{
		{"zincrby", "zincrby", plain},
		{"zincrby-pipelined", "zincrby", pipelined},
		{"lua", "evalsha", script},
		{"incr", "evalsha", oneByOne},
		{"incr-batch", "evalsha", batch(false)},
		{"incr-batch-position", "evalsha", batch(true)},
		{"apply", "evalsha", apply},
	}
}

// Events returns members as an application sees them: few get most of the likes.
func Events(rng *rand.Rand) []int64 {
	zipf := rand.NewZipf(rng, 1.1, 1, Members-1)
	events := make([]int64, Batch)
	for i := range events {
		events[i] = int64(zipf.Uint64())
	}
	return events
}

const plainKey = "{plain}:board"

func member(m int64) string { return topn.Int64Codec().Encode(m) }

// fill makes a board of all members for the plain ways.
func fill(ctx context.Context, rdb *redis.Client) error {
	pipe := rdb.Pipeline()
	for m := range int64(Members) {
		pipe.ZAdd(ctx, plainKey, redis.Z{Score: score(m), Member: member(m)})
	}
	_, err := pipe.Exec(ctx)
	return err
}

func score(m int64) float64 { return float64(Members - m) }

func plain(ctx context.Context, rdb *redis.Client) (Write, error) {
	return func(ctx context.Context, events []int64) error {
		for _, m := range events {
			if err := rdb.ZIncrBy(ctx, plainKey, 1, member(m)).Err(); err != nil {
				return err
			}
		}
		return nil
	}, fill(ctx, rdb)
}

func pipelined(ctx context.Context, rdb *redis.Client) (Write, error) {
	return func(ctx context.Context, events []int64) error {
		pipe := rdb.Pipeline()
		for _, m := range events {
			pipe.ZIncrBy(ctx, plainKey, 1, member(m))
		}
		_, err := pipe.Exec(ctx)
		return err
	}, fill(ctx, rdb)
}

// script is the plainest one that does a batch at once and leaves a mark. Events
// of one member are added up first, as IncrBatch's caller does.
func script(ctx context.Context, rdb *redis.Client) (Write, error) {
	lua := redis.NewScript(`for i = 1, #ARGV, 2 do redis.call('ZINCRBY', KEYS[1], ARGV[i + 1], ARGV[i]) end
return redis.call('INCR', KEYS[2])`)
	return func(ctx context.Context, events []int64) error {
		var args []any
		for m, n := range sum(events) {
			args = append(args, member(m), strconv.FormatFloat(n, 'g', -1, 64))
		}
		return lua.Run(ctx, rdb, []string{plainKey, "{plain}:mark"}, args...).Err()
	}, fill(ctx, rdb)
}

func sum(events []int64) map[int64]float64 {
	deltas := make(map[int64]float64, len(events))
	for _, m := range events {
		deltas[m]++
	}
	return deltas
}

func open(ctx context.Context, rdb *redis.Client, mode topn.Mode) (*topn.Board[int64], error) {
	b, err := topn.New(rdb, "ours", topn.Int64Codec(), func(context.Context, int) ([]topn.Entry[int64], error) {
		es := make([]topn.Entry[int64], Members)
		for m := range es {
			es[m] = topn.Entry[int64]{Member: int64(m), Score: score(int64(m))}
		}
		return es, nil
	}, topn.WithMode(mode), topn.WithRetain(Members))
	if err != nil {
		return nil, err
	}
	return b, b.Rebuild(ctx)
}

func oneByOne(ctx context.Context, rdb *redis.Client) (Write, error) {
	b, err := open(ctx, rdb, topn.Counter)
	return func(ctx context.Context, events []int64) error {
		for _, m := range events {
			if err := b.Incr(ctx, m, 1); err != nil {
				return err
			}
		}
		return nil
	}, err
}

func batch(position bool) func(context.Context, *redis.Client) (Write, error) {
	return func(ctx context.Context, rdb *redis.Client) (Write, error) {
		b, err := open(ctx, rdb, topn.Counter)
		p := topn.Position{Stream: "likes/0", Last: -1}
		return func(ctx context.Context, events []int64) error {
			if !position {
				return b.IncrBatch(ctx, sum(events), nil)
			}
			p.First, p.Last = p.Last+1, p.Last+int64(len(events))
			return b.IncrBatch(ctx, sum(events), &p)
		}, err
	}
}

// apply sends every event's score and version, also of those that were overtaken
// in the same batch.
func apply(ctx context.Context, rdb *redis.Client) (Write, error) {
	b, err := open(ctx, rdb, topn.Absolute)
	rows := make(map[int64]topn.Entry[int64])
	return func(ctx context.Context, events []int64) error {
		es := make([]topn.Entry[int64], len(events))
		for i, m := range events {
			e := rows[m]
			e = topn.Entry[int64]{Member: m, Score: score(m) + float64(e.Version) + 1, Version: e.Version + 1}
			rows[m], es[i] = e, e
		}
		_, err := b.Apply(ctx, es...)
		return err
	}, err
}
