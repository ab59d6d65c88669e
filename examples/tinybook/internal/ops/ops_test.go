package ops_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/ops"
	"github.com/ycvk/tinybook/examples/tinybook/internal/sms"
	"github.com/ycvk/tinybook/internal/redistest"
	"github.com/ycvk/tinybook/smsfailover"
)

const configured = 0.5

func noSync(context.Context) error { return nil }

// newProvider returns a provider that can be broken.
func newProvider(t *testing.T, name string) ops.Provider {
	t.Helper()
	outbox, err := sms.NewOutbox(10)
	require.NoError(t, err)
	monitor, err := smsfailover.NewErrorRateMonitor(smsfailover.WithThreshold(configured))
	require.NoError(t, err)
	return ops.Provider{Name: name, Monitor: monitor, Fake: sms.NewProvider(name, outbox)}
}

func newControl(t *testing.T, rdb redis.Cmdable, log *slog.Logger) (*ops.Control, ops.Provider) {
	t.Helper()
	p := newProvider(t, "north")
	return ops.NewControl(ops.NewStore(rdb, noSync), log, configured, []ops.Provider{p}), p
}

func threshold(p ops.Provider) float64 { return p.Monitor.Snapshot().Threshold }

func TestSettingsComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		syncs := 0
		store := ops.NewStore(redistest.New(t), func(context.Context) error { syncs++; return nil })
		s, err := store.Load(t.Context())
		require.NoError(t, err)
		require.Equal(t, ops.Settings{Faults: map[string]sms.Fault{}}, s)

		slow := sms.Fault{Throttled: true, Refuses: true, Percent: 7, DelayMS: 30}
		require.NoError(t, store.SetThreshold(t.Context(), 1.0/3))
		require.NoError(t, store.SetFault(t.Context(), "north", slow))
		require.NoError(t, store.SetFault(t.Context(), "south", sms.Fault{Down: true}))
		require.NoError(t, store.SetFault(t.Context(), "south", sms.Fault{}))
		require.Equal(t, 4, syncs)
		s, err = store.Load(t.Context())
		require.NoError(t, err)
		require.Equal(t, ops.Settings{Threshold: 1.0 / 3, Faults: map[string]sms.Fault{"north": slow, "south": {}}}, s)
	})
}

// What can't be kept isn't answered as if it were.
func TestSettingsThatCannotBeKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		full := errors.New("the disk is full")
		store := ops.NewStore(redistest.New(t), func(context.Context) error { return full })
		require.ErrorIs(t, store.SetThreshold(t.Context(), 0.4), full)
		require.ErrorIs(t, store.SetFault(t.Context(), "north", sms.Fault{}), full)
		server, rdb := redistest.NewServer(t)
		server.SetError("READONLY")
		store = ops.NewStore(rdb, noSync)
		require.ErrorContains(t, store.SetThreshold(t.Context(), 0.4), "READONLY")
		_, err := store.Load(t.Context())
		require.ErrorContains(t, err, "READONLY")
	})
}

// Whatever somebody has put into Redis, what makes no sense is as if it had
// never been set, and the rest holds.
func TestBadValuesInRedisAreIgnored(t *testing.T) {
	for _, tc := range []struct {
		name, field, value string
	}{
		{"no number", "threshold", "often"},
		{"not a number", "threshold", "NaN"},
		{"zero", "threshold", "0"},
		{"negative", "threshold", "-0.1"},
		{"too much", "threshold", "1.5"},
		{"infinite", "threshold", "+Inf"},
		{"no JSON", "fault:north", "down"},
		{"a percentage", "fault:north", `{"down":true,"failPercent":101}`},
		{"a delay", "fault:north", `{"down":true,"delayMs":-1}`},
		{"another type", "fault:north", `{"down":"yes"}`},
		{"another provider", "fault:east", `{"down":true}`},
		{"another field", "colour", "green"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				rdb := redistest.New(t)
				c, p := newControl(t, rdb, slog.New(slog.DiscardHandler))
				require.NoError(t, c.SetThreshold(t.Context(), 0.2))
				require.NoError(t, c.SetFault(t.Context(), "north", sms.Fault{Percent: 50}))
				require.NoError(t, rdb.HSet(t.Context(), "ops:settings", tc.field, tc.value).Err())
				require.NoError(t, c.Follow(t.Context()))
				want, fault := 0.2, sms.Fault{Percent: 50}
				if tc.field == "threshold" {
					want = configured
				}
				if tc.field == "fault:north" {
					fault = sms.Fault{}
				}
				require.Equal(t, want, threshold(p))
				require.Equal(t, fault, p.Fake.Fault())
			})
		})
	}
}

