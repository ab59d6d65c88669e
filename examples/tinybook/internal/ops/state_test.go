package ops_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/ops"
	"github.com/ycvk/tinybook/examples/tinybook/internal/sms"
	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/smsfailover"
)

const (
	phone = "+8613912345678"
	login = "918273"
)

// talkative is a provider that quotes what it was given in its errors.
type talkative struct{ class error }

func (p *talkative) Send(_ context.Context, tplID string, args []string, numbers ...string) error {
	return fmt.Errorf("%w: template %s for %v with %v, number %s", p.class, tplID, numbers, args, numbers[0][3:])
}

func newDesk(t *testing.T, provider smsfailover.Service) *ops.Desk {
	t.Helper()
	control, _ := newControl(t, redistest.New(t), slog.New(slog.DiscardHandler))
	store := smsfailover.NewMemStore()
	failover, err := smsfailover.New(provider, store, smsfailover.WithBackoff(smsfailover.FullJitter(time.Second, time.Second)))
	require.NoError(t, err)
	limiter, err := ratelimit.NewLocal(ratelimit.SlidingLog, []ratelimit.Limit{ratelimit.PerMinute(10)})
	require.NoError(t, err)
	_, err = limiter.AllowN(t.Context(), "k", 4)
	require.NoError(t, err)
	return &ops.Desk{
		Control: control, Failover: failover, Store: store, CanBreak: true,
		Gauges: []ops.Gauge{{Name: "codes", Peek: func(ctx context.Context) (ratelimit.Result, error) { return limiter.Peek(ctx, "k") }}},
	}
}

// The state follows a message from the queue to the dead letters, and never
// tells whom it was for or what it said, whatever a provider says.
func TestStateTellsNoSecrets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		provider := &talkative{class: errors.New("busy")}
		desk := newDesk(t, provider)
		_, err := desk.Failover.Submit(t.Context(), smsfailover.Message{TplID: "login", To: phone, Args: []string{login}, IdemKey: "1"})
		require.NoError(t, err)
		time.Sleep(3 * time.Second)
		s, err := desk.State(t.Context())
		require.NoError(t, err)
		require.Equal(t, 1, s.Queue.Ready+s.Queue.Delayed+s.Queue.Leased)
		require.Equal(t, 3, s.Queue.OldestSeconds)
		require.Equal(t, []ops.Limit{{Name: "codes", N: 10, Per: "1m0s", Used: 4}}, s.Limits)

		provider.class = smsfailover.ErrPermanent
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- desk.Failover.Run(ctx) }()
		time.Sleep(time.Minute)
		stop()
		require.NoError(t, <-done)
		s, err = desk.State(t.Context())
		require.NoError(t, err)
		require.Equal(t, ops.Queue{Dead: 1}, s.Queue)
		require.Len(t, s.Dead, 1)
		require.Equal(t, uint64(1), s.Sent.Buried)
		require.Contains(t, s.Dead[0].Cause, "template login")
		text, err := json.Marshal(s)
		require.NoError(t, err)
		for _, secret := range []string{phone, phone[3:], login} {
			require.NotContains(t, string(text), secret)
		}
	})
}

// Lists are lists and never null, and what operators can't break has no fault.
func TestStateOfAQuietSite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		desk := newDesk(t, &talkative{})
		desk.Gauges = nil
		require.NoError(t, desk.Control.SetFault(t.Context(), "north", sms.Fault{Percent: 5}))
		s, err := desk.State(t.Context())
		require.NoError(t, err)
		require.Equal(t, &sms.Fault{Percent: 5}, s.Providers[0].Fault)
		require.Equal(t, configured, s.Threshold)
		desk.CanBreak = false
		s, err = desk.State(t.Context())
		require.NoError(t, err)
		text, err := json.Marshal(s)
		require.NoError(t, err)
		require.Contains(t, string(text), `"limits":[],"providers":[{"name":"north","state":"closed"`)
		require.Contains(t, string(text), `"dead":[]`)
		require.NotContains(t, string(text), "fault")
	})
}

type brokenStore struct {
	smsfailover.Store
	depth, dead error
}

func (s brokenStore) Depth(context.Context) (smsfailover.Depth, error) {
	return smsfailover.Depth{}, s.depth
}

func (s brokenStore) Dead(context.Context, smsfailover.Filter) ([]smsfailover.Job, error) {
	return nil, s.dead
}

func TestStateFailsWithWhatItNeeds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		desk := newDesk(t, &talkative{})
		good := desk.Store
		broken := errors.New("the database is away")
		for _, store := range []smsfailover.Store{brokenStore{good, broken, nil}, brokenStore{good, nil, broken}} {
			desk.Store = store
			_, err := desk.State(t.Context())
			require.ErrorIs(t, err, broken)
		}
		desk.Store = good
		desk.Gauges = []ops.Gauge{{Name: "codes", Peek: func(context.Context) (ratelimit.Result, error) { return ratelimit.Result{}, broken }}}
		_, err := desk.State(t.Context())
		require.ErrorIs(t, err, broken)
	})
}
