package smsfailover_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// A world is two pods on one store and one provider, each of which fails in every
// way it can, and what the callers were told.
type world struct {
	t     *testing.T
	rng   *rand.Rand
	mu    sync.Mutex             // of rng and what follows
	calm  bool                   // nothing fails any more
	sent  map[string][]time.Time // when the provider took it, by message
	told  map[string]*accepted
	lanes map[string][]*accepted // by number, in the order of the calls
	store *flaky
	pods  []*pod
	stats smsfailover.Stats // of pods that died
}

// An accepted message, and what Submit said of it.
type accepted struct {
	m       smsfailover.Message
	outcome smsfailover.Outcome
}

// A pod dies when its provider and its store are cut off for good.
type pod struct {
	*smsfailover.Failover
	stop func()
	dead chan struct{}
}

var errDead = errors.New("the process is dead")

func (w *world) chance(percent int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return !w.calm && w.rng.IntN(100) < percent
}

func (w *world) number(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rng.IntN(n)
}

// An outlet is the provider as one pod sees it.
type outlet struct {
	w    *world
	dead chan struct{}
}

func (o outlet) Send(ctx context.Context, _ string, args []string, numbers ...string) error {
	select {
	case <-o.dead:
		<-ctx.Done() // nobody reads what it says
		return errDead
	default:
	}
	w, id := o.w, args[0]
	if w.chance(10) {
		return errDown
	}
	if w.chance(5) {
		return smsfailover.ErrThrottled
	}
	if w.chance(2) {
		panic("boom")
	}
	if w.chance(1) {
		return smsfailover.ErrPermanent
	}
	if w.chance(10) {
		if err := takes(time.Duration(w.number(3000))*time.Millisecond)(ctx, sms{}); err != nil {
			return err
		}
	}
	w.mu.Lock()
	w.sent[id] = append(w.sent[id], time.Now())
	if a := w.told[id]; !a.m.NotAfter.IsZero() && time.Now().After(a.m.NotAfter) {
		w.t.Errorf("%s went after its NotAfter", id)
	}
	w.mu.Unlock()
	if w.chance(3) {
		<-ctx.Done() // it is sent, but nobody hears it
		return ctx.Err()
	}
	return nil
}

// A storeOf is the store as one pod sees it.
type storeOf struct {
	*flaky
	dead chan struct{}
}

func (s storeOf) gone() bool {
	select {
	case <-s.dead:
		return true
	default:
		return false
	}
}

func (s storeOf) Extend(ctx context.Context, d time.Duration, refs ...smsfailover.Ref) ([]smsfailover.Ref, error) {
	if s.gone() {
		return nil, errDead
	}
	return s.flaky.Extend(ctx, d, refs...)
}

func (s storeOf) Claim(ctx context.Context, o string, n int, d time.Duration) ([]smsfailover.Job, error) {
	if s.gone() {
		return nil, errDead
	}
	return s.flaky.Claim(ctx, o, n, d)
}

func (s storeOf) Done(ctx context.Context, refs ...smsfailover.Ref) error {
	if s.gone() {
		return errDead
	}
	return s.flaky.Done(ctx, refs...)
}

func (s storeOf) Retry(ctx context.Context, r smsfailover.Ref, after time.Duration, cause string) error {
	if s.gone() {
		return errDead
	}
	return s.flaky.Retry(ctx, r, after, cause)
}

func (s storeOf) Release(ctx context.Context, after time.Duration, refs ...smsfailover.Ref) error {
	if s.gone() {
		return errDead
	}
	return s.flaky.Release(ctx, after, refs...)
}

func (s storeOf) Bury(ctx context.Context, r smsfailover.Ref, cause string) error {
	if s.gone() {
		return errDead
	}
	return s.flaky.Bury(ctx, r, cause)
}

func (w *world) open() *pod {
	p := &pod{dead: make(chan struct{})}
	m, err := smsfailover.NewErrorRateMonitor(smsfailover.WithThreshold(0.5), smsfailover.WithRamp(5*time.Second))
	require.NoError(w.t, err)
	p.Failover = newFailover(w.t, outlet{w, p.dead}, storeOf{w.store, p.dead},
		smsfailover.WithMonitor(m),
		smsfailover.WithBackoff(smsfailover.FullJitter(time.Second, 10*time.Second)),
		smsfailover.WithMaxAttempts(6), smsfailover.WithMaxClaims(4),
		smsfailover.WithWorkers(3, 6, 8*time.Second), smsfailover.WithSendTimeout(4*time.Second))
	p.stop = run(w.t, p.Failover)
	return p
}

// kill ends a pod in the middle of whatever it does: its leases stay.
func (w *world) kill(i int) {
	p := w.pods[i]
	close(p.dead)
	p.stop()
	w.add(p.Stats())
	w.pods[i] = w.open()
}

func (w *world) add(s smsfailover.Stats) {
	w.stats.Unknown += s.Unknown
	w.stats.Reclaimed += s.Reclaimed
	w.stats.LostLeases += s.LostLeases
	w.stats.Undone += s.Undone
	w.stats.Expired += s.Expired
}

