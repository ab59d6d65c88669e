package sms

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// errDown is what a provider that is down answers.
var errDown = errors.New("sms: the provider does not take messages now")

// Provider is a provider that sends nothing: it puts messages into an outbox.
// An operator breaks it to see what the site does then. It is safe for
// concurrent use.
type Provider struct {
	name   string
	outbox *Outbox
	fault  atomic.Pointer[Fault]
}

// NewProvider returns a provider in good health.
func NewProvider(name string, outbox *Outbox) *Provider {
	p := &Provider{name: name, outbox: outbox}
	p.Break(Fault{})
	return p
}

// Name returns the name.
func (p *Provider) Name() string { return p.name }

// Break makes the provider suffer from f from now on; the zero Fault mends it.
func (p *Provider) Break(f Fault) { p.fault.Store(&f) }

// Fault returns what the provider suffers from.
func (p *Provider) Fault() Fault { return *p.fault.Load() }

// Send implements smsfailover.Service.
func (p *Provider) Send(ctx context.Context, tplID string, args []string, numbers ...string) error {
	f := p.Fault()
	if err := pause(ctx, f.delay()); err != nil {
		return fmt.Errorf("sms: provider %s: %w", p.name, err)
	}
	switch {
	case f.Down, f.Percent > 0 && rand.IntN(100) < f.Percent:
		return fmt.Errorf("sms: provider %s: %w", p.name, errDown)
	case f.Refuses:
		return fmt.Errorf("sms: provider %s: %w", p.name, smsfailover.ErrPermanent)
	case f.Throttled:
		return fmt.Errorf("sms: provider %s: %w", p.name, smsfailover.ErrThrottled)
	}
	return p.outbox.deliver(ctx, p.name, tplID, args, numbers)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
