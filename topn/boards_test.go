package topn_test

import (
	"context"
	"fmt"
	"math"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

// A shop has a board for each key, whose one member's score a test can change.
type shop struct {
	mu     sync.Mutex
	scores map[string]float64
	calls  map[string]int
	atOnce int
	most   int
	slow   map[string]chan struct{} // keys whose source hangs until it is closed
	err    error
}

func newShop() *shop {
	return &shop{scores: make(map[string]float64), calls: make(map[string]int), slow: make(map[string]chan struct{})}
}

func (s *shop) source(ctx context.Context, key string, _ int) ([]topn.Entry[int64], error) {
	s.mu.Lock()
	s.calls[key]++
	s.atOnce++
	s.most = max(s.most, s.atOnce)
	score, slow, err := s.scores[key], s.slow[key], s.err
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.atOnce--
	}()
	if slow != nil {
		select {
		case <-slow:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return []topn.Entry[int64]{{Member: 1, Score: score}}, err
}

func (s *shop) called(key string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[key]
}

// hang makes the source of a key hang until ch is closed.
func (s *shop) hang(key string, ch chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.slow[key] = ch
}

func (s *shop) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func newBoards(t testing.TB, rdb redis.UniversalClient, s *shop, opts ...topn.Option) *topn.Boards[int64] {
	t.Helper()
	b, err := topn.NewBoards(rdb, topn.Int64Codec(), s.source, append([]topn.Option{topn.WithJitter(0)}, opts...)...)
	require.NoError(t, err)
	return b
}

// runBoards returns boards that run until the end of the bubble.
func runBoards(t testing.TB, rdb redis.UniversalClient, s *shop, opts ...topn.Option) *topn.Boards[int64] {
	t.Helper()
	b := newBoards(t, rdb, s, opts...)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	return b
}

func getBoard(t testing.TB, b *topn.Boards[int64], key string) *topn.Board[int64] {
	t.Helper()
	board, err := b.Get(t.Context(), key)
	require.NoError(t, err)
	return board
}

// counted counts commands and round trips.
type counted struct {
	gets, others, trips atomic.Int64
}

func (c *counted) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (c *counted) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.note(cmd)
		return next(ctx, cmd)
	}
}

func (c *counted) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		c.note(cmds...)
		return next(ctx, cmds)
	}
}

func (c *counted) note(cmds ...redis.Cmder) {
	c.trips.Add(1)
	for _, cmd := range cmds {
		if cmd.Name() == "get" {
			c.gets.Add(1)
		} else {
			c.others.Add(1)
		}
	}
}

func (c *counted) reset() {
	c.gets.Store(0)
	c.others.Store(0)
	c.trips.Store(0)
}

// A board is made and loaded when it is asked for, and follows what is written to it.
func TestBoardsFollowTheirChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		s := newShop()
		s.scores["a"], s.scores["b"] = 1, 2
		boards := runBoards(t, rdb, s)
		require.EqualValues(t, 1, getBoard(t, boards, "a").Top(1)[0].Score)
		require.EqualValues(t, 2, getBoard(t, boards, "b").Top(1)[0].Score)

		writer, err := topn.New(redistest.Dial(t, server), "a", topn.Int64Codec(), noRows)
		require.NoError(t, err)
		for version := range int64(5) {
			_, err := writer.Apply(t.Context(), topn.Entry[int64]{Member: 1, Score: float64(10 + version), Version: version + 1})
			require.NoError(t, err)
			time.Sleep(1001 * time.Millisecond)
			synctest.Wait()
			require.EqualValues(t, 10+version, getBoard(t, boards, "a").Top(1)[0].Score)
		}
		require.EqualValues(t, 2, getBoard(t, boards, "b").Top(1)[0].Score)
		require.Equal(t, 1, s.called("a"))
		require.Equal(t, 2, boards.Stats().Boards)
	})
}

