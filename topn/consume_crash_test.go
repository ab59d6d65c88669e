package topn_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"
	"testing/synctest"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/topn"
)

var errDead = errors.New("the process is dead")

// A process does a number of steps and dies: each call of Redis and each commit has
// one before it, so that it is never made, and one after it, so that nobody hears of
// its answer. Only one goroutine uses it.
type process struct {
	left int // steps to live
	kill context.CancelFunc
}

// do runs f unless the process is dead, and hides its answer if it dies meanwhile.
func (p *process) do(f func() error) error {
	if !p.step() {
		return errDead
	}
	err := f()
	if !p.step() {
		return errDead
	}
	return err
}

func (p *process) step() bool {
	if p.left--; p.left == 0 {
		p.kill()
	}
	return p.left > 0
}

func (p *process) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (p *process) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := p.do(func() error { return next(ctx, cmd) })
		if errors.Is(err, errDead) {
			cmd.SetErr(err)
		}
		return err
	}
}

func (p *process) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// A history is a log, the Redis that it is applied to, and what is broken about both,
// if anything; see the tests of the test.
type history struct {
	server *miniredis.Miniredis
	log    *topic
	mode   topn.Mode
	broken sabotage
	poison map[place]bool // that was handed over
}

type place struct {
	partition int
	offset    int64
}

func placeOf(m kafka.Message) place { return place{m.Partition, m.Offset} }

// life is one process that consumes: it dies after so many steps, or lives until all
// is read if there are none left to take. It reports whether it died.
func (h *history) life(t *testing.T, batch, steps int, seed uint64) bool {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p := &process{left: steps, kill: cancel}
	rdb := redistest.Dial(t, h.server)
	b := likesBoard(t, rdb, topn.WithMode(h.mode))
	rdb.AddHook(p)
	r := h.log.reader(seed)
	r.onFetch = func() error {
		if p.left <= 0 {
			return errDead
		}
		return nil
	}
	r.onCommit = func(_ context.Context, msgs []kafka.Message) error {
		if !p.step() {
			return errDead
		}
		h.onlyApplied(t, msgs)
		return nil
	}
	h.broken.begin(h, rdb, r)
	j := consume(ctx, r, b, topn.WithBatch(batch), topn.WithPoison(func(_ context.Context, m kafka.Message, _ error) error {
		return p.do(func() error {
			h.poison[placeOf(m)] = true
			return nil
		})
	}))
	settle()
	died := p.left <= 0
	if !died {
		require.True(t, h.log.isRead(), "all of it is committed")
	}
	cancel()
	require.NoError(t, <-j.ended)
	return died
}

// onlyApplied checks that what is committed is on the board, or was handed over.
func (h *history) onlyApplied(t *testing.T, msgs []kafka.Message) {
	t.Helper()
	for _, m := range msgs {
		h.handedOver(t, m)
	}
	if h.mode != topn.Counter {
		return
	}
	for _, m := range msgs {
		last := int64(-1)
		for _, before := range h.log.parts[m.Partition] {
			if _, good := decodeGood(before); good && before.Offset <= m.Offset {
				last = before.Offset
			}
		}
		mark := int64(-1)
		if text := h.server.HGet("topn:{likes}:offsets", fmt.Sprintf("likes/%d", m.Partition)); text != "" {
			_, err := fmt.Sscan(text, &mark)
			require.NoError(t, err)
		}
		if mark < last {
			t.Errorf("offset %d is committed, but %d was never applied", m.Offset, last)
		}
	}
}

// handedOver checks that all poison of the partition of m up to m was.
func (h *history) handedOver(t *testing.T, m kafka.Message) {
	t.Helper()
	for _, before := range h.log.parts[m.Partition] {
		if _, good := decodeGood(before); !good && before.Offset <= m.Offset && !h.poison[placeOf(before)] {
			t.Errorf("offset %d is committed, but the poison at %d was never handed over", m.Offset, before.Offset)
		}
	}
}

// Trap topn/7: a process dies at each boundary there is, between any two steps, and
// others cut the rest of the log into other batches: each event counts once,
// and all poison is handed over.
func TestConsumeCountsEachEventOnceWhereverItIsCut(t *testing.T) {
	for _, mode := range []topn.Mode{topn.Counter, topn.Absolute} {
		t.Run(mode.String(), func(t *testing.T) { cutAnywhere(t, mode, noSabotage) })
	}
}

func cutAnywhere(t *testing.T, mode topn.Mode, broken sabotage) {
	t.Helper()
	r := seeded(t)
	boundaries := 0
	for range 2 {
		log := randomTopic(r, 25+r.IntN(10))
		batch := 1 + r.IntN(8)
		for steps, died := 1, true; died; steps++ {
			clear(log.committed)
			died = dieAndGoOn(t, r, log, mode, batch, steps, broken)
			boundaries++
		}
	}
	t.Logf("died at %d boundaries", boundaries)
	require.Greater(t, boundaries, 40)
}

// dieAndGoOn reports whether a process of so many steps dies; then others finish what
// it began.
func dieAndGoOn(t *testing.T, r *rand.Rand, log *topic, mode topn.Mode, batch, steps int, broken sabotage) (died bool) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		h := &history{server: server, log: log, mode: mode, broken: broken, poison: make(map[place]bool)}
		if died = h.life(t, batch, steps, r.Uint64()); died {
			h.life(t, 1+r.IntN(8), 1+r.IntN(20), r.Uint64())
		}
		h.life(t, 1+r.IntN(50), 1<<30, r.Uint64())
		want := log.newest()
		if mode == topn.Counter {
			want = log.total()
		}
		sameScores(t, want, scoresOf(t, rdb, topn.WithMode(mode)))
	})
	return died
}
