package app

import (
	"context"
	"fmt"
	"time"

	"github.com/ycvk/tinybook/examples/tinybook/internal/code"
	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
	"github.com/ycvk/tinybook/examples/tinybook/internal/ops"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/examples/tinybook/internal/sms"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/smsfailover"
	"github.com/ycvk/tinybook/smsfailover/sqlstore"
)

// How the queue of messages is worked off.
const (
	smsWorkers = 4
	smsBatch   = 8
	smsDepth   = 100_000 // from which on no message is accepted
	smsTries   = 100     // a code is worth nothing long before
	smsSamples = 5       // results that say something about a provider
)

// openSMS makes the way of a message: a chain of providers, each with a limiter
// and a monitor of its own, before a queue in the database.
func (p *parts) openSMS(ctx context.Context, db *platform.DB, rdb *platform.Redis) error {
	var err error
	if p.outbox, err = sms.NewOutbox(p.cfg.SMS.Keep); err != nil {
		return err
	}
	// Processes that each went on by themselves would send a provider more than
	// it takes. Messages can wait: while nobody can tell they are queued.
	limiter, err := p.newShared(rdb, ratelimit.SlidingLog, []ratelimit.Limit{limit(p.cfg.SMS.ProviderLimit)})
	if err != nil {
		return err
	}
	chain, providers, err := p.newChain(limiter)
	if err != nil {
		return err
	}
	store, err := p.openQueue(ctx, db)
	if err != nil {
		return err
	}
	failover, err := p.newFailover(code.NewCurrent(chain, p.codes), len(providers), store)
	if err != nil {
		return err
	}
	settings := ops.NewStore(rdb, rdb.Sync)
	control := ops.NewControl(settings, p.log, p.cfg.SMS.Threshold, providers)
	if err := control.Follow(ctx); err != nil {
		return err
	}
	p.sender = failover
	p.desk = &ops.Desk{
		Control: control, Failover: failover, Store: store,
		Gauges:   gauges(p, limiter, providers),
		CanBreak: p.canBreak(),
		Kafka:    p.kafka,
	}
	p.workers = append(p.workers, failover.Run, control.Run)
	return nil
}

// canBreak reports whether operators may switch faults on.
func (p *parts) canBreak() bool { return p.provider == nil && p.cfg.Mode == config.Embedded }

// gauges are the limiters that operators see.
func gauges(p *parts, limiter ratelimit.Limiter, providers []ops.Provider) []ops.Gauge {
	all := []ops.Gauge{{Name: "codes", Peek: p.guard.Site}}
	for _, provider := range providers {
		all = append(all, ops.Gauge{Name: provider.Name, Peek: func(ctx context.Context) (ratelimit.Result, error) {
			return limiter.Peek(ctx, provider.Name)
		}})
	}
	return all
}

// newChain makes two local providers, or one of the provider that was given.
func (p *parts) newChain(limiter ratelimit.Limiter) (*smsfailover.Chain, []ops.Provider, error) {
	var providers []ops.Provider
	var links []smsfailover.Provider
	add := func(name string, service smsfailover.Service, fake *sms.Provider) error {
		monitor, err := smsfailover.NewErrorRateMonitor(
			smsfailover.WithWindow(p.cfg.SMS.Window),
			smsfailover.WithThreshold(p.cfg.SMS.Threshold),
			smsfailover.WithOpenFor(p.cfg.SMS.OpenFor),
			smsfailover.WithMinSamples(smsSamples),
		)
		if err != nil {
			return fmt.Errorf("app: sms: %w", err)
		}
		providers = append(providers, ops.Provider{Name: name, Monitor: monitor, Fake: fake})
		links = append(links, smsfailover.Provider{
			Name: name, Service: sms.Hurried{Service: service, Timeout: p.cfg.SMS.Timeout},
			Monitor: monitor, Limiter: ratelimit.Taker(limiter), Cost: len(links),
			// A code twice is better than one that waits for a provider that hangs.
			PreferAvailability: true,
		})
		return nil
	}
	if p.provider != nil {
		if err := add("given", p.provider, nil); err != nil {
			return nil, nil, err
		}
	} else {
		for _, name := range []string{"north", "south"} {
			local := sms.NewProvider(name, p.outbox)
			fake := local
			if !p.canBreak() { // whatever a Redis that served other modes says
				fake = nil
			}
			if err := add(name, local, fake); err != nil {
				return nil, nil, err
			}
		}
		if p.cfg.Mode == config.Services {
			p.log.Warn("there is no SMS provider: login codes stay in this process")
		}
	}
	chain, err := smsfailover.NewChain(links...)
	return chain, providers, err
}

// openQueue returns the queue in the database.
func (p *parts) openQueue(ctx context.Context, db *platform.DB) (*sqlstore.Store, error) {
	pool, dialect, err := db.Queue(ctx)
	if err != nil {
		return nil, err
	}
	store, err := sqlstore.New(pool, dialect)
	if err != nil {
		return nil, fmt.Errorf("app: sms: %w", err)
	}
	if err := store.Migrate(ctx); err != nil {
		return nil, fmt.Errorf("app: sms: %w", err)
	}
	return store, nil
}

// newFailover gives each of so many providers its time. The lease is longer: see
// config.
func (p *parts) newFailover(provider smsfailover.Service, providers int, store smsfailover.Store) (*smsfailover.Failover, error) {
	secrets, err := p.derive("tinybook queued messages")
	if err != nil {
		return nil, err
	}
	sealer, err := sms.NewSealer(secrets...)
	if err != nil {
		return nil, err
	}
	failover, err := smsfailover.New(provider, store,
		smsfailover.WithSealer(sealer),
		smsfailover.WithSendTimeout(time.Duration(providers)*p.cfg.SMS.Timeout),
		smsfailover.WithWorkers(smsWorkers, smsBatch, p.cfg.SMS.Lease),
		smsfailover.WithPoll(p.cfg.SMS.Poll),
		smsfailover.WithBackoff(smsfailover.FullJitter(time.Second, 15*time.Second)),
		smsfailover.WithMaxAttempts(smsTries),
		smsfailover.WithQueue(smsDepth, 0, smsfailover.Reject),
		smsfailover.WithLogger(p.log),
	)
	if err != nil {
		return nil, fmt.Errorf("app: sms: %w", err)
	}
	return failover, nil
}
