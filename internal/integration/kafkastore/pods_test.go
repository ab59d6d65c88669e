package kafkastore_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/kafkastore"
)

func job(id string) smsfailover.Job {
	return smsfailover.Job{Message: smsfailover.Message{ID: id, TplID: "login", To: "+86" + id, Args: []string{"code " + id}}}
}

func jobs(name string, n int) []smsfailover.Job {
	list := make([]smsfailover.Job, n)
	for i := range list {
		list[i] = job(fmt.Sprintf("%s-%d", name, i))
	}
	return list
}

func refs(list []smsfailover.Job) []smsfailover.Ref {
	out := make([]smsfailover.Ref, len(list))
	for i, j := range list {
		out[i] = j.Ref()
	}
	return out
}

func put(t testing.TB, s smsfailover.Store, list ...smsfailover.Job) {
	t.Helper()
	out, err := s.Enqueue(t.Context(), list...)
	require.NoError(t, err)
	for _, o := range out {
		require.Equal(t, smsfailover.Queued, o)
	}
}

// claim claims n jobs, within a while.
func claim(t testing.TB, s smsfailover.Store, n int, lease time.Duration) []smsfailover.Job {
	t.Helper()
	var got []smsfailover.Job
	require.Eventually(t, func() bool {
		more, err := s.Claim(t.Context(), "worker", n-len(got), lease)
		require.NoError(t, err)
		got = append(got, more...)
		return len(got) == n
	}, 20*time.Second, 5*time.Millisecond, "not all are there")
	return got
}

// none checks that for a while there is nothing to claim.
func none(t testing.TB, s smsfailover.Store, d time.Duration) {
	t.Helper()
	for until := time.Now().Add(d); time.Now().Before(until); {
		got, err := s.Claim(t.Context(), "worker", 10, time.Minute)
		require.NoError(t, err)
		require.Empty(t, got)
		pause(t.Context(), 10*time.Millisecond)
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// modes runs a test on a queue without an index and on one with.
func modes(t *testing.T, test func(t *testing.T, b *broker, index smsfailover.Store)) {
	for name, index := range map[string]smsfailover.Store{"alone": nil, "indexed": smsfailover.NewMemStore()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, startBroker(t), index)
		})
	}
}

// A board counts what workers did.
type board struct {
	mu   sync.Mutex
	done map[string]int
	left atomic.Int64
}

func newBoard(n int) *board {
	b := &board{done: make(map[string]int)}
	b.left.Store(int64(n))
	return b
}

// work claims and does jobs until all are done.
func (b *board) work(ctx context.Context, s smsfailover.Store, mine *atomic.Int64) error {
	for b.left.Load() > 0 && ctx.Err() == nil {
		got, err := s.Claim(ctx, "worker", 20, time.Minute)
		if err != nil {
			return fmt.Errorf("claim: %w", err)
		}
		if len(got) == 0 {
			pause(ctx, 2*time.Millisecond)
			continue
		}
		lost := make(map[string]bool)
		err = s.Done(ctx, refs(got)...)
		if l, ok := errors.AsType[*smsfailover.LostError](err); ok {
			for _, r := range l.Refs {
				lost[r.ID] = true
			}
		} else if err != nil {
			return fmt.Errorf("done: %w", err)
		}
		b.mu.Lock()
		for _, j := range got {
			if !lost[j.ID] {
				b.done[j.ID]++
				b.left.Add(-1)
				mine.Add(1)
			}
		}
		b.mu.Unlock()
	}
	return ctx.Err()
}

