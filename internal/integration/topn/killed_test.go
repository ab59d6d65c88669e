package topn_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/internal/realserver"
	"github.com/ycvk/tinybook/topn"
)

// planVar is set for the processes that are killed: the addresses of Kafka and Redis,
// the size of a batch, and at which step the process ends itself.
const planVar = "TINYBOOK_TOPN_PLAN"

// Trap topn/7: processes that consume are killed with kill -9, at any moment and between
// any two steps, while others take over their partitions: each like counts once, on a
// real Redis.
func TestKilledConsumersCountOnce(t *testing.T) {
	if plan, isChild := os.LookupEnv(planVar); isChild {
		consumeUntilKilled(t, plan)
		return
	}
	kills := killCount(t)
	_, addr := startBroker(t)
	rdb := newClient(t, realserver.Redis(t).Addr())
	board := newBoard(t, rdb)
	p := newProducer(t, addr)
	p.write(t, 500)

	pods := [2]*pod{startPod(t, p.r, addr, rdb), startPod(t, p.r, addr, rdb)}
	byOwnHand := 0
	for i := range kills {
		if pods[i%2].kill(t, p) {
			byOwnHand++
		}
		pods[i%2] = startPod(t, p.r, addr, rdb)
	}
	p.write(t, 500)
	for _, left := range pods {
		left.end(t)
	}
	// A last one that lives finishes what they left.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := newReader(addr)
	ended := make(chan error, 1)
	go func() { ended <- topn.Consume(ctx, r, board, decode) }()
	poll(t, 60*time.Second, func() bool { return committed(t, addr) == p.total }, "the log is never read")
	cancel()
	require.NoError(t, <-ended)
	require.NoError(t, r.Close())
	sameScores(t, p.sums, scoresOf(t, rdb))
	t.Logf("%d likes, %d kills, %d of them between two steps", p.total, kills, byOwnHand)
}

// killCount returns how often to kill: TINYBOOK_KILLS, or 6 times.
func killCount(t *testing.T) int {
	t.Helper()
	text := os.Getenv("TINYBOOK_KILLS")
	if text == "" {
		return 6
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	require.Positive(t, n)
	return n
}

// A pod is a process that consumes until it is killed.
type pod struct {
	cmd  *exec.Cmd
	out  bytes.Buffer
	done chan struct{}
	step int // at which it ends itself; 0 for never
}

func startPod(t *testing.T, r *rand.Rand, kafkaAddr string, rdb *redis.Client) *pod {
	t.Helper()
	p := &pod{done: make(chan struct{})}
	if r.IntN(3) > 0 {
		p.step = 1 + r.IntN(40)
	}
	p.cmd = exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	p.cmd.Env = append(os.Environ(), planVar+"="+fmt.Sprint(kafkaAddr, " ", rdb.Options().Addr, " ", 1+r.IntN(40), " ", p.step))
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	require.NoError(t, p.cmd.Start())
	go func() {
		_ = p.cmd.Wait() // it is killed: that it was is no news
		close(p.done)
	}()
	t.Cleanup(func() { p.end(t) })
	return p
}

// kill writes likes until p has ended itself, or for a while and kills it. It reports
// whether it did so itself.
func (p *pod) kill(t *testing.T, likes *producer) bool {
	t.Helper()
	within := time.Duration(1000+likes.r.IntN(1500)) * time.Millisecond
	if p.step > 0 {
		within = 20 * time.Second
	}
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(within); time.Now().Before(end); {
		likes.write(t, 1+likes.r.IntN(10))
		select {
		case <-p.done:
			require.Positive(t, p.step, "it died: %s", p.out.String())
			state, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
			require.True(t, ok && state.Signaled() && state.Signal() == syscall.SIGKILL, "%v: %s", p.cmd.ProcessState, p.out.String())
			return true
		case <-tick.C:
		}
	}
	p.end(t)
	return false
}

// end kills p if it isn't dead.
func (p *pod) end(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("kill: %v", err)
	}
	<-p.done
}

// A suicide counts the steps of a process: before and after each call of Redis and each
// commit.
type suicide struct{ left atomic.Int64 }

func (s *suicide) step() {
	if s.left.Add(-1) == 0 {
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {} // until it arrives
	}
}

func (s *suicide) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}

func (s *suicide) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (s *suicide) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		s.step()
		err := next(ctx, cmd)
		s.step()
		return err
	}
}

// committing takes steps around each commit.
type committing struct {
	topn.MessageReader
	s *suicide
}

func (c committing) CommitMessages(ctx context.Context, msgs ...kafka.Message) error {
	c.s.step()
	err := c.MessageReader.CommitMessages(ctx, msgs...)
	c.s.step()
	return err
}

// consumeUntilKilled is the life of a pod.
func consumeUntilKilled(t *testing.T, plan string) {
	var kafkaAddr, redisAddr string
	var batch, step int
	_, err := fmt.Sscan(plan, &kafkaAddr, &redisAddr, &batch, &step)
	require.NoError(t, err)
	rdb := newClient(t, redisAddr)
	board := newBoard(t, rdb)
	s := new(suicide)
	s.left.Store(int64(step)) // 0 is never
	rdb.AddHook(s)
	r := newReader(kafkaAddr)
	err = topn.Consume(t.Context(), committing{r, s}, board, decode, topn.WithBatch(batch), topn.WithInterval(5*time.Millisecond))
	t.Fatalf("it came to an end: %v", err)
}
