package topn_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/topn"
)

var counter = topn.WithMode(topn.Counter)

func scores(items []topn.Item[int64]) map[int64]float64 {
	m := make(map[int64]float64)
	for _, i := range items {
		m[i.Member] = i.Score
	}
	return m
}

// Trap topn/7: a batch that comes again counts once.
func TestPositionsMakeReplaysHarmless(t *testing.T) { everywhere(t, testPositions) }

func testPositions(t *testing.T, rdb redis.UniversalClient) {
	b := loaded(t, rdb, newTable(), counter)
	batch := func(first, last int64) error {
		return b.IncrBatch(t.Context(), map[int64]float64{1: 1, 2: 10}, &topn.Position{Stream: "likes/0", First: first, Last: last})
	}
	_, ok, err := b.Watermark(t.Context(), "likes/0")
	require.NoError(t, err)
	require.False(t, ok, "a stream that nobody sent has a mark")
	for _, step := range []struct {
		name        string
		first, last int64
		overlap     bool
		mark, sum   int64
	}{
		{"the first, from 0", 0, 9, false, 9, 1},
		{"again", 0, 9, false, 9, 1},
		{"a part of it", 3, 5, false, 9, 1},
		{"its last", 9, 9, false, 9, 1},
		{"from before it to behind it", 5, 12, true, 9, 1},
		{"from its last", 9, 12, true, 9, 1},
		{"the next", 10, 12, false, 12, 2},
		{"behind a gap", 100, 1<<53 - 1, false, 1<<53 - 1, 3},
		{"into the gap", 50, 60, false, 1<<53 - 1, 3},
	} {
		err := batch(step.first, step.last)
		if step.overlap {
			e, ok := errors.AsType[*topn.OverlapError](err)
			require.True(t, ok, "%s: %v", step.name, err)
			require.Equal(t, topn.OverlapError{Stream: "likes/0", Mark: step.mark}, *e, step.name)
		} else {
			require.NoError(t, err, step.name)
		}
		mark, ok, err := b.Watermark(t.Context(), "likes/0")
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, step.mark, mark, step.name)
		sum := float64(step.sum)
		require.Equal(t, map[int64]float64{1: sum, 2: 10 * sum}, scores(reread(t, rdb).Items), step.name)
	}
	require.NoError(t, b.IncrBatch(t.Context(), nil, &topn.Position{Stream: "likes/1", First: 4, Last: 8}))
	mark, ok, err := b.Watermark(t.Context(), "likes/1")
	require.NoError(t, err)
	require.True(t, ok, "a batch of nothing moved no mark")
	require.EqualValues(t, 8, mark)
}

// The same log is sent again and again, cut into other batches each time, from any
// offset up to the mark, as after crashes. An OverlapError is answered as
// documented. Every event counts once.
func TestLogCutAnywhereCountsOnce(t *testing.T) { everywhere(t, testLogCutAnywhere) }

func testLogCutAnywhere(t *testing.T, rdb redis.UniversalClient) {
	rng := seeded(t)
	b := loaded(t, rdb, newTable(), counter)
	type event struct {
		offset, member int64
		delta          float64
	}
	var log []event
	want := make(map[int64]float64)
	for offset := int64(0); len(log) < 120; offset += 1 + rng.Int64N(3) { // compacted logs have gaps
		e := event{offset, rng.Int64N(9), float64(rng.IntN(7) - 2)}
		log = append(log, e)
		want[e.member] += e.delta
	}
	var send func(part []event)
	send = func(part []event) {
		deltas := make(map[int64]float64)
		for _, e := range part {
			deltas[e.member] += e.delta
		}
		err := b.IncrBatch(t.Context(), deltas, &topn.Position{Stream: "s", First: part[0].offset, Last: part[len(part)-1].offset})
		if overlap, ok := errors.AsType[*topn.OverlapError](err); ok {
			for part[0].offset <= overlap.Mark {
				part = part[1:]
			}
			send(part)
			return
		}
		require.NoError(t, err)
	}
	for next := 0; next < len(log); {
		n := 1 + rng.IntN(min(20, len(log)-next))
		send(log[next : next+n])
		next += n
		if rng.IntN(3) > 0 { // a crash before the offset was committed
			next = rng.IntN(next + 1)
		}
	}
	require.Equal(t, want, scores(reread(t, rdb).Items))
}