// An idle tick is one GET for each board, all in one round trip.
func TestBoardsAskForAllMarksTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 50
		rdb, s := redistest.New(t), newShop()
		boards := runBoards(t, rdb, s, topn.WithMaxStale(time.Hour))
		for i := range n {
			getBoard(t, boards, fmt.Sprint(i))
		}
		time.Sleep(1500 * time.Millisecond)
		var c counted
		rdb.AddHook(&c)
		for range 10 {
			c.reset()
			getBoard(t, boards, "1")
			time.Sleep(time.Second)
			require.EqualValues(t, n, c.gets.Load())
			require.EqualValues(t, 1, c.trips.Load())
			require.Zero(t, c.others.Load())
		}
	})
}

// More than 500 boards take more round trips, of 500 each.
func TestBoardsAskForManyMarks(t *testing.T) {
	const n = 1200
	rdb, s := realBoardServer(t), newShop()
	var c counted
	rdb.AddHook(&c)
	boards := runBoards(t, rdb, s, topn.WithCapacity(10*n), topn.WithTick(10*time.Millisecond), topn.WithMaxStale(time.Hour))
	for i := range n {
		getBoard(t, boards, fmt.Sprint(i))
	}
	require.Equal(t, n, boards.Stats().Boards)
	begun := boards.Stats().Ticks
	until(t, func() bool { return boards.Stats().Ticks >= begun+2 })
	c.reset()
	begun = boards.Stats().Ticks
	until(t, func() bool { return boards.Stats().Ticks >= begun+10 })
	gets, trips := c.gets.Load(), c.trips.Load()
	require.GreaterOrEqual(t, gets, int64(9*n))
	require.InDelta(t, gets, trips*n/3, n, "three round trips for all")
}

// What is asked for most stays; what is evicted is asked about no more, and comes back
// when somebody asks for it.
func TestBoardsEvictWhatIsOfLeastUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const capacity = 20
		rdb, s := redistest.New(t), newShop()
		boards := runBoards(t, rdb, s, topn.WithCapacity(capacity), topn.WithMaxStale(time.Hour))
		for i := range 200 {
			for range 5 {
				getBoard(t, boards, "hot")
			}
			getBoard(t, boards, fmt.Sprint(i))
			synctest.Wait() // theine evicts beside us
		}
		stats := boards.Stats()
		require.LessOrEqual(t, stats.Boards, capacity)
		require.EqualValues(t, 201, stats.Made)
		require.EqualValues(t, 201-stats.Boards, stats.Evicted)
		var c counted
		rdb.AddHook(&c)
		time.Sleep(time.Second)
		synctest.Wait()
		require.EqualValues(t, stats.Boards, c.gets.Load())

		for i := range 200 {
			getBoard(t, boards, fmt.Sprint(i))
			require.Equal(t, 1, s.called(fmt.Sprint(i)), "Redis has it still")
		}
		require.Greater(t, boards.Stats().Made, uint64(201))
	})
}

// A board that nobody asks for any more, such as that of yesterday, is dropped.
func TestBoardsDropWhatIsIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb, s := redistest.New(t), newShop()
		boards := runBoards(t, rdb, s, topn.WithMaxStale(3*time.Second))
		getBoard(t, boards, "yesterday")
		for range 40 {
			getBoard(t, boards, "today")
			time.Sleep(time.Second)
		}
		synctest.Wait()
		stats := boards.Stats()
		require.Equal(t, 1, stats.Boards)
		require.EqualValues(t, 1, stats.Idle)
		require.Zero(t, stats.Evicted)
		require.EqualValues(t, 2, stats.Made)
	})
}

// A board that is never stale is never idle.
func TestBoardsThatAreNeverStaleStay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boards := runBoards(t, redistest.New(t), newShop(), topn.WithMaxStale(math.MaxInt64))
		getBoard(t, boards, "a")
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, 1, boards.Stats().Boards)
	})
}

