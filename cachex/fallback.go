package cachex

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"time"
)

// Fallback is a [CodeCache] on two others: the primary, and a backup for the
// calls that the primary fails. It calls the primary each time, so that it
// comes back by itself, and waits for its failures as long as it takes to fail:
// give its client short timeouts.
//
// A failure is an error that is no [*DeniedError], no [ErrInput] and not due to
// the caller's ctx. A Verify that ends in [ErrUnknown] is returned as such and
// never tried on the other side, where the code might be right once more.
//
// A code lives on one side, that of the last Set that succeeded. A Set that the
// primary failed goes to the backup, although the primary may have done it and
// lost only the answer; so the Fallback remembers for which Keys the backup was
// asked. For those it asks the side of the last Set and no other, whatever the
// other one holds. For every other Key it asks the primary first, and the
// backup if the primary fails or has no code.
//
// Some things no Fallback can do. Budgets and pauses are counted on each side
// alone: who can break the primary gets the backup's on top. A code in the backup
// waits there while the primary is back, and a Ticket's Gen rises from side to
// side only as their clocks agree.
//
// With several processes, what was set on a backup in memory is known to its
// process only, and so is which side has the last word. If the primary did a Set
// whose answer was lost to this process, another may accept that code once from
// the primary. And a code that one process set on its backup isn't replaced by
// another's Set on the primary: until its TTL the first process takes the old
// code and refuses the new one. Send a recipient to the same process each time,
// or keep Policy.TTL short.
//
// It is safe for concurrent use if the two are, and starts no goroutine.
type Fallback struct {
	primary, backup CodeCache
	onSwitch        func(error)
	sides           *sides
	switched        atomic.Uint64
}

var _ CodeCache = (*Fallback)(nil)

// A FallbackOption sets up a [Fallback].
type FallbackOption func(*fallbackConfig)

type fallbackConfig struct {
	onSwitch func(error)
	memory   time.Duration
	errs     []error
}

const defaultMemory = 24 * time.Hour

// WithOnSwitch sets what is called with the primary's failure each time that a
// call goes to the backup because of it, in the goroutine of that call. The
// default does nothing.
func WithOnSwitch(f func(error)) FallbackOption {
	return func(c *fallbackConfig) {
		if f == nil {
			c.errs = append(c.errs, errors.New("cachex: WithOnSwitch: the function is nil"))
			return
		}
		c.onSwitch = f
	}
}

// WithMemory sets for how long after a Set on the backup its Key's last side is
// remembered. Make it no shorter than the longest Policy.TTL of either side. A
// remembered Key takes 85 to 135 bytes. The default is 24 hours.
func WithMemory(d time.Duration) FallbackOption {
	return func(c *fallbackConfig) {
		if err := checkDuration("WithMemory", d, false); err != nil {
			c.errs = append(c.errs, fmt.Errorf("cachex: %w", err))
			return
		}
		c.memory = d
	}
}

// NewFallback returns a cache that uses backup where primary fails. It owns
// neither. The error joins all that is wrong with the arguments.
func NewFallback(primary, backup CodeCache, opts ...FallbackOption) (*Fallback, error) {
	c := fallbackConfig{onSwitch: func(error) {}, memory: defaultMemory}
	switch {
	case isNil(primary) || isNil(backup):
		if isNil(primary) {
			c.errs = append(c.errs, fmt.Errorf("cachex: NewFallback: the primary is nil (%T)", primary))
		}
		if isNil(backup) {
			c.errs = append(c.errs, fmt.Errorf("cachex: NewFallback: the backup is nil (%T)", backup))
		}
	case reflect.ValueOf(primary).Comparable() && primary == backup:
		c.errs = append(c.errs, errors.New("cachex: NewFallback: the primary and the backup are the same cache"))
	}
	for i, opt := range opts {
		if opt == nil {
			c.errs = append(c.errs, fmt.Errorf("cachex: NewFallback: option %d is nil", i))
			continue
		}
		opt(&c)
	}
	if err := errors.Join(c.errs...); err != nil {
		return nil, err
	}
	return &Fallback{
		primary:  primary,
		backup:   backup,
		onSwitch: c.onSwitch,
		sides:    newSides(c.memory),
	}, nil
}

