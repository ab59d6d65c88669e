package cachex_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
	"github.com/ycvk/tinybook/cachex/cachextest"
	"github.com/ycvk/tinybook/internal/redistest"
)

func TestFallbackConforms(t *testing.T) {
	t.Run("local over local", func(t *testing.T) {
		cachextest.RunBubble(t, func(t *testing.T, p cachex.Policy) cachextest.Harness {
			return cachextest.Harness{Cache: newPair(t, p), Grain: 1}
		})
	})
	t.Run("redis over local", func(t *testing.T) {
		cachextest.RunBubble(t, func(t *testing.T, p cachex.Policy) cachextest.Harness {
			f, err := cachex.NewFallback(newRedisCache(t, redistest.New(t), p), newBrittle(t, p))
			require.NoError(t, err)
			return cachextest.Harness{Cache: f, Grain: time.Microsecond, Longest: miniredisLongest}
		})
	})
	// The primary does every call and loses every answer of a Set, so that all
	// codes are on the backup, and on the primary too.
	t.Run("primary lost", func(t *testing.T) {
		cachextest.RunBubble(t, func(t *testing.T, p cachex.Policy) cachextest.Harness {
			primary := &setLoser{newBrittle(t, p)}
			f, err := cachex.NewFallback(primary, newBrittle(t, p), cachex.WithMemory(366*24*time.Hour))
			require.NoError(t, err)
			return cachextest.Harness{Cache: f, Grain: 1}
		})
	})
}

func TestFallbackOutageBeforeSet(t *testing.T) {
	f := newPair(t, free())
	f.primary.set(down)
	ticket := f.mustSet(t, code)
	status, err := f.Status(t.Context(), someone)
	require.NoError(t, err)
	require.Equal(t, ticket.Gen, status.Gen)
	f.primary.set(healthy)
	require.ErrorIs(t, f.Verify(t.Context(), someone, other), cachex.ErrMismatch)
	require.NoError(t, f.Verify(t.Context(), someone, code), "the code is on the backup, the primary back")
	require.ErrorIs(t, f.Verify(t.Context(), someone, code), cachex.ErrNotFound, "a used code")
}

// A primary that does the Set and loses the answer leaves the code on both
// sides. It must be good once.
func TestFallbackOutageDuringSet(t *testing.T) {
	f := newPair(t, free())
	f.primary.set(lost)
	f.mustSet(t, code)
	f.primary.set(healthy)
	require.NoError(t, f.Verify(t.Context(), someone, code))
	require.ErrorIs(t, f.Verify(t.Context(), someone, code), cachex.ErrNotFound, "the primary's copy")
	status, err := f.primary.Status(t.Context(), someone)
	require.NoError(t, err)
	require.True(t, status.Live, "the primary has no copy: the test shows nothing")
}

func TestFallbackOutageAfterSet(t *testing.T) {
	f := newPair(t, free())
	f.mustSet(t, code)
	f.primary.set(down)
	require.ErrorIs(t, f.Verify(t.Context(), someone, code), errDown, "the code is where nobody can ask")
	f.mustSet(t, other)
	require.ErrorIs(t, f.Verify(t.Context(), someone, code), cachex.ErrMismatch, "a replaced code")
	f.primary.set(healthy)
	require.ErrorIs(t, f.Verify(t.Context(), someone, code), cachex.ErrMismatch, "a replaced code that the primary has still")
	require.NoError(t, f.Verify(t.Context(), someone, other))
	require.ErrorIs(t, f.Verify(t.Context(), someone, code), cachex.ErrNotFound, "a replaced code that the primary has still")
}

func TestFallbackComesBack(t *testing.T) {
	f := newPair(t, free())
	f.primary.set(down)
	f.mustSet(t, code)
	f.primary.set(healthy)
	f.backup.set(down) // so that its code can't be revoked
	f.mustSet(t, other)
	f.backup.set(healthy)
	require.ErrorIs(t, f.Verify(t.Context(), someone, code), cachex.ErrMismatch, "a replaced code that the backup has still")
	require.NoError(t, f.Verify(t.Context(), someone, other))
	require.ErrorIs(t, f.Verify(t.Context(), someone, code), cachex.ErrNotFound, "a replaced code that the backup has still")
	f.primary.set(down)
	require.ErrorIs(t, f.Verify(t.Context(), someone, code), errDown, "a replaced code that the backup has still")
}

