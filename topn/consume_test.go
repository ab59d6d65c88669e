package topn_test

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

// errorLog collects what a board tells WithOnError.
type errorLog struct {
	mu   sync.Mutex
	list []error
}

func (l *errorLog) add(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, err)
}

func (l *errorLog) has(target error) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, err := range l.list {
		if errors.Is(err, target) {
			n++
		}
	}
	return n
}

func (l *errorLog) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.list)
}

// Several consumers read the same partitions, as happens when one doesn't know yet
// that the group gave them to another, or one that came back begins anew: they cut the
// log differently, and each event counts once. What is committed may go back meanwhile, as
// none of them is told to stay away.
func TestConsumersOfTheSamePartitionsCountOnce(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	r := rand.New(rand.NewPCG(seed, 0))
	for range 30 {
		log := randomTopic(r, 60)
		synctest.Test(t, func(t *testing.T) {
			server, rdb := redistest.NewServer(t)
			likesBoard(t, rdb, counter)
			pods := make([]*job, 3)
			for i := range pods {
				pod := log.reader(r.Uint64())
				fetches, again := 0, r.IntN(60)
				pod.onFetch = func() error {
					if fetches++; fetches == again {
						pod.rewind() // a rebalance that gave it the same again
					}
					return nil
				}
				pods[i] = consume(t.Context(), pod, likesBoard(t, redistest.Dial(t, server), counter),
					topn.WithBatch(1+r.IntN(9)), topn.WithInterval(time.Duration(1+r.IntN(50))*time.Millisecond))
			}
			settle()
			var applied int64
			for _, j := range pods {
				j.stop(t)
				s := j.stats()
				applied += s.Applied
				require.Equal(t, s.Messages, s.Applied+s.Replayed+s.Poison, "%+v", s)
			}
			sameScores(t, log.total(), scoresOf(t, rdb, counter))
			require.EqualValues(t, log.good(), applied, "each was applied by one of them")
		})
	}
}

// While Redis is away nothing is lost and nobody hammers at it; afterwards all of it
// counts.
func TestConsumeOutlastsRedis(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		log, told := newTopic(2), new(errorLog)
		j := consume(t.Context(), log.reader(1), likesBoard(t, rdb, counter, topn.WithOnError(told.add)), topn.WithBatch(10))
		for i := range 2 {
			log.write(i, 0, like{Member: 1, Delta: 1}.String()) // it has begun with both
		}
		time.Sleep(10 * time.Second)
		require.True(t, log.isRead())
		server.SetError("DOWN")
		for i := range 50 {
			log.write(i%2, 0, like{Member: int64(i % 3), Delta: 1}.String())
		}
		time.Sleep(10 * time.Second)
		asked := told.count()
		require.Greater(t, asked, 4)
		require.Less(t, asked, 15, "from 50 ms to five seconds")
		require.False(t, log.isRead())
		server.SetError("")
		time.Sleep(6 * time.Second)
		require.True(t, log.isRead())
		sameScores(t, log.total(), scoresOf(t, rdb, counter))
		j.stop(t)
		require.EqualValues(t, asked, j.stats().Failures)
	})
}

// A group whose commits fail, or hang, is no reason for the board to stand still: the
// next commit that succeeds is for all.
func TestConsumeGoesOnWithoutCommits(t *testing.T) {
	errCommit := errors.New("no coordinator")
	for name, fail := range map[string]func(ctx context.Context) error{
		"fails": func(context.Context) error { return errCommit },
		"hangs": func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rdb := redistest.New(t)
				log := newTopic(2)
				r := log.reader(1)
				var up atomic.Bool
				var tries atomic.Int32
				r.onCommit = func(ctx context.Context, _ []kafka.Message) error {
					if tries.Add(1); up.Load() {
						return nil
					}
					return fail(ctx)
				}
				j := consume(t.Context(), r, likesBoard(t, rdb, counter), topn.WithBatch(3))
				for i := range 30 {
					log.write(i%2, 0, like{Member: 1, Delta: 1}.String())
					time.Sleep(2 * time.Second)
				}
				time.Sleep(20 * time.Second)
				sameScores(t, log.total(), scoresOf(t, rdb, counter))
				require.False(t, log.isRead())
				require.Less(t, tries.Load(), int32(40))
				up.Store(true)
				settle() // though there is nothing new to fetch
				require.True(t, log.isRead())
				j.stop(t)
				require.EqualValues(t, 1, j.stats().Commits)
			})
		})
	}
}