// Trap topn/12: what isn't a number with room for all whole ones is refused, and
// sums stay where they are exact, or above the floor.
func TestScoresStayInBounds(t *testing.T) { everywhere(t, testBounds) }

func testBounds(t *testing.T, rdb redis.UniversalClient) {
	b := loaded(t, rdb, newTable(), counter)
	sum := func(deltas ...float64) float64 {
		for _, d := range deltas {
			require.NoError(t, b.Incr(t.Context(), 1, d))
		}
		return reread(t, rdb).Items[0].Score
	}
	require.Equal(t, 1<<53-1.0, sum(1<<53, -1))
	require.Equal(t, float64(1<<53), sum(1, 1<<53, 5))
	require.Equal(t, -float64(1<<53), sum(-1<<53, -1<<53, -1<<53))
	require.Equal(t, -float64(1<<53)+0.1+7, sum(0.1, 7))

	floored := newBoard(t, rdb, newTable(), counter, topn.WithFloor(0))
	require.NoError(t, floored.Rebuild(t.Context()))
	require.NoError(t, floored.Incr(t.Context(), 1, -1), "an unlike before its like")
	require.NoError(t, floored.Incr(t.Context(), 1, 1))
	require.NoError(t, floored.Incr(t.Context(), 1, -3))
	require.Equal(t, map[int64]float64{1: 0}, scores(reread(t, rdb).Items))
}

// Trap topn/12: NaN, infinities and scores beyond 2^53 never reach Redis, however
// they come.
func TestBadScoresAreRefused(t *testing.T) { everywhere(t, testBadScores) }

func testBadScores(t *testing.T, rdb redis.UniversalClient) {
	bad := []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1<<53 + 2, -1<<53 - 2, math.MaxFloat64}
	added, applied := loaded(t, rdb, newTable(), counter), newBoard(t, rdb, newTable())
	for _, x := range bad {
		require.ErrorIs(t, added.Incr(t.Context(), 1, x), topn.ErrScore)
		err := added.IncrBatch(t.Context(), map[int64]float64{1: 1, 2: x}, &topn.Position{Stream: "s", First: 1, Last: 1})
		require.ErrorIs(t, err, topn.ErrScore)
		n, err := applied.Apply(t.Context(), entry{1, 1, 1}, entry{2, x, 1})
		require.ErrorIs(t, err, topn.ErrScore)
		require.Zero(t, n)
		require.ErrorIs(t, newBoard(t, rdb, newTable(entry{1, x, 1})).Rebuild(t.Context()), topn.ErrScore)
	}
	require.Empty(t, reread(t, rdb).Items)
	_, ok, err := added.Watermark(t.Context(), "s")
	require.NoError(t, err)
	require.False(t, ok, "a refused batch moved the mark")
}

func TestBadInputIsRefused(t *testing.T) {
	t.Parallel()
	absolute, added := newBoard(t, nowhere(t), newTable()), newBoard(t, nowhere(t), newTable(), counter)
	ctx := t.Context()
	for _, p := range []topn.Position{{}, {"s", -1, 0}, {"s", 2, 1}, {"s", 1, 1 << 53}, {"", 1, 2}} {
		require.ErrorIs(t, added.IncrBatch(ctx, nil, &p), topn.ErrInput, "%+v", p)
	}
	many := make(map[int64]float64)
	for i := range int64(50_001) {
		many[i] = 1
	}
	require.ErrorIs(t, added.IncrBatch(ctx, many, &topn.Position{Stream: "s"}), topn.ErrInput)
	require.ErrorIs(t, absolute.Incr(ctx, 1, 1), topn.ErrMode)
	require.ErrorIs(t, absolute.IncrBatch(ctx, nil, nil), topn.ErrMode)
	_, err := added.Apply(ctx)
	require.ErrorIs(t, err, topn.ErrMode)
	_, err = added.Remove(ctx)
	require.ErrorIs(t, err, topn.ErrMode)
	_, err = absolute.Apply(ctx, entry{1, 1, -1})
	require.ErrorIs(t, err, topn.ErrInput)
	names, err := topn.New(nowhere(t), "k", topn.StringCodec(), noStrings, counter)
	require.NoError(t, err)
	require.ErrorIs(t, names.Incr(ctx, "", 1), topn.ErrInput)
}