// submit hands in one message, to one of few numbers so that they supersede each
// other.
func (w *world) submit(i int) {
	m := smsfailover.Message{
		ID: fmt.Sprintf("m%03d", i), TplID: tpl, To: phones(w.number(12)),
		Args: []string{fmt.Sprintf("m%03d", i)},
	}
	if w.number(2) == 0 {
		m.IdemKey = m.ID
	}
	if w.number(5) == 0 {
		m.NotAfter = time.Now().Add(time.Duration(5+w.number(30)) * time.Second)
	}
	a := &accepted{m: m}
	w.mu.Lock()
	w.told[m.ID] = a
	w.mu.Unlock()
	out, err := w.pods[w.number(len(w.pods))].Submit(w.t.Context(), m)
	w.mu.Lock()
	defer w.mu.Unlock()
	a.outcome = out[0].Outcome
	require.Equal(w.t, err != nil, a.outcome == smsfailover.Rejected, "%v", err)
	require.NotEqual(w.t, smsfailover.Duplicate, a.outcome)
	if err == nil {
		w.lanes[m.To] = append(w.lanes[m.To], a)
	}
}

// Every message that was accepted is delivered, or dead, or past its NotAfter, or
// a newer one has its place; each SMS too many was counted as one that may be; and
// no message that was stored first follows one that is newer.
//
// TINYBOOK_ROUNDS is how many worlds there are, 30 if it isn't set.
func TestNothingIsLost(t *testing.T) {
	rounds := 30
	if s := os.Getenv("TINYBOOK_ROUNDS"); s != "" {
		var err error
		rounds, err = strconv.Atoi(s)
		require.NoError(t, err)
	}
	for range rounds {
		seed := rand.Uint64()
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { liveThrough(t, seed) })
		})
	}
}

func liveThrough(t *testing.T, seed uint64) {
	s := smsfailover.NewMemStore()
	w := &world{
		t: t, rng: rand.New(rand.NewPCG(seed, 1)), store: newFlaky(s),
		sent: make(map[string][]time.Time), told: make(map[string]*accepted),
		lanes: make(map[string][]*accepted),
	}
	w.store.before = func(string) error {
		if w.chance(3) {
			return errStore
		}
		return nil
	}
	w.pods = []*pod{w.open(), w.open()}
	for i := range 150 {
		w.submit(i)
		time.Sleep(time.Duration(w.number(400)) * time.Millisecond)
		if w.chance(3) {
			w.kill(w.number(len(w.pods)))
		}
	}
	w.mu.Lock()
	w.calm = true
	w.mu.Unlock()
	until(t, 10*time.Minute, func() bool { return depth(t, s).Live() == 0 })
	for _, p := range w.pods {
		p.stop()
		w.add(p.Stats())
	}
	w.checkEnds(s)
	w.checkOrder()
}

// checkEnds finds what is lost, and what came too often.
func (w *world) checkEnds(s smsfailover.Store) {
	dead := make(map[string]bool)
	jobs, err := s.Dead(w.t.Context(), smsfailover.Filter{})
	require.NoError(w.t, err)
	for _, j := range jobs {
		dead[j.ID] = true
	}
	var extra, expired uint64
	for _, lane := range w.lanes {
		for i, a := range lane {
			sends := uint64(len(w.sent[a.m.ID]))
			switch {
			case sends > 0:
				extra += sends - 1
			case dead[a.m.ID] || superseded(lane[i+1:]):
			case !a.m.NotAfter.IsZero():
				expired++
			default:
				require.Fail(w.t, "lost", "%s to %s, %v", a.m.ID, a.m.To, a.outcome)
			}
		}
	}
	counted := w.stats.Unknown + w.stats.Reclaimed + w.stats.LostLeases + w.stats.Undone
	require.LessOrEqual(w.t, extra, counted, "SMS too many")
	require.LessOrEqual(w.t, expired, w.stats.Expired)
	w.t.Logf("%d dead, %d of %d expired, %d SMS too many of %d that might be", len(dead), expired, w.stats.Expired, extra, counted)
}

// superseded reports whether a message before these went to a newer one's profit.
// In between there may be some that went straight, as that goes by what is known
// of the queue, which may be a poll old.
func superseded(newer []*accepted) bool {
	for _, a := range newer {
		if a.outcome == smsfailover.Superseded {
			return true
		}
		if a.outcome != smsfailover.Delivered || a.m.IdemKey != "" {
			return false
		}
	}
	return false
}

// checkOrder finds messages that followed newer ones which were stored first.
func (w *world) checkOrder() {
	for _, lane := range w.lanes {
		var last time.Time
		for _, a := range lane {
			sends := w.sent[a.m.ID]
			if len(sends) == 0 {
				continue
			}
			if a.m.IdemKey != "" {
				require.False(w.t, sends[0].Before(last), "%s to %s came before an older one", a.m.ID, a.m.To)
			}
			last = sends[len(sends)-1]
		}
	}
}