// Set implements [CodeCache]. It takes the time of both sides when the primary
// fails, and of a Revoke on the backup when the code there is superseded. That
// Revoke gives the backup's budgets a send back, although its message left.
func (f *Fallback) Set(ctx context.Context, k Key, code string) (Ticket, error) {
	t, err := f.primary.Set(ctx, k, code)
	if err == nil {
		if last, ok := f.sides.setPrimary(k); ok {
			// The code there is dead already; other processes that share
			// the backup learn it by this, if it can be told.
			_, _ = f.backup.Revoke(ctx, k, last)
		}
		return tagged(t, onPrimary)
	}
	if !failed(ctx, err) {
		return Ticket{}, err
	}
	f.goToBackup(err)
	t, errBackup := f.backup.Set(ctx, k, code)
	switch {
	case errBackup == nil:
		f.sides.setBackup(k, t.Gen)
		return tagged(t, onBackup)
	case failed(ctx, errBackup):
		return Ticket{}, bothFailed(err, errBackup)
	}
	return Ticket{}, errBackup
}

// Verify implements [CodeCache]. When the primary fails and the backup has no
// code, the error is the primary's.
func (f *Fallback) Verify(ctx context.Context, k Key, code string) error {
	switch f.sides.last(k) {
	case onPrimary:
		return f.primary.Verify(ctx, k, code)
	case onBackup:
		return f.backup.Verify(ctx, k, code)
	}
	err := f.primary.Verify(ctx, k, code)
	down := failed(ctx, err)
	switch {
	case errors.Is(err, ErrUnknown):
		return err
	case !down && !errors.Is(err, ErrNotFound):
		return err
	}
	if down {
		f.goToBackup(err)
	}
	errBackup := f.backup.Verify(ctx, k, code)
	switch {
	case errors.Is(errBackup, ErrNotFound):
		return err
	case errors.Is(errBackup, ErrUnknown), !failed(ctx, errBackup):
		return errBackup
	case down:
		return bothFailed(err, errBackup)
	}
	return err
}

// Revoke implements [CodeCache], on the side whose Set gave out gen.
func (f *Fallback) Revoke(ctx context.Context, k Key, gen uint64) (bool, error) {
	c := f.primary
	if side(gen&1) == onBackup {
		c = f.backup
	}
	return c.Revoke(ctx, k, gen>>1)
}

// Status implements [CodeCache]. Where both sides were asked, the code is that
// of the side that has one, and the pause and the lock are the longer ones.
func (f *Fallback) Status(ctx context.Context, k Key) (Status, error) {
	switch f.sides.last(k) {
	case onPrimary:
		return statusOn(ctx, f.primary, onPrimary, k)
	case onBackup:
		return statusOn(ctx, f.backup, onBackup, k)
	}
	s, err := statusOn(ctx, f.primary, onPrimary, k)
	if err != nil && !failed(ctx, err) || s.Live {
		return s, err
	}
	if err != nil {
		f.goToBackup(err)
	}
	b, errBackup := statusOn(ctx, f.backup, onBackup, k)
	switch {
	case errBackup == nil:
		b.ResendAfter = max(b.ResendAfter, s.ResendAfter)
		b.LockedFor = max(b.LockedFor, s.LockedFor)
		return b, nil
	case err != nil:
		return Status{}, bothFailed(err, errBackup)
	}
	return s, nil
}

// FallbackStats is a snapshot of a [Fallback].
type FallbackStats struct {
	Switched   uint64 // calls that went to the backup because the primary failed
	Remembered int    // Keys whose last side is held in memory, some of them perhaps beyond their time
}

// Stats returns a snapshot.
func (f *Fallback) Stats() FallbackStats {
	return FallbackStats{Switched: f.switched.Load(), Remembered: int(f.sides.size.Load())}
}

func (f *Fallback) goToBackup(err error) {
	f.switched.Add(1)
	f.onSwitch(err)
}

// failed reports whether err is a failure of the cache that returned it.
func failed(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() != nil || errors.Is(err, ErrInput) {
		return false
	}
	_, denied := errors.AsType[*DeniedError](err)
	return !denied
}

func bothFailed(primary, backup error) error {
	return fmt.Errorf("cachex: the primary failed: %w; and the backup: %w", primary, backup)
}

// statusOn returns the Status on one side, with a Gen that names it.
func statusOn(ctx context.Context, c CodeCache, on side, k Key) (Status, error) {
	s, err := c.Status(ctx, k)
	if err == nil && s.Live {
		s.Gen = s.Gen<<1 | uint64(on)
	}
	return s, err
}

// tagged returns t with a Gen that names the side.
func tagged(t Ticket, s side) (Ticket, error) {
	if t.Gen>>63 != 0 {
		return Ticket{}, fmt.Errorf("cachex: fallback: gen %d is beyond 63 bits", t.Gen)
	}
	t.Gen = t.Gen<<1 | uint64(s)
	return t, nil
}