// Trap topn/15: a call of more entries than a Lua function takes arguments.
func TestLargeCalls(t *testing.T) { everywhere(t, testLargeCalls) }

func testLargeCalls(t *testing.T, rdb redis.UniversalClient) {
	const n = 9001
	b := loaded(t, rdb, newTable(), counter)
	deltas := make(map[int64]float64, n)
	for i := range int64(n) {
		deltas[i] = float64(i)
	}
	require.NoError(t, b.IncrBatch(t.Context(), deltas, &topn.Position{Stream: "s", First: 1, Last: n}), "in one script")
	require.NoError(t, b.IncrBatch(t.Context(), deltas, nil), "in several")
	for _, item := range reread(t, rdb, topn.WithN(n)).Items {
		require.Equal(t, 2*float64(item.Member), item.Score)
	}

	absolute := newBoard(t, rdb, newTable(), topn.WithRetain(n))
	require.NoError(t, absolute.Rebuild(t.Context()))
	es := make([]entry, n)
	for i := range es {
		es[i] = entry{int64(i), float64(i), 1}
	}
	applied, err := absolute.Apply(t.Context(), es...)
	require.NoError(t, err)
	require.Equal(t, n, applied)
	require.Len(t, reread(t, rdb, topn.WithN(n)).Items, n)
}

// Trap topn/15: members are bytes: what isn't UTF-8, or means something to Lua or
// to Redis, comes back as it was.
func TestMembersAreBytes(t *testing.T) { everywhere(t, testBytes) }

func testBytes(t *testing.T, rdb redis.UniversalClient) {
	members := []string{"\xff\xfe", "\x00", "a\x00b", " ", "\r\n", "nan", "-inf", "{x}", "%s", "日本", strings.Repeat("x", 4096)}
	b, err := topn.New(rdb, "names", topn.StringCodec(), noStrings, counter)
	require.NoError(t, err)
	require.NoError(t, b.Rebuild(t.Context()))
	for i, m := range members {
		require.NoError(t, b.Incr(t.Context(), m, float64(i)))
	}
	require.NoError(t, b.IncrBatch(t.Context(), map[string]float64{"\xff\xfe": 0.5}, &topn.Position{Stream: "\xff", First: 1, Last: 1}))
	fresh, err := topn.New(rdb, "names", topn.StringCodec(), noStrings, counter)
	require.NoError(t, err)
	s, err := fresh.Load(t.Context(), 100)
	require.NoError(t, err)
	require.Len(t, s.Items, len(members))
	for i, m := range members {
		rank, ok := s.RankOf(m)
		require.True(t, ok, "%q", m)
		require.Equal(t, len(members)-i, rank, "%q", m)
	}
}

func TestErrorsTellWhatWasDone(t *testing.T) {
	t.Parallel()
	err := error(&topn.OverlapError{Stream: "likes/0", Mark: 7})
	require.Equal(t, `topn: a part of the batch was applied before: the mark of stream "likes/0" is 7`, err.Error())
	err = newBoard(t, nowhere(t), newTable(), counter).Incr(t.Context(), 1, 1)
	require.ErrorContains(t, err, `topn: increment board "likes": `)
	require.NotContains(t, fmt.Sprint(err), "topn: topn")
}
