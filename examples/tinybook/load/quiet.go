package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// errBusy means that there is no point in measuring.
var errBusy = errors.New("the machine is busy")

const (
	// quietFor is how long a machine is watched before it passes for quiet.
	quietFor = 300 * time.Millisecond
	// pause lets what a run leaves behind begin to end.
	pause = 100 * time.Millisecond
)

// awaitQuiet returns when at most the share of the machine is in use: by others,
// and by what a run before has left, such as queries whose answers nobody waits
// for any more.
func awaitQuiet(ctx context.Context, share float64, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for {
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		before, err := machineCPU()
		if err != nil {
			return err
		}
		if err := sleep(ctx, quietFor); err != nil {
			return err
		}
		after, err := machineCPU()
		if err != nil {
			return err
		}
		used := after.minus(before).others(0)
		if used <= share {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%w: %.0f%% of it are in use after %v", errBusy, 100*used, patience)
		}
	}
}

// sleep returns after d, or the cause of ctx when that is done before.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
