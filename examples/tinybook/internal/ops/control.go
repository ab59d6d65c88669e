// Package ops is the desk of the operators: what the site is doing, what they
// can change while it runs, and in embedded mode switches that break things.
package ops

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ycvk/tinybook/examples/tinybook/internal/sms"
	"github.com/ycvk/tinybook/smsfailover"
)

// follow is how often a process looks at what operators have set elsewhere.
const follow = 500 * time.Millisecond

// ErrProvider means that there is no provider of that name.
var ErrProvider = errors.New("ops: no such provider")

// ErrThreshold means that a threshold isn't above 0 and at most 1.
var ErrThreshold = errors.New("ops: a threshold is above 0 and at most 1")

// A Provider is one that operators look after. Fake is nil for one that can't be
// broken.
type Provider struct {
	Name    string
	Monitor *smsfailover.ErrorRateMonitor
	Fake    *sms.Provider
}

// Control applies settings to the providers of this process. It is safe for
// concurrent use.
type Control struct {
	store     *Store
	log       *slog.Logger
	threshold float64 // as configured
	providers []Provider
	applying  chan struct{} // holds one token while somebody loads and applies
}

// NewControl returns a control that begins with the configured threshold.
func NewControl(store *Store, log *slog.Logger, threshold float64, providers []Provider) *Control {
	return &Control{
		store: store, log: log, threshold: threshold, providers: providers,
		applying: make(chan struct{}, 1),
	}
}

// Run follows the settings until ctx is done, and returns nil. While they can't
// be read those that were read last hold.
func (c *Control) Run(ctx context.Context) error {
	ticker := time.NewTicker(follow)
	defer ticker.Stop()
	failing := false
	for {
		err := c.Follow(ctx)
		if err != nil && !failing && ctx.Err() == nil {
			c.log.Warn("operators' settings can't be read; the last ones hold", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Follow applies what the store holds. One does so at a time: what was loaded
// before a change must not be applied after it.
func (c *Control) Follow(ctx context.Context) error {
	select {
	case c.applying <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("ops: follow settings: %w", context.Cause(ctx))
	}
	defer func() { <-c.applying }()
	s, err := c.store.Load(ctx)
	if err != nil {
		return err
	}
	return c.apply(s)
}

func (c *Control) apply(s Settings) error {
	threshold := c.threshold
	if valid(s.Threshold) {
		threshold = s.Threshold
	}
	var errs []error
	for _, p := range c.providers {
		if p.Monitor.Snapshot().Threshold != threshold {
			errs = append(errs, p.Monitor.SetThreshold(threshold))
		}
		if p.Fake != nil {
			p.Fake.Break(s.Faults[p.Name])
		}
	}
	return errors.Join(errs...)
}

// SetThreshold changes the threshold of every process.
func (c *Control) SetThreshold(ctx context.Context, ratio float64) error {
	if !valid(ratio) {
		return fmt.Errorf("%w, not %v", ErrThreshold, ratio)
	}
	if err := c.store.SetThreshold(ctx, ratio); err != nil {
		return err
	}
	return c.Follow(ctx)
}

// valid reports whether ratio may be a threshold. NaN may not.
func valid(ratio float64) bool { return ratio > 0 && ratio <= 1 }

// SetFault breaks or mends a provider in every process.
func (c *Control) SetFault(ctx context.Context, provider string, f sms.Fault) error {
	if err := f.Validate(); err != nil {
		return err
	}
	for _, p := range c.providers {
		if p.Name == provider && p.Fake != nil {
			if err := c.store.SetFault(ctx, provider, f); err != nil {
				return err
			}
			return c.Follow(ctx)
		}
	}
	return fmt.Errorf("%w: %q", ErrProvider, provider)
}