// The first message after a pause is applied at once. Those that come within the
// interval go together, each member once, one write for a partition.
func TestConsumeCoalesces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		log := newTopic(2)
		b := likesBoard(t, rdb, counter)
		j := consume(t.Context(), log.reader(1), b, topn.WithInterval(200*time.Millisecond))
		at := func() float64 { return scoresOf(t, rdb, counter)[7] }

		time.Sleep(time.Hour)
		log.write(0, 0, like{Member: 7, Delta: 1}.String())
		synctest.Wait()
		require.EqualValues(t, 1, at(), "at once")

		var scripts countScripts
		rdb.AddHook(&scripts)
		for i := range 100 {
			log.write(i%2, 0, like{Member: int64(7 + i%4), Delta: 1}.String())
			time.Sleep(time.Millisecond)
		}
		require.EqualValues(t, 1, at(), "not before the interval")
		time.Sleep(101 * time.Millisecond)
		require.EqualValues(t, 26, at())
		require.Equal(t, 2, scripts.n, "one for each partition")
		j.stop(t)
		s := j.stats()
		require.EqualValues(t, 3, s.Batches)
		require.EqualValues(t, 2, s.Commits)
	})
}

// countScripts counts the scripts of writes.
type countScripts struct {
	process
	n int
}

func (c *countScripts) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if name := cmd.Name(); name == "evalsha" {
			c.n++
		}
		return next(ctx, cmd)
	}
}

// A batch that is full doesn't wait.
func TestConsumeAppliesAFullBatchAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		log := newTopic(1)
		for range 1 + 10 {
			log.write(0, 0, like{Member: 1, Delta: 1}.String())
		}
		j := consume(t.Context(), log.reader(1), likesBoard(t, rdb, counter), topn.WithBatch(10), topn.WithInterval(time.Hour))
		synctest.Wait()
		sameScores(t, log.total(), scoresOf(t, rdb, counter))
		j.stop(t)
		require.EqualValues(t, 2, j.stats().Batches)
	})
}

// A topic that was made anew has offsets that its mark calls replays: somebody is told,
// and under another name they count.
func TestConsumeTellsOfATopicMadeAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		told := new(errorLog)
		b := likesBoard(t, rdb, counter, topn.WithOnError(told.add))
		run := func(n int, opts ...topn.ConsumeOption) topn.ConsumeStats {
			log := newTopic(1)
			for range n {
				log.write(0, 0, like{Member: 1, Delta: 1}.String())
			}
			j := consume(t.Context(), log.reader(1), b, opts...)
			settle()
			require.True(t, log.isRead())
			j.stop(t)
			return j.stats()
		}
		run(10)
		require.EqualValues(t, 10, run(12).Replayed)
		require.Zero(t, told.has(topn.ErrRewound), "this one is only longer")
		require.EqualValues(t, 4, run(4).Replayed)
		require.Equal(t, 1, told.has(topn.ErrRewound), "once")
		sameScores(t, map[int64]float64{1: 12}, scoresOf(t, rdb, counter))
		require.EqualValues(t, 4, run(4, topn.WithStream("likes, the second")).Applied)
		sameScores(t, map[int64]float64{1: 16}, scoresOf(t, rdb, counter))
		require.Equal(t, 1, told.has(topn.ErrRewound))
	})
}

