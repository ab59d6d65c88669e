package topn_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

// Redis has lost its marks with the board, and the group is set back to feed it again:
// a Consume that is running sees that the marks are gone, and counts all of it.
func TestConsumeNoticesThatMarksAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		log := newTopic(2)
		for i := range 20 {
			log.write(i%2, 0, like{Member: int64(i % 3), Delta: 1}.String())
		}
		r := log.reader(1)
		j := consume(t.Context(), r, likesBoard(t, rdb, counter))
		settle()
		server.FlushAll()
		likesBoard(t, rdb, counter) // there is a board again, of a database that is empty
		clear(log.committed)
		r.rewind()
		log.write(0, 0, like{Member: 1, Delta: 1}.String())
		settle()
		sameScores(t, log.total(), scoresOf(t, rdb, counter))
		require.True(t, log.isRead())
		j.stop(t)
		require.Zero(t, j.stats().Replayed)
	})
}

// A partition that begins again in the middle of a batch, with a commit pending: what
// was in hand comes again, counts once, and nothing is committed before it is applied.
func TestConsumeIsSetBackWithinABatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb, log := redistest.New(t), newTopic(1)
		r := log.reader(1)
		r.onCommit = func(_ context.Context, msgs []kafka.Message) error {
			for _, m := range msgs {
				mark, err := rdb.HGet(t.Context(), "topn:{likes}:offsets", "likes/0").Int64()
				if err != nil || mark < m.Offset {
					t.Errorf("offset %d is committed, the mark is %d, %v", m.Offset, mark, err)
				}
			}
			return nil
		}
		j := consume(t.Context(), r, likesBoard(t, rdb, counter), topn.WithInterval(10*time.Second))
		for range 4 {
			log.write(0, 0, like{Member: 1, Delta: 1}.String())
			synctest.Wait() // the first is applied at once, the others wait
		}
		log.committed[0] = 0
		r.rewind()
		for range 4 {
			log.write(0, 0, like{Member: 2, Delta: 1}.String())
		}
		settle()
		sameScores(t, log.total(), scoresOf(t, rdb, counter))
		require.True(t, log.isRead())
		j.stop(t)
		s := j.stats()
		require.EqualValues(t, 8, s.Applied)
		require.Equal(t, s.Messages, s.Applied+s.Replayed+s.Poison)
	})
}

// A reader gives messages again, in any place of a batch, and goes on from there: each
// counts once, and none is lost.
func TestConsumeCountsOnceWhatComesAgain(t *testing.T) {
	for _, order := range [][]int{ // of messages with the offsets 1, 5, 6, 7
		{0, 1, 2, 2, 3},
		{0, 1, 2, 1, 2, 3},
		{0, 1, 2, 0, 1, 2, 3},
		{0, 1, 2, 3, 3},
		{0, 1, 1, 1, 2, 3, 2, 3},
		{0, 1, 2, 3, 2, 3, 1, 2, 3},
	} {
		for batch := 1; batch <= len(order); batch++ {
			for poisoned := -1; poisoned < 4; poisoned++ {
				synctest.Test(t, func(t *testing.T) { testComesAgain(t, order, batch, poisoned) })
			}
		}
	}
}

func testComesAgain(t *testing.T, order []int, batch, poisoned int) {
	rdb, log := redistest.New(t), newTopic(1)
	for i, skip := range []int64{1, 3, 0, 0} {
		text := like{Member: int64(i), Delta: 1}.String()
		if i == poisoned {
			text = "poison"
		}
		log.write(0, skip, text)
	}
	r := log.reader(1)
	fetches := 0
	r.onFetch = func() error {
		if fetches < len(order) {
			r.next[0] = order[fetches]
		}
		fetches++
		return nil
	}
	j := consume(t.Context(), r, likesBoard(t, rdb, counter), topn.WithInterval(10*time.Second), topn.WithBatch(batch))
	settle()
	sameScores(t, log.total(), scoresOf(t, rdb, counter))
	require.True(t, log.isRead())
	j.stop(t)
	s := j.stats()
	require.EqualValues(t, log.good(), s.Applied, "%v in batches of %d", order, batch)
	require.EqualValues(t, len(order), s.Messages)
	require.Equal(t, s.Messages, s.Applied+s.Replayed+s.Poison)
}