func TestChangesAreChecked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rdb := redistest.New(t)
		c, p := newControl(t, rdb, slog.New(slog.DiscardHandler))
		for _, bad := range []float64{0, -1, 1.01, nan()} {
			require.ErrorIs(t, c.SetThreshold(t.Context(), bad), ops.ErrThreshold)
		}
		require.ErrorIs(t, c.SetFault(t.Context(), "east", sms.Fault{}), ops.ErrProvider)
		require.Error(t, c.SetFault(t.Context(), "north", sms.Fault{Percent: 101}))
		require.Zero(t, rdb.Exists(t.Context(), "ops:settings").Val())
		require.Equal(t, configured, threshold(p))

		given := ops.Provider{Name: "given", Monitor: p.Monitor} // of a company: nobody can break it
		c = ops.NewControl(ops.NewStore(rdb, noSync), slog.New(slog.DiscardHandler), configured, []ops.Provider{given})
		require.ErrorIs(t, c.SetFault(t.Context(), "given", sms.Fault{Down: true}), ops.ErrProvider)
	})
}

func nan() float64 { zero := 0.0; return zero / zero }

// What is set in one process holds in the others within the pause between two
// looks, also in one that starts later, and Run ends when it is told to.
func TestRunFollowsAnotherProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		one, own := newControl(t, rdb, slog.New(slog.DiscardHandler))
		two, other := newControl(t, redistest.Dial(t, server), slog.New(slog.DiscardHandler))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- two.Run(ctx) }()

		require.NoError(t, one.SetThreshold(t.Context(), 0.3))
		require.NoError(t, one.SetFault(t.Context(), "north", sms.Fault{Down: true}))
		require.Equal(t, 0.3, threshold(own), "at once in its own")
		time.Sleep(500 * time.Millisecond)
		synctest.Wait()
		require.Equal(t, 0.3, threshold(other))
		require.Equal(t, sms.Fault{Down: true}, other.Fake.Fault())

		three, late := newControl(t, redistest.Dial(t, server), slog.New(slog.DiscardHandler))
		require.NoError(t, three.Follow(t.Context()))
		require.Equal(t, 0.3, threshold(late))

		stop()
		require.NoError(t, <-done)
		require.NoError(t, one.SetThreshold(t.Context(), 0.9))
		time.Sleep(time.Minute)
		require.Equal(t, 0.3, threshold(other), "nobody follows any more")
	})
}

// While Redis is away the last settings hold; the log says so once, and they are
// followed again afterwards.
func TestRunOutlivesRedis(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, rdb := redistest.NewServer(t)
		var log bytes.Buffer
		c, p := newControl(t, redistest.Dial(t, server), slog.New(slog.NewTextHandler(&log, nil)))
		other, _ := newControl(t, rdb, slog.New(slog.DiscardHandler))
		require.NoError(t, other.SetThreshold(t.Context(), 0.3))
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- c.Run(ctx) }()
		time.Sleep(time.Second)
		server.SetError("LOADING")
		time.Sleep(time.Minute)
		require.Equal(t, 0.3, threshold(p))
		server.SetError("")
		require.NoError(t, other.SetThreshold(t.Context(), 0.7))
		time.Sleep(time.Second)
		require.Equal(t, 0.7, threshold(p))
		stop()
		require.NoError(t, <-done)
		require.Equal(t, 1, strings.Count(log.String(), "LOADING"), log.String())
	})
}

// slowRedis answers a load with what was there a second ago.
type slowRedis struct {
	redis.Cmdable
	first bool
}

func (s *slowRedis) HGetAll(ctx context.Context, key string) *redis.MapStringStringCmd {
	cmd := s.Cmdable.HGetAll(ctx, key)
	if s.first {
		s.first = false
		time.Sleep(time.Second)
	}
	return cmd
}

// A look that began before a change doesn't undo it when it ends after it, and
// whoever waits for it can go.
func TestLookThatIsSlowUndoesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := &slowRedis{Cmdable: redistest.New(t), first: true}
		c, p := newControl(t, slow, slog.New(slog.DiscardHandler))
		done := make(chan error, 1)
		go func() { done <- c.Follow(t.Context()) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		require.ErrorIs(t, c.Follow(ctx), context.DeadlineExceeded)
		require.NoError(t, c.SetFault(t.Context(), "north", sms.Fault{Down: true}))
		require.NoError(t, <-done)
		require.Equal(t, sms.Fault{Down: true}, p.Fake.Fault())
	})
}
