package topn_test

import (
	"context"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"

	"github.com/ycvk/tinybook/internal/teeth"
	"github.com/ycvk/tinybook/topn"
)

// A sabotage breaks something about a process that begins.
type sabotage struct {
	begin func(h *history, rdb *redis.Client, r *reader)
}

var noSabotage = sabotage{func(*history, *redis.Client, *reader) {}}

// A saboteur comes between the board and Redis.
type saboteur struct {
	process
	write func(next func() error) error
}

func (s *saboteur) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if !strings.HasPrefix(cmd.Name(), "eval") {
			return next(ctx, cmd)
		}
		return s.write(func() error { return next(ctx, cmd) })
	}
}

// The test that cuts logs anywhere finds what would lose events or count them twice.
func TestTheCutsHaveTeeth(t *testing.T) {
	cut := func(mode topn.Mode, begin func(h *history, rdb *redis.Client, r *reader)) func(t *testing.T) {
		return func(t *testing.T) {
			t.Run(mode.String(), func(t *testing.T) { cutAnywhere(t, mode, sabotage{begin}) })
		}
	}
	commitsWhatItFetched := func(_ *history, _ *redis.Client, r *reader) {
		before := r.onFetch
		r.onFetch = func() error {
			r.mu.Lock()
			for i, next := range r.next {
				if next > 0 {
					r.committed[i] = max(r.committed[i], r.parts[i][next-1].Offset+1)
				}
			}
			r.mu.Unlock()
			return before()
		}
	}
	forgetsMarks := func(h *history, _ *redis.Client, _ *reader) { h.server.Del("topn:{likes}:offsets") }
	forgetsVersions := func(h *history, _ *redis.Client, _ *reader) { h.server.Del("topn:{likes}:versions") }
	commitsTooMuch := func(_ *history, _ *redis.Client, r *reader) {
		before := r.onCommit
		r.onCommit = func(ctx context.Context, msgs []kafka.Message) error {
			for i := range msgs {
				msgs[i].Offset++
			}
			return before(ctx, msgs)
		}
	}
	teeth.Bite(t, []teeth.Fault{
		{Name: "commits what it fetched", Caught: "counter", Suite: cut(topn.Counter, commitsWhatItFetched)},
		{Name: "commits what it fetched, absolute", Caught: "absolute", Suite: cut(topn.Absolute, commitsWhatItFetched)},
		{Name: "forgets marks", Caught: "counter", Suite: cut(topn.Counter, forgetsMarks)},
		{Name: "forgets versions", Caught: "absolute", Says: "the board has", Suite: cut(topn.Absolute, forgetsVersions)},
		{Name: "commits too much", Caught: "counter", Suite: cut(topn.Counter, commitsTooMuch)},
	})
}

// What Redis is told twice, since a client sends again what got no answer, counts once.
func TestConsumeMayBeSentTwice(t *testing.T) {
	cutAnywhere(t, topn.Counter, sabotage{func(_ *history, rdb *redis.Client, _ *reader) {
		rdb.AddHook(&saboteur{write: func(next func() error) error {
			if err := next(); err != nil {
				return err
			}
			return next()
		}})
	}})
}
