package topn_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

// hanging answers nothing for an hour, whatever ctx says, as go-redis does by default
// until its own timeouts.
type hanging struct{}

func (hanging) DialHook(next redis.DialHook) redis.DialHook { return next }

func (hanging) ProcessHook(redis.ProcessHook) redis.ProcessHook {
	return func(_ context.Context, cmd redis.Cmder) error {
		time.Sleep(time.Hour)
		cmd.SetErr(context.DeadlineExceeded)
		return context.DeadlineExceeded
	}
}

func (hanging) ProcessPipelineHook(redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(context.Context, []redis.Cmder) error {
		time.Sleep(time.Hour)
		return context.DeadlineExceeded
	}
}

// While Redis hangs, a cold Load has the database's answer before its ctx ends, also
// one that joined it.
func TestColdLoadWhileRedisHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb, db := redistest.New(t), numbered(5)
		rdb.AddHook(hanging{})
		b := newBoard(t, rdb, db)
		began := time.Now()
		for range 2 {
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
			s, err := b.Load(ctx, 5)
			cancel()
			require.NoError(t, err)
			require.Equal(t, topn.FromSource, s.From)
			require.Equal(t, db.items(5), s.Items)
		}
		require.Equal(t, 2*time.Second, time.Since(began), "half of the time")
		require.EqualValues(t, 1, b.Stats().Failures)
		time.Sleep(time.Hour) // until the client has given up
	})
}

// A Load that returns its error tells nobody else of it.
func TestLoadTellsOfNothingThatItReturns(t *testing.T) {
	server, rdb := redistest.NewServer(t)
	server.SetError("ERR away")
	told, away := new(errorLog), errors.New("away")
	db := numbered(5)
	db.breakDown(away)
	_, err := newBoard(t, rdb, db, topn.WithOnError(told.add)).Load(t.Context(), 5)
	require.ErrorIs(t, err, away)
	require.Zero(t, told.count())
}

// A Load that shows a stale snapshot since nothing answers counts as a failure, and
// tells of it, once for all who wait.
func TestLoadTellsWhyItIsStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		told := new(errorLog)
		b := loaded(t, rdb, numbered(5), topn.WithOnError(told.add))
		time.Sleep(time.Minute)
		server.SetError("ERR away")
		answers := make(chan error, 3)
		for range cap(answers) {
			go func() {
				s, err := b.Load(t.Context(), 5)
				if !s.Stale {
					err = errors.New("it isn't stale")
				}
				answers <- err
			}()
		}
		for range cap(answers) {
			require.NoError(t, <-answers)
		}
		require.Equal(t, 1, told.count())
		require.EqualValues(t, 1, b.Stats().Failures)
	})
}
