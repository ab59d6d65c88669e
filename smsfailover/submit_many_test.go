package smsfailover_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// A steady store takes a millisecond for each job, and stops when its ctx does.
type steady struct{ smsfailover.Store }

func (s steady) Enqueue(ctx context.Context, jobs ...smsfailover.Job) ([]smsfailover.Outcome, error) {
	if err := takes(time.Duration(len(jobs))*time.Millisecond)(ctx, sms{}); err != nil {
		return nil, err
	}
	return s.Store.Enqueue(ctx, jobs...)
}

// A store has a few seconds for a call, and so no call has more than a few thousand
// messages, however many are handed in at once.
func TestManyMessagesAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		f := newFailover(t, p, steady{s})
		p.fail(errDown)
		const n = 12_000
		ms := make([]smsfailover.Message, n)
		for i := range ms {
			ms[i] = code(phones(i), "1")
		}
		receipts, err := f.Submit(t.Context(), ms...)
		require.NoError(t, err)
		require.Len(t, receipts, n)
		require.Equal(t, n, depth(t, s).Live())
		require.EqualValues(t, n, f.Stats().Queued)
	})
}

// Once the store fails, the rest of the messages is rejected without another call,
// and takes up no room.
func TestManyMessagesWhileTheStoreFails(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		store := newFlaky(s)
		f := newFailover(t, p, store, smsfailover.WithQueue(3000, 0, smsfailover.Reject))
		p.fail(errDown)
		store.after = func(call string) error {
			if call == "enqueue" { // it is the first call that is lost, under the lock of flaky
				store.before = func(call string) error {
					if call == "enqueue" {
						return errStore
					}
					return nil
				}
			}
			return nil
		}
		ms := make([]smsfailover.Message, 3000)
		for i := range ms {
			ms[i] = code(phones(i), "1")
		}
		receipts, err := f.Submit(t.Context(), ms...)
		require.ErrorIs(t, err, errStore)
		require.ErrorContains(t, err, "2000 of 3000")
		require.Equal(t, smsfailover.Queued, receipts[999].Outcome)
		require.Equal(t, smsfailover.Rejected, receipts[1000].Outcome)
		require.Equal(t, 2, store.called("enqueue"))

		store.before, store.after = nil, nil
		_, err = f.Submit(t.Context(), ms[1000:]...)
		require.NoError(t, err, "there is room for what was rejected")
		require.Equal(t, 3000, depth(t, s).Live())
	})
}
