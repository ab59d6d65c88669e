package topn_test

import (
	"context"
	"errors"
	"fmt"
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

// Trap topn/7: messages that say nothing, and events that no board could take, are
// counted, handed on, skipped and committed; the others of their batch count.
func TestConsumeSkipsPoison(t *testing.T) {
	for _, tc := range []struct {
		name string
		mode topn.Mode
		text string
		why  error
	}{
		{"no JSON", topn.Counter, "{", errPoison},
		{"too much", topn.Counter, `{"Member":1,"Delta":1e300}`, topn.ErrScore},
		{"removed from a counter", topn.Counter, `{"Member":1,"Removed":true}`, topn.ErrMode},
		{"no JSON, absolute", topn.Absolute, "{", errPoison},
		{"too little", topn.Absolute, `{"Member":1,"Score":-1e300,"Version":9}`, topn.ErrScore},
		{"a version below 0", topn.Absolute, `{"Member":8,"Version":-1}`, topn.ErrInput},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := newTopic(1)
				for i := range 20 {
					log.write(0, 0, like{Member: 1, Delta: 1, Score: float64(i + 1), Version: int64(i)}.String())
					if i%10 == 5 {
						log.write(0, 0, tc.text)
					}
				}
				rdb := redistest.New(t)
				var poison []int64
				j := consume(t.Context(), log.reader(1), likesBoard(t, rdb, topn.WithMode(tc.mode)),
					topn.WithPoison(func(_ context.Context, m kafka.Message, why error) error {
						require.ErrorIs(t, why, tc.why)
						poison = append(poison, m.Offset)
						return nil
					}))
				settle()
				require.True(t, log.isRead())
				require.Equal(t, []int64{6, 17}, poison)
				sameScores(t, map[int64]float64{1: 20}, scoresOf(t, rdb, topn.WithMode(tc.mode)))
				j.stop(t)
				s := j.stats()
				require.EqualValues(t, 2, s.Poison)
				require.EqualValues(t, 20, s.Applied)
				require.EqualValues(t, 22, s.Messages)
			})
		})
	}
}

// Poison that can't be put away holds up its commit, and nothing is lost.
func TestConsumeWaitsForPoisonToBePutAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newTopic(1)
		log.write(0, 0, like{Member: 1, Delta: 1}.String())
		log.write(0, 0, "poison")
		rdb := redistest.New(t)
		full := fmt.Errorf("the topic of dead letters is full: %w", topn.ErrInput) // not the board's
		var tries atomic.Int32
		var away atomic.Bool
		j := consume(t.Context(), log.reader(1), likesBoard(t, rdb, counter),
			topn.WithPoison(func(context.Context, kafka.Message, error) error {
				tries.Add(1)
				if away.Load() {
					return nil
				}
				return full
			}))
		settle()
		require.Greater(t, tries.Load(), int32(10))
		require.Less(t, tries.Load(), int32(40), "with pauses up to five seconds")
		require.False(t, log.isRead())
		away.Store(true)
		settle()
		require.True(t, log.isRead())
		j.stop(t)
		require.EqualValues(t, 1, j.stats().Poison)
	})
}

// Poison that nobody took before the process died is handed over by the next, though
// there were good messages behind it.
func TestConsumeHandsPoisonOverAfterACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb, log := redistest.New(t), newTopic(1)
		for _, text := range []string{like{Member: 1, Delta: 1}.String(), like{Member: 1, Delta: 1}.String(), "poison", like{Member: 1, Delta: 1}.String()} {
			log.write(0, 0, text)
		}
		var poison []int64
		for _, away := range []error{errors.New("no dead letters today"), nil} {
			j := consume(t.Context(), log.reader(1), likesBoard(t, rdb, counter),
				topn.WithPoison(func(_ context.Context, m kafka.Message, _ error) error {
					if away == nil {
						poison = append(poison, m.Offset)
					}
					return away
				}))
			settle()
			j.stop(t)
		}
		require.Equal(t, []int64{2}, poison)
		require.True(t, log.isRead())
		sameScores(t, log.total(), scoresOf(t, rdb, counter))
	})
}

// Deltas that a board takes one by one, but not their sum, are no poison: the batch is
// halved until they are apart, and all of them count.
func TestConsumeHalvesWhatIsTooMuchTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		log := newTopic(1)
		for i := range 9 {
			log.write(0, 0, like{Member: 1, Delta: 1 << 53}.String())
			log.write(0, 0, like{Member: 2, Delta: float64(i)}.String())
		}
		j := consume(t.Context(), log.reader(1), likesBoard(t, rdb, counter))
		settle()
		j.stop(t)
		require.EqualValues(t, 18, j.stats().Applied)
		require.Zero(t, j.stats().Poison)
		sameScores(t, map[int64]float64{1: 1 << 53, 2: 36}, scoresOf(t, rdb, counter))
	})
}

// likesOf returns a counter of strings.
func likesOf(t *testing.T, rdb redis.UniversalClient) *topn.Board[string] {
	t.Helper()
	none := func(context.Context, int) ([]topn.Entry[string], error) { return nil, nil }
	b, err := topn.New(rdb, likes, topn.StringCodec(), none, counter)
	require.NoError(t, err)
	return b
}

// A codec that can't write some member makes its events poison, and no others.
func TestConsumeFindsTheMemberThatHasNoName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		b := likesOf(t, rdb)
		_, err := b.Load(t.Context(), 1)
		require.NoError(t, err)
		log := newTopic(1)
		for _, member := range []string{"a", "b", "", "a", "c", "", "b"} {
			log.write(0, 0, member)
		}
		var poison []int64
		decode := func(m kafka.Message) (topn.Event[string], error) {
			return topn.Event[string]{Member: string(m.Value), Delta: 1}, nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.NoError(t, topn.Consume(ctx, log.reader(1), b, decode,
			topn.WithPoison(func(_ context.Context, m kafka.Message, why error) error {
				require.ErrorIs(t, why, topn.ErrInput)
				poison = append(poison, m.Offset)
				return nil
			})))
		require.Equal(t, []int64{2, 5}, poison)
		require.True(t, log.isRead())
		s, err := likesOf(t, rdb).Load(t.Context(), 10)
		require.NoError(t, err)
		require.Equal(t, []topn.Item[string]{{Rank: 1, Member: "b", Score: 2}, {Rank: 2, Member: "a", Score: 2}, {Rank: 3, Member: "c", Score: 1}}, s.Items)
	})
}

// Without WithPoison the board's WithOnError hears of it.
func TestConsumeTellsOfPoison(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, told := newTopic(1), new(errorLog)
		log.write(0, 0, "poison")
		j := consume(t.Context(), log.reader(1), likesBoard(t, redistest.New(t), counter, topn.WithOnError(told.add)))
		settle()
		j.stop(t)
		require.Equal(t, 1, told.has(errPoison))
	})
}
