package smsfailover_test

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// A full queue takes nothing more, and says so.
func TestAFullQueueRejects(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s, smsfailover.WithQueue(3, 0, smsfailover.Reject))
		p.fail(errDown)
		to := []string{phones(0), phones(1), phones(2), phones(3), phones(4)}
		err := f.Send(t.Context(), tpl, nil, to...)
		require.ErrorIs(t, err, smsfailover.ErrQueueFull)
		require.ErrorIs(t, err, errDown)
		require.ErrorContains(t, err, "2 of 5")
		require.Equal(t, 3, depth(t, s).Live(), "as many as fit")

		p.set(nil)
		m := code(phones(9), "1")
		m.IdemKey = "key"
		_, err = f.Submit(t.Context(), m)
		require.ErrorIs(t, err, smsfailover.ErrQueueFull)
		require.Len(t, p.asked(), 5, "what must be stored first isn't tried")

		stop := run(t, f)
		until(t, time.Minute, func() bool { return len(p.taken()) == 3 })
		stop()
		time.Sleep(time.Second) // until the depth is counted again
		require.Equal(t, smsfailover.Delivered, submit(t, f, m))
	})
}

// However many ask at once, one process keeps to the bound.
func TestTheBoundHoldsUnderConcurrency(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s, smsfailover.WithQueue(50, 0, smsfailover.Reject))
		p.fail(errDown)
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				if _, err := f.Submit(t.Context(), code(phones(i), "1")); err != nil {
					require.ErrorIs(t, err, smsfailover.ErrQueueFull)
				}
			})
		}
		wg.Wait()
		require.Equal(t, 50, depth(t, s).Live())
	})
}

// DropOldest buries what has been due longest; what is only delayed stays.
func TestDropOldest(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		var dropped []string
		f := newFailover(t, p, s, brisk, smsfailover.WithQueue(3, 0, smsfailover.DropOldest), smsfailover.WithHooks(smsfailover.Hooks{
			OnBuried: func(e smsfailover.Event) { dropped = append(dropped, e.ID) },
		}))
		p.fail(errDown)
		for i := range 3 {
			require.Equal(t, smsfailover.Queued, submit(t, f, code(phones(i), "1")))
		}
		_, err := f.Submit(t.Context(), code(phones(3), "1"))
		require.ErrorIs(t, err, smsfailover.ErrQueueFull, "none is due")

		time.Sleep(2 * time.Second)
		require.Equal(t, smsfailover.Queued, submit(t, f, code(phones(3), "1")))
		require.Len(t, dropped, 1)
		dead, err := s.Dead(t.Context(), smsfailover.Filter{})
		require.NoError(t, err)
		require.Len(t, dead, 1)
		require.Equal(t, dropped[0], dead[0].ID)
		require.Contains(t, dead[0].LastErr, "the queue was full")
		require.Equal(t, 3, depth(t, s).Live())
		require.EqualValues(t, 1, f.Stats().Dropped)
		require.EqualValues(t, 1, f.Stats().Buried)
	})
}

// What has been queued for too long is buried, not sent.
func TestWhatIsTooOldIsBuried(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, s, smsfailover.WithQueue(0, time.Hour, smsfailover.Reject))
		enqueue(t, s, code(phone, "1"))
		time.Sleep(time.Second)
		enqueue(t, s, code(phones(1), "1"))
		time.Sleep(time.Hour)
		defer run(t, f)()
		synctest.Wait()
		require.Equal(t, smsfailover.Depth{Dead: 1}, depth(t, s))
		require.Len(t, p.taken(), 1)
		require.Equal(t, phones(1), p.taken()[0].to)
	})
}

// The straight path needs to know that the queue is empty; it asks once per poll
// however many messages there are, and at most once at a time.
func TestTheDepthIsAskedOncePerPoll(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		store := newFlaky(s)
		f := newFailover(t, p, store, smsfailover.WithPoll(time.Second))
		for second := range 3 {
			var wg sync.WaitGroup
			for i := range 50 {
				wg.Go(func() { submit(t, f, code(phones(i), "1")) })
			}
			wg.Wait()
			require.Equal(t, second+1, store.called("depth"))
			time.Sleep(time.Second)
		}
		require.Zero(t, store.called("enqueue"))

		// Another pod queues something: within a poll this one knows, and then
		// nothing overtakes it.
		enqueue(t, s, code(phone, "old"))
		require.Equal(t, smsfailover.Superseded, submit(t, f, code(phone, "new")))
		require.Equal(t, smsfailover.Delivered, submit(t, f, code(phones(1), "1")), "others go at once, stored first")
		require.Equal(t, 2, store.called("enqueue"))
	})
}

// A look at the depth that one caller abandons is no failure of the others.
func TestALookIsSharedButNotItsCancellation(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		store := &slowDepth{Store: s}
		f := newFailover(t, p, store)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := f.Submit(ctx, code(phones(0), "1"))
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
		synctest.Wait()
		for i := range 10 {
			wg.Go(func() { require.Equal(t, smsfailover.Delivered, submit(t, f, code(phones(i+1), "1"))) })
		}
		wg.Wait()
		require.Len(t, p.taken(), 10)
		require.Equal(t, 2, store.looks)
	})
}

// What this process queues while a look is under way isn't forgotten when the look,
// which may have missed it, ends.
func TestALookMissesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, &slowDepth{Store: s}, smsfailover.WithPoll(time.Minute))
		p.set(func(_ context.Context, m sms) error {
			if m.args[0] == "old" {
				return errDown
			}
			return nil
		})
		var wg sync.WaitGroup
		wg.Go(func() { require.Equal(t, smsfailover.Delivered, submit(t, f, code(phones(1), "1"))) })
		synctest.Wait()
		time.Sleep(time.Second)
		old := code(phone, "old")
		old.IdemKey = "key"
		require.Equal(t, smsfailover.Queued, submit(t, f, old))
		wg.Wait()
		require.Equal(t, smsfailover.Superseded, submit(t, f, code(phone, "new")))
	})
}

// What leaves the queue while a look is under way, which may have missed it, isn't
// taken off twice: that would make room for one that overtakes.
func TestALookTakesNothingOffTwice(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		store := &slowDepth{Store: s, last: true}
		f := newFailover(t, p, store, smsfailover.WithPoll(time.Minute))
		p.set(func(ctx context.Context, m sms) error {
			if m.args[0] == "old" {
				return errDown
			}
			return takes(2*time.Second)(ctx, m)
		})
		leaves := code(phones(1), "1")
		leaves.IdemKey = "key"
		var wg sync.WaitGroup
		wg.Go(func() { require.Equal(t, smsfailover.Delivered, submit(t, f, leaves)) })
		time.Sleep(time.Second)
		require.Equal(t, smsfailover.Queued, submit(t, f, code(phone, "old")), "this one looks")
		wg.Wait()
		require.Equal(t, smsfailover.Superseded, submit(t, f, code(phone, "new")))
	})
}

// A slowDepth takes 2 seconds to say what it counted, first or at their end.
type slowDepth struct {
	smsfailover.Store
	last  bool // count at their end
	looks int
}

func (s *slowDepth) Depth(ctx context.Context) (smsfailover.Depth, error) {
	s.looks++
	d, err := s.Store.Depth(ctx)
	select {
	case <-time.After(2 * time.Second):
		if s.last {
			return s.Store.Depth(ctx)
		}
		return d, err
	case <-ctx.Done():
		return smsfailover.Depth{}, ctx.Err()
	}
}