// Other processes that share the backup have no memory of this one's.
func TestFallbackRevokesWhatIsSuperseded(t *testing.T) {
	f := newPair(t, free())
	f.primary.set(down)
	f.mustSet(t, code)
	f.primary.set(healthy)
	f.mustSet(t, other)
	require.ErrorIs(t, f.backup.Verify(t.Context(), someone, code), cachex.ErrNotFound)
}

// Trap cachex/15: the outcome of a Verify is lost, and trying the other side
// could make a code good twice.
func TestFallbackNeverRetriesAnUnknownVerify(t *testing.T) {
	f := newPair(t, free())
	f.mustSet(t, code)
	f.primary.set(lost)
	before := f.backup.calls.Load()
	require.ErrorIs(t, f.Verify(t.Context(), someone, code), cachex.ErrUnknown)
	require.Equal(t, before, f.backup.calls.Load(), "the backup was asked")
	f.primary.set(healthy)
	require.ErrorIs(t, f.Verify(t.Context(), someone, code), cachex.ErrNotFound)
}

func TestFallbackSwitchesOnFailuresOnly(t *testing.T) {
	p := free()
	p.ResendAfter = time.Minute
	f := newPair(t, p)
	f.mustSet(t, code)
	before := f.backup.calls.Load()
	_, err := f.Set(t.Context(), someone, code)
	require.ErrorIs(t, err, cachex.ErrTooSoon)
	_, err = f.Set(t.Context(), someone, "")
	require.ErrorIs(t, err, cachex.ErrInput)
	require.ErrorIs(t, f.Verify(t.Context(), cachex.Key{}, code), cachex.ErrInput)
	require.ErrorIs(t, f.Verify(t.Context(), someone, other), cachex.ErrMismatch)
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("the user left")
	cancel(cause)
	_, err = f.Set(ctx, someone, code)
	require.ErrorIs(t, err, cause)
	require.ErrorIs(t, f.Verify(ctx, someone, code), cause)
	_, err = f.Status(ctx, someone)
	require.ErrorIs(t, err, cause)
	require.Equal(t, before, f.backup.calls.Load(), "the backup was asked")
	require.Zero(t, f.Stats())
}

func TestFallbackKeepsBudgetsOnTheBackup(t *testing.T) {
	p := cachex.DefaultPolicy()
	synctest.Test(t, func(t *testing.T) {
		f := newPair(t, p)
		f.primary.set(down)
		for i := range p.Sends[0].Max {
			f.mustSet(t, code)
			refused := cachex.ErrTooSoon
			if i == p.Sends[0].Max-1 {
				refused = cachex.ErrLocked
			}
			_, err := f.Set(t.Context(), someone, code)
			require.ErrorIs(t, err, refused)
			for range p.MaxAttempts {
				require.ErrorIs(t, f.Verify(t.Context(), someone, other), cachex.ErrMismatch)
			}
			require.ErrorIs(t, f.Verify(t.Context(), someone, code), cachex.ErrTooMany)
			time.Sleep(p.ResendAfter)
		}
		_, err := f.Set(t.Context(), someone, code)
		require.ErrorIs(t, err, cachex.ErrLocked)
	})
}

func TestFallbackRevokesOnTheSideOfTheGen(t *testing.T) {
	f := newPair(t, free())
	onPrimary := f.mustSet(t, code)
	f.primary.set(down)
	onBackup := f.mustSet(t, code)
	require.NotEqual(t, onPrimary.Gen&1, onBackup.Gen&1)
	_, err := f.Revoke(t.Context(), someone, onPrimary.Gen)
	require.ErrorIs(t, err, errDown, "a code on the primary can't be revoked elsewhere")
	ok, err := f.Revoke(t.Context(), someone, onBackup.Gen)
	require.NoError(t, err)
	require.True(t, ok)
	f.primary.set(healthy)
	require.ErrorIs(t, f.Verify(t.Context(), someone, code), cachex.ErrNotFound, "an older code came back")
	for _, gen := range []uint64{0, 1} {
		ok, err = f.Revoke(t.Context(), someone, gen)
		require.NoError(t, err)
		require.False(t, ok)
	}
}

func TestFallbackWhenBothFail(t *testing.T) {
	f := newPair(t, free())
	f.primary.set(down)
	f.backup.set(down)
	_, err := f.Set(t.Context(), someone, code)
	require.ErrorIs(t, err, errDown)
	require.ErrorIs(t, f.Verify(t.Context(), someone, code), errDown)
	_, err = f.Status(t.Context(), someone)
	require.ErrorIs(t, err, errDown)
	f.primary.set(healthy)
	require.ErrorIs(t, f.Verify(t.Context(), someone, code), cachex.ErrNotFound, "the primary's word counts")
	_, err = f.Status(t.Context(), someone)
	require.NoError(t, err)
}

