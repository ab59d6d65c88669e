package smsfailover

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
)

// callStore makes one call of the store, within the time that is due to it. A
// failure is counted and logged, but not that of the caller's own ctx, nor that a
// lease is lost, which is an answer.
func (f *Failover) callStore(ctx context.Context, what string, do func(context.Context) error) error {
	call, cancel := context.WithTimeout(ctx, f.cfg.callTimeout)
	defer cancel()
	err := do(call)
	switch {
	case err == nil || errors.Is(err, ErrLost):
		return err
	case ctx.Err() != nil:
		return context.Cause(ctx)
	}
	f.count.storeErrors.Add(1)
	err = fmt.Errorf("smsfailover: store: %s: %w", what, withoutNumbers(err))
	f.cfg.log.WarnContext(ctx, "smsfailover: the store fails", slog.String("call", what), slog.Any("err", err))
	return err
}