// Get waits for Run to begin; without it, and once it is over, it says so.
func TestBoardsNeedRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		boards := newBoards(t, redistest.New(t), newShop())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := boards.Get(ctx, "a")
		require.ErrorIs(t, err, topn.ErrNotRunning)
		require.ErrorIs(t, err, context.DeadlineExceeded)

		got := make(chan error, 1)
		go func() {
			_, err := boards.Get(t.Context(), "a")
			got <- err
		}()
		for range 2 { // it may run again
			ctx, stop := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- boards.Run(ctx) }()
			synctest.Wait()
			if len(got) > 0 {
				require.NoError(t, <-got)
			}
			board := getBoard(t, boards, "a")
			require.ErrorIs(t, boards.Run(t.Context()), topn.ErrRunning)
			require.ErrorIs(t, board.Run(t.Context()), topn.ErrRunning)
			stop()
			require.NoError(t, <-ended)
			_, err = boards.Get(t.Context(), "a")
			require.ErrorIs(t, err, topn.ErrNotRunning)
			require.Len(t, board.Top(1), 1, "who holds one may read it")
			require.Zero(t, boards.Stats().Boards)
		}
	})
}

// Run ends at once and leaves nothing behind, whatever is going on, or the bubble would
// say so.
func TestBoardsStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		s := newShop()
		boards := newBoards(t, rdb, s, topn.WithCapacity(100))
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- boards.Run(ctx) }()
		for i := range 50 {
			getBoard(t, boards, fmt.Sprint(i))
		}
		server.FlushAll()
		for i := range 50 {
			s.hang(fmt.Sprint(i), make(chan struct{})) // for ever
		}
		var wg sync.WaitGroup
		for g := range 20 {
			wg.Go(func() {
				for i := range 1000 {
					if _, err := boards.Get(t.Context(), fmt.Sprint(i%(50+g))); err != nil {
						return
					}
				}
			})
		}
		time.Sleep(3 * time.Second)
		began := time.Now()
		cancel()
		require.NoError(t, <-ended)
		wg.Wait()
		require.LessOrEqual(t, time.Since(began), 2*time.Second)
	})
}

func TestBoardsRefuseWhatMakesNoSense(t *testing.T) {
	rdb := redistest.New(t)
	s := newShop()
	for name, build := range map[string]func() (*topn.Boards[int64], error){
		"client": func() (*topn.Boards[int64], error) { return topn.NewBoards(nil, topn.Int64Codec(), s.source) },
		"codec":  func() (*topn.Boards[int64], error) { return topn.NewBoards(rdb, nil, s.source) },
		"source": func() (*topn.Boards[int64], error) { return topn.NewBoards(rdb, topn.Int64Codec(), nil) },
		"WithN(0)": func() (*topn.Boards[int64], error) {
			return topn.NewBoards(rdb, topn.Int64Codec(), s.source, topn.WithN(0))
		},
		"WithCapacity": func() (*topn.Boards[int64], error) {
			return topn.NewBoards(rdb, topn.Int64Codec(), s.source, topn.WithCapacity(0))
		},
	} {
		_, err := build()
		require.ErrorIs(t, err, topn.ErrInput)
		require.ErrorContains(t, err, name)
	}
	boards := newBoards(t, rdb, s)
	for _, key := range []string{"", "{a}", "a}"} {
		_, err := boards.Get(t.Context(), key)
		require.ErrorIs(t, err, topn.ErrInput, "%q", key)
	}
}

// Many goroutines ask for more boards than there is room for, while they change:
// everybody gets the board that was asked for.
func TestBoardsUnderCrowding(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb, s := redistest.New(t), newShop()
		keys := make([]string, 30)
		for i := range keys {
			keys[i] = fmt.Sprint(i)
			s.scores[keys[i]] = float64(i)
		}
		boards := runBoards(t, rdb, s, topn.WithCapacity(10), topn.WithTick(time.Millisecond))
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				for i := range 300 {
					n := (g*7 + i*i) % len(keys)
					board, err := boards.Get(t.Context(), keys[n])
					if err != nil {
						t.Error(err)
						return
					}
					if got := board.Top(1); !slices.Equal(got, []topn.Item[int64]{{Rank: 1, Member: 1, Score: float64(n)}}) {
						t.Errorf("board %d has %v", n, got)
					}
				}
			})
		}
		wg.Wait()
	})
}
