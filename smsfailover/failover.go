package smsfailover

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
)

// A Failover is a [Service] that loses no message: it hands each to a provider
// when its limiter and its monitor let it, and else to a store, from which the
// workers of [Failover.Run] send it later. See the package comment for what it
// promises.
//
// It is safe for concurrent use, and starts nothing but what Run and Submit end
// before they return. The store and the provider stay the caller's.
type Failover struct {
	provider Service
	store    Store
	cfg      config
	gate     gate
	gauge    gauge
	lanes    lanes
	pace     pace
	count    counters
	owner    string // of claims
	running  atomic.Bool
	alarm    alarm
}

var _ Service = (*Failover)(nil)

// New returns a Failover that sends by provider and queues in store. It starts
// nothing: [Failover.Run] in some process is what sends queued messages. The
// error wraps [ErrInput] and names all that is wrong with the arguments.
func New(provider Service, store Store, opts ...Option) (*Failover, error) {
	cfg, err := newConfig(opts)
	if isNil(provider) {
		err = errors.Join(err, fmt.Errorf("%w: New: the provider is nil (%T)", ErrInput, provider))
	}
	if isNil(store) {
		err = errors.Join(err, fmt.Errorf("%w: New: the store is nil (%T)", ErrInput, store))
	}
	if err != nil {
		return nil, err
	}
	f := &Failover{
		provider: provider,
		store:    store,
		cfg:      cfg,
		gate:     newGate(cfg.monitor, provider),
		owner:    rand.Text(),
		lanes:    lanes{busy: make(map[lane]*line)},
		alarm:    alarm{rung: make(chan struct{}, 1)},
	}
	f.gauge = gauge{depth: f.depth, keep: cfg.poll, most: cfg.maxDepth}
	return f, nil
}

// Send submits the template to each number, and returns nil when each message was
// delivered, or is safely queued, or its like is. Else the error says how many
// were not accepted, and wraps why; the others were, and sending all of them
// again sends those twice. It keeps args and numbers no longer than it runs.
//
// Without a number, or with one that [Message.Validate] refuses, it is
// [ErrInput]. See [Failover.Submit] for the rest.
func (f *Failover) Send(ctx context.Context, tplID string, args []string, numbers ...string) error {
	if len(numbers) == 0 {
		return fmt.Errorf("%w: Send to no number", ErrInput)
	}
	ms := make([]Message, len(numbers))
	for i, to := range numbers {
		ms[i] = Message{TplID: tplID, To: to, Args: args}
	}
	_, err := f.Submit(ctx, ms...)
	return err
}

// Redrive makes the dead letters that filter chooses ready again, with all their
// attempts before them, and returns how many. See [Store] for those that stay. The
// age of a message counts from when it was first queued: one that is older than
// [WithQueue] allows is buried again, and one past its NotAfter forgotten.
func (f *Failover) Redrive(ctx context.Context, filter Filter) (int, error) {
	if filter.Limit < 0 {
		return 0, fmt.Errorf("%w: Filter.Limit is %d, want 0 or more", ErrInput, filter.Limit)
	}
	var n int
	err := f.callStore(ctx, "redrive", func(ctx context.Context) (err error) {
		n, err = f.store.Redrive(ctx, filter)
		return err
	})
	if err != nil {
		return 0, err
	}
	f.gauge.forget()
	f.alarm.ring(0)
	return n, nil
}

// Stats returns what was counted so far. It takes a few loads, which are not of
// one moment.
func (f *Failover) Stats() Stats { return f.count.snapshot() }

func (f *Failover) depth(ctx context.Context) (Depth, error) {
	var d Depth
	err := f.callStore(ctx, "depth", func(ctx context.Context) (err error) {
		d, err = f.store.Depth(ctx)
		return err
	})
	return d, err
}
