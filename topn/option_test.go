package topn_test

import (
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

func TestNewNamesEveryFault(t *testing.T) {
	t.Parallel()
	var none *redis.Client
	_, err := topn.New[int64](none, "a{b}", nil, nil,
		topn.WithPrefix("{"), topn.WithMode(7), topn.WithN(0), topn.WithRetain(-1), topn.WithTick(0),
		topn.WithJitter(1), topn.WithMaxStale(-1), topn.WithFloor(math.NaN()), topn.WithOnError(nil), nil,
		topn.WithCapacity(0))
	require.ErrorIs(t, err, topn.ErrInput)
	for _, part := range []string{
		"the client is nil", "the codec is nil", "the source is nil", `"a{b}"`, `WithPrefix("{")`, "WithMode(Mode(7))",
		"WithN(0)", "WithRetain(-1)", "WithTick(0s)", "WithJitter(1)", "WithMaxStale(-1ns)", "WithFloor(NaN)",
		"WithOnError(nil)", "option 9 is nil", "WithCapacity(0): want 1 or more", "only NewBoards has one",
	} {
		require.ErrorContains(t, err, part)
	}
}

func TestNewChecksItsArguments(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		key  string
		opts []topn.Option
		bad  string // "" is fine
	}{
		{"defaults", "likes", nil, ""},
		{"no key", "", nil, `the key is ""`},
		{"a long key", strings.Repeat("k", 1025), nil, "of 1025 bytes"},
		{"the longest key", strings.Repeat("k", 1024), nil, ""},
		{"no prefix", "k", []topn.Option{topn.WithPrefix("")}, `WithPrefix("")`},
		{"N", "k", []topn.Option{topn.WithN(100_000)}, ""},
		{"too large an N", "k", []topn.Option{topn.WithN(100_001)}, "WithN(100001)"},
		{"a retain of N", "k", []topn.Option{topn.WithRetain(5), topn.WithN(5)}, ""},
		{"a retain below N", "k", []topn.Option{topn.WithRetain(4), topn.WithN(5)}, "WithRetain(4)"},
		{"a short life", "k", []topn.Option{topn.WithExpire(time.Second)}, "WithExpire(1s)"},
		{"less than none", "k", []topn.Option{topn.WithExpire(-time.Hour)}, "WithExpire(-1h0m0s)"},
		{"a life", "k", []topn.Option{topn.WithExpire(time.Hour)}, ""},
		{"no jitter", "k", []topn.Option{topn.WithJitter(0)}, ""},
		{"NaN of jitter", "k", []topn.Option{topn.WithJitter(math.NaN())}, "WithJitter(NaN)"},
		{"less than no jitter", "k", []topn.Option{topn.WithJitter(-0.1)}, "WithJitter(-0.1)"},
		{"a tick beyond MaxStale", "k", []topn.Option{topn.WithTick(time.Minute), topn.WithMaxStale(30 * time.Second)}, "WithMaxStale(30s)"},
		{"a slow board by default", "k", []topn.Option{topn.WithTick(time.Minute)}, ""},
		{"a board slower than any", "k", []topn.Option{topn.WithTick(math.MaxInt64 / 3)}, ""},
		{"the slowest board", "k", []topn.Option{topn.WithTick(math.MaxInt64)}, ""},
		{"a slow board", "k", []topn.Option{topn.WithTick(time.Minute), topn.WithMaxStale(time.Minute)}, ""},
		{"a floor", "k", []topn.Option{counter, topn.WithFloor(-7)}, ""},
		{"a floor of 0", "k", []topn.Option{counter, topn.WithFloor(0)}, ""},
		{"a floor above 0", "k", []topn.Option{counter, topn.WithFloor(5)}, "WithFloor(5)"},
		{"a floor below all scores", "k", []topn.Option{counter, topn.WithFloor(math.Inf(-1))}, "WithFloor(-Inf)"},
		{"a floor of an Absolute board", "k", []topn.Option{topn.WithFloor(0)}, "WithFloor(0)"},
		{"a floor beyond all scores", "k", []topn.Option{counter, topn.WithFloor(math.Inf(1))}, "WithFloor(+Inf)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := topn.New(nowhere(t), tc.key, topn.Int64Codec(), newTable().source, tc.opts...)
			if tc.bad == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, topn.ErrInput)
			require.ErrorContains(t, err, tc.bad)
		})
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		topn.Absolute.String(): "absolute", topn.Counter.String(): "counter", topn.Mode(9).String(): "Mode(9)",
		topn.FromNothing.String(): "nothing", topn.FromRedis.String(): "redis",
		topn.FromSource.String(): "source", topn.From(9).String(): "From(9)",
	} {
		require.Equal(t, want, got)
	}
}

// Zero values fail or are empty, and nothing panics or waits.
func TestZeroValues(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var b topn.Board[int64]
	require.Empty(t, b.Top(3))
	require.Empty(t, b.Snapshot().Items)
	_, load := b.Load(ctx, 3)
	_, apply := b.Apply(ctx, entry{1, 1, 1})
	_, remove := b.Remove(ctx, entry{1, 1, 1})
	_, _, watermark := b.Watermark(ctx, "s")
	_, _, place := b.Place(ctx, 1)
	var boards topn.Boards[int64]
	_, get := boards.Get(ctx, "k")
	for name, err := range map[string]error{
		"Load": load, "Place": place, "Apply": apply, "Remove": remove, "Watermark": watermark, "Run": b.Run(ctx),
		"Incr": b.Incr(ctx, 1, 1), "Drop": b.Drop(ctx), "Mark": b.Mark(ctx), "Rebuild": b.Rebuild(ctx),
		"Consume":    topn.Consume(ctx, newTopic(1).reader(1), &b, decodeLike),
		"Boards.Run": boards.Run(ctx), "Boards.Get": get,
	} {
		require.ErrorIs(t, err, topn.ErrInput, name)
	}
}

// What only a Counter board has is refused on another.
func TestStreamsAreForCounters(t *testing.T) {
	t.Parallel()
	b := newBoard(t, nowhere(t), newTable())
	_, _, err := b.Watermark(t.Context(), "s")
	require.ErrorIs(t, err, topn.ErrMode)
	err = topn.Consume(t.Context(), newTopic(1).reader(1), b, decodeLike, topn.WithStream("s"))
	require.ErrorIs(t, err, topn.ErrInput)
	require.ErrorContains(t, err, `WithStream("s")`)
}

// A tick as long as can be, made longer by its jitter, isn't one of no time.
func TestTheLongestTickIsLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBoard(t, redistest.New(t), numbered(3), topn.WithTick(math.MaxInt64))
		for range 20 { // half of them are lengthened
			stop := run(t, b)
			time.Sleep(time.Microsecond) // a thousand ticks of a nanosecond
			stop()
		}
		require.EqualValues(t, 20, b.Stats().Ticks)
	})
}