// A code that another process put on a shared backup is found there.
func TestFallbackAsksTheBackupWhenThePrimaryHasNone(t *testing.T) {
	f := newPair(t, free())
	ticket, err := f.backup.Set(t.Context(), someone, code)
	require.NoError(t, err)
	status, err := f.Status(t.Context(), someone)
	require.NoError(t, err)
	require.True(t, status.Live)
	require.Equal(t, ticket.Gen<<1|1, status.Gen)
	f.backup.set(lost)
	require.ErrorIs(t, f.Verify(t.Context(), someone, other), cachex.ErrUnknown)
	f.backup.set(healthy)
	require.ErrorIs(t, f.Verify(t.Context(), someone, other), cachex.ErrMismatch)
	require.NoError(t, f.Verify(t.Context(), someone, code))
}

func TestFallbackForgetsAfterItsMemory(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newPair(t, free(), cachex.WithMemory(time.Hour))
		f.primary.set(down)
		for i := range 100 {
			_, err := f.Set(t.Context(), cachex.Key{Biz: "login", To: fmt.Sprint(i)}, code)
			require.NoError(t, err)
		}
		require.Equal(t, 100, f.Stats().Remembered)
		time.Sleep(time.Hour)
		for range 100 {
			f.mustSet(t, code)
		}
		require.Equal(t, 1, f.Stats().Remembered)
	})
}

func TestFallbackTellsOfSwitches(t *testing.T) {
	var told []error
	f := newPair(t, free(), cachex.WithOnSwitch(func(err error) { told = append(told, err) }))
	f.mustSet(t, code)
	require.Empty(t, told)
	f.primary.set(down)
	f.mustSet(t, code)
	require.Len(t, told, 1)
	require.ErrorIs(t, told[0], errDown)
	require.Equal(t, cachex.FallbackStats{Switched: 1, Remembered: 1}, f.Stats())
}

// The primary comes and goes while many use the right code: whatever it did,
// one of them gets in.
func TestFallbackLetsOneInThroughAFlappingPrimary(t *testing.T) {
	f := newPair(t, cachex.Policy{TTL: time.Hour, MaxAttempts: 1000})
	for round := range 200 {
		f.primary.set(fault(round % 3))
		f.mustSet(t, code)
		var wg sync.WaitGroup
		var in atomic.Int32
		for i := range 16 {
			wg.Go(func() {
				f.primary.set([]fault{healthy, down}[i%2])
				if f.Verify(t.Context(), someone, code) == nil {
					in.Add(1)
				}
			})
		}
		wg.Wait()
		f.primary.set(healthy)
		for f.Verify(t.Context(), someone, code) == nil {
			in.Add(1)
		}
		require.EqualValues(t, 1, in.Load(), "round %d", round)
	}
}

func TestNewFallbackNamesWhatIsWrong(t *testing.T) {
	_, err := cachex.NewFallback(nil, nil, nil, cachex.WithMemory(0), cachex.WithOnSwitch(nil))
	for _, want := range []string{"primary is nil", "backup is nil", "option 0 is nil", "WithMemory is 0s", "WithOnSwitch"} {
		require.ErrorContains(t, err, want)
	}
}

// A valueCache is a cache that isn't a pointer and can't be compared.
type valueCache struct {
	cachex.CodeCache
	_ []int
}

func TestNewFallbackWantsTwoCaches(t *testing.T) {
	one, two := newLocal(t), newLocal(t)
	for _, tc := range []struct {
		primary, backup cachex.CodeCache
		want            string
	}{
		{one, one, "the primary and the backup are the same cache"},
		{valuePair{one}, valuePair{one}, "the primary and the backup are the same cache"},
		{(*cachex.CodeLocalCache)(nil), one, "the primary is nil (*cachex.CodeLocalCache)"},
		{one, (*cachex.CodeRedisCache)(nil), "the backup is nil (*cachex.CodeRedisCache)"},
		{nil, nil, "the primary is nil (<nil>)"},
		{nil, nil, "the backup is nil (<nil>)"},
	} {
		f, err := cachex.NewFallback(tc.primary, tc.backup)
		require.ErrorContains(t, err, tc.want)
		require.Nil(t, f)
	}
	for _, backup := range []cachex.CodeCache{two, valuePair{one}, valueCache{CodeCache: one}} {
		_, err := cachex.NewFallback(valueCache{CodeCache: one}, backup)
		require.NoError(t, err)
	}
}

type valuePair struct{ cachex.CodeCache }