// Trap smsfailover/3: 8 workers in two pods share the messages, and each is done
// once.
func TestPodsShare(t *testing.T) {
	modes(t, func(t *testing.T, b *broker, index smsfailover.Store) {
		const n = 2000
		q := newQueue(b, index)
		pods := []*pod{q.open(t), q.open(t)}
		for _, p := range pods {
			p.start(t)
		}
		for _, p := range pods {
			p.owns(t, q.total()/2)
		}
		for i := range n / 100 {
			put(t, pods[i%2], jobs(fmt.Sprintf("batch%d", i), 100)...)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
		defer cancel()
		tally := newBoard(n)
		var by [2]atomic.Int64
		errs := make(chan error, 8)
		for i := range 8 {
			go func() { errs <- tally.work(ctx, pods[i%2], &by[i%2]) }()
		}
		for range 8 {
			require.NoError(t, <-errs)
		}
		require.Len(t, tally.done, n)
		for id, times := range tally.done {
			require.Equal(t, 1, times, "%s", id)
		}
		require.Positive(t, by[0].Load(), "the first pod had nothing to do")
		require.Positive(t, by[1].Load(), "the second pod had nothing to do")
		d, err := pods[0].Depth(t.Context())
		require.NoError(t, err)
		require.Equal(t, smsfailover.Depth{}, d)
	})
}

// parted returns two pods that share a queue, and the claims that the first had when
// the second came.
func parted(t *testing.T, q *queue, n int) (first, second *pod, old []smsfailover.Job) {
	t.Helper()
	first = q.running(t)
	for i := range n { // each call its own partition
		put(t, first, job(fmt.Sprintf("job-%d", i)))
	}
	old = claim(t, first, n, time.Hour)
	second = q.open(t)
	second.start(t)
	second.owns(t, q.total()/2)
	first.owns(t, q.total()/2)
	return first, second, old
}

// Trap smsfailover/3: when a pod comes, claims are lost, and the messages are there
// at once for both; a stale Done does nothing.
func TestNewPodEndsClaims(t *testing.T) {
	t.Parallel()
	const n = 60
	first, second, old := parted(t, newQueue(startBroker(t), nil), n)
	err := first.Done(t.Context(), refs(old)...)
	require.ErrorIs(t, err, smsfailover.ErrLost)
	l, ok := errors.AsType[*smsfailover.LostError](err)
	require.True(t, ok)
	require.Len(t, l.Refs, n, "all claims of the generation before are lost")
	seen := make(map[string]bool)
	require.Eventually(t, func() bool {
		for _, p := range []*pod{first, second} {
			got, err := p.Claim(t.Context(), "worker", n, time.Hour)
			require.NoError(t, err)
			for _, j := range got {
				require.Equal(t, 2, j.Claims, "the claim that was lost counts")
				require.False(t, seen[j.ID])
				seen[j.ID] = true
			}
			require.NoError(t, p.Done(t.Context(), refs(got)...))
		}
		return len(seen) == n
	}, 10*time.Second, 5*time.Millisecond)
	none(t, first, 50*time.Millisecond)
	none(t, second, 50*time.Millisecond)
}

// Trap smsfailover/3: with an index claims outlive the generation, and the pod: a
// roll-out sends nothing twice.
func TestNewPodLeavesClaimsOfTheIndex(t *testing.T) {
	t.Parallel()
	const n = 60
	first, second, old := parted(t, newQueue(startBroker(t), smsfailover.NewMemStore()), n)
	none(t, second, 100*time.Millisecond)
	require.NoError(t, first.Done(t.Context(), refs(old[:n/3])...))
	first.stop(t)
	require.NoError(t, first.Done(t.Context(), refs(old[n/3:2*n/3])...))
	require.NoError(t, second.Done(t.Context(), refs(old[2*n/3:])...))
	none(t, second, 100*time.Millisecond)
	d, err := second.Depth(t.Context())
	require.NoError(t, err)
	require.Zero(t, d)
}

// A network is what a pod reaches the brokers by, until it is cut.
type network struct {
	mu    sync.Mutex
	cut   bool
	conns []net.Conn
}

func (n *network) dial(ctx context.Context, kind, addr string) (net.Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, kind, addr)
	if err != nil {
		return nil, err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cut {
		_ = c.Close()
		return nil, errors.New("the network is cut")
	}
	n.conns = append(n.conns, c)
	return c, nil
}

func (n *network) set(cut bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cut = cut
	for _, c := range n.conns {
		_ = c.Close() // what is closed already stays so
	}
	n.conns = nil
}

// Trap smsfailover/3: a pod that has lost the network is as good as dead. What it
// had in hand goes to others when its session is over, and when it comes back its
// reports count for nothing.
func TestPodThatIsCutOff(t *testing.T) {
	modes(t, func(t *testing.T, b *broker, index smsfailover.Store) {
		q := newQueue(b, index,
			kafkastore.WithSession(500*time.Millisecond, 50*time.Millisecond), kafkastore.WithTimeout(time.Second))
		var wire network
		q.dial = wire.dial
		cut := q.running(t)
		put(t, cut, jobs("job", 20)...)
		lease := time.Hour
		if index != nil { // then it is the lease that ends, not the claim with the session
			lease = time.Second
		}
		old := claim(t, cut, 20, lease)
		wire.set(true)
		q.dial = nil
		other := q.open(t)
		other.start(t)
		other.owns(t, q.total())
		got := claim(t, other, 20, time.Hour)
		for _, j := range got {
			require.Equal(t, 2, j.Claims)
		}
		fresh, err := cut.Claim(t.Context(), "worker", 10, time.Hour)
		require.Empty(t, fresh, "%v", err)
		if index == nil { // the index is a network of its own
			require.Error(t, cut.Done(t.Context(), old[0].Ref()))
		}
		require.NoError(t, other.Done(t.Context(), refs(got)...))
		wire.set(false)
		cut.owns(t, q.total()/2)
		require.ErrorIs(t, cut.Done(t.Context(), refs(old)...), smsfailover.ErrLost)
		none(t, cut, 50*time.Millisecond)
		none(t, other, 50*time.Millisecond)
	})
}

// Trap smsfailover/7: a message that kills each pod that claims it is known by its
// Claims, wherever it goes, and is buried. Others are unaffected.
func TestPoisonIsBuried(t *testing.T) {
	modes(t, func(t *testing.T, b *broker, index smsfailover.Store) {
		q := newQueue(b, index)
		p := q.running(t)
		put(t, p, job("poison"))
		for life := 1; life <= 4; life++ {
			got := claim(t, p, 1, 300*time.Millisecond)[0]
			require.Equal(t, life, got.Claims)
			require.Equal(t, "poison", got.ID)
			if life == 4 {
				require.NoError(t, p.Bury(t.Context(), got.Ref(), "it killed four"))
				break
			}
			put(t, p, job(fmt.Sprintf("other-%d", life)))
			require.NoError(t, p.Done(t.Context(), claim(t, p, 1, time.Hour)[0].Ref()))
			p.stop(t) // with the poison in hand
			p = q.running(t)
		}
		dead, err := p.Dead(t.Context(), smsfailover.Filter{})
		require.NoError(t, err)
		require.Len(t, dead, 1)
		require.Equal(t, 4, dead[0].Claims)
		p.stop(t)
		p = q.running(t)
		none(t, p, 100*time.Millisecond)
	})
}

// Trap smsfailover/19: Run leaves no goroutine behind, whenever it ends, nor does a
// Store that never ran.
func TestNoGoroutineIsLeft(t *testing.T) {
	ours := func() string {
		buf := make([]byte, 1<<20)
		var found []string
		for g := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
			if strings.Contains(g, "smsfailover/kafkastore.") || strings.Contains(g, "kafka-go.(*ConsumerGroup)") ||
				strings.Contains(g, "kafka-go.(*Generation)") {
				found = append(found, g)
			}
		}
		return strings.Join(found, "\n\n")
	}
	b := startBroker(t)
	for _, index := range []smsfailover.Store{nil, smsfailover.NewMemStore()} {
		q := newQueue(b, index)
		if index != nil {
			q.prefix = "indexed"
		}
		p := q.open(t)
		put(t, p, jobs("before", 5)...)
		for range 3 { // wherever it stands
			p.start(t)
			p.stop(t)
		}
		p.start(t)
		p.owns(t, q.total())
		require.ErrorIs(t, p.Run(t.Context()), kafkastore.ErrRunning)
		held := claim(t, p, 3, time.Hour)
		require.NoError(t, p.Retry(t.Context(), held[0].Ref(), time.Hour, "cause"))
		p.stop(t)
		_, err := p.Claim(t.Context(), "worker", 1, time.Hour)
		require.ErrorIs(t, err, kafkastore.ErrNotRunning)
		if index == nil {
			require.ErrorIs(t, p.Done(t.Context(), held[1].Ref()), smsfailover.ErrLost)
		}
		require.Eventually(t, func() bool { return ours() == "" }, 10*time.Second, 10*time.Millisecond, "%s", ours())
	}
}

// A Store whose topics are missing, or others than it thinks, doesn't start.
func TestTopicsAreChecked(t *testing.T) {
	t.Parallel()
	b := startBroker(t)
	q := newQueue(b, nil, kafkastore.WithTimeout(time.Second))
	p := q.open(t)
	require.NoError(t, p.CreateTopics(t.Context()), "they are there already")

	q.parts = 8
	more := q.build(t)
	require.NoError(t, more.CreateTopics(t.Context()), "it leaves them as they are")
	err := more.Run(t.Context())
	require.ErrorIs(t, err, kafkastore.ErrTopics)
	require.ErrorContains(t, err, `"sms.ready" has 4 partitions, want 8`)

	q.prefix = "unknown"
	require.ErrorIs(t, q.build(t).Run(t.Context()), kafkastore.ErrTopics)
}