// On an Absolute board a member goes when its newest event says so, and an older one
// doesn't bring it back.
func TestConsumeRemoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		log := newTopic(1)
		j := consume(t.Context(), log.reader(1), likesBoard(t, rdb))
		for _, l := range []like{
			{Member: 1, Score: 5, Version: 1},
			{Member: 2, Score: 6, Version: 4},
			{Member: 1, Version: 3, Removed: true},
			{Member: 1, Score: 7, Version: 2},
			{Member: 2, Version: 3, Removed: true},
			{Member: 3, Score: 1, Version: 1},
		} {
			log.write(0, 0, l.String())
		}
		settle()
		sameScores(t, map[int64]float64{2: 6, 3: 1}, scoresOf(t, rdb))
		log.write(0, 0, like{Member: 1, Score: 9, Version: 4}.String())
		settle()
		sameScores(t, map[int64]float64{1: 9, 2: 6, 3: 1}, scoresOf(t, rdb))
		j.stop(t)
	})
}

// Redis forgets everything: the rebuild takes the database, and what comes afterwards
// counts on top of it.
func TestConsumeGoesOnAfterRedisForgot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		log := newTopic(1)
		db := 0.0
		b, err := topn.New(rdb, likes, topn.Int64Codec(), func(context.Context, int) ([]topn.Entry[int64], error) {
			return []topn.Entry[int64]{{Member: 1, Score: db}}, nil
		}, counter)
		require.NoError(t, err)
		_, err = b.Load(t.Context(), 1)
		require.NoError(t, err)
		j := consume(t.Context(), log.reader(1), b)
		for range 5 {
			db++
			log.write(0, 0, like{Member: 1, Delta: 1}.String())
		}
		settle()
		server.FlushAll()
		db++
		log.write(0, 0, like{Member: 1, Delta: 1}.String()) // for a board that isn't there
		settle()
		require.NoError(t, b.Rebuild(t.Context()))
		for range 3 {
			db++
			log.write(0, 0, like{Member: 1, Delta: 1}.String())
		}
		settle()
		j.stop(t)
		sameScores(t, map[int64]float64{1: 9}, scoresOf(t, rdb, counter))
		mark, ok, err := b.Watermark(t.Context(), "likes/0")
		require.NoError(t, err)
		require.True(t, ok)
		require.EqualValues(t, 8, mark)
	})
}

func TestConsumeRefusesWhatMakesNoSense(t *testing.T) {
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:0"})
	t.Cleanup(func() { require.NoError(t, rdb.Close()) })
	b, err := topn.New(rdb, likes, topn.Int64Codec(), noRows, counter)
	require.NoError(t, err)
	r := newTopic(1).reader(1)
	err = topn.Consume[int64](t.Context(), nil, nil, nil, nil,
		topn.WithBatch(0), topn.WithInterval(0), topn.WithBackoff(2, 1), topn.WithStream(""), topn.WithPoison(nil), topn.WithProgress(nil))
	require.ErrorIs(t, err, topn.ErrInput)
	for _, want := range []string{
		"the reader", "the board", "decode", "option 0", "WithBatch(0)", "WithInterval(0s)", "WithBackoff(2ns, 1ns)",
		`WithStream("")`, "WithPoison(nil)", "WithProgress(nil)",
	} {
		require.ErrorContains(t, err, want)
	}
	for _, opt := range []topn.ConsumeOption{
		topn.WithBatch(50_001), topn.WithBatch(-1), topn.WithInterval(-1), topn.WithBackoff(0, 1), topn.WithBackoff(-1, 1),
	} {
		require.ErrorIs(t, topn.Consume(t.Context(), r, b, decodeLike, opt), topn.ErrInput)
	}
}

// Offsets up to 2^53-1 are exact.
func TestConsumeOfVeryHighOffsets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		log := newTopic(1)
		log.write(0, math.MaxInt32*1_000_000, like{Member: 1, Delta: 1}.String())
		log.write(0, 0, like{Member: 1, Delta: 1}.String())
		log.write(0, 0, like{Member: 1, Delta: 1}.String())
		for range 3 {
			clear(log.committed)
			j := consume(t.Context(), log.reader(1), likesBoard(t, rdb, counter), topn.WithBatch(2))
			settle()
			require.True(t, log.isRead())
			j.stop(t)
		}
		sameScores(t, map[int64]float64{1: 3}, scoresOf(t, rdb, counter))
	})
}
