package storetest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ycvk/tinybook/smsfailover"
)

// A child is the side of Crash that is killed.
type child struct {
	t     *testing.T
	cfg   CrashConfig
	plan  childPlan
	log   *crashLog
	store *pointStore
	f     *smsfailover.Failover
}

// runChild works until it is killed or, if it is the last one, all is delivered.
func runChild(t *testing.T, cfg CrashConfig, plan childPlan) {
	t.Helper()
	log, err := openCrashLog(plan.Log)
	if err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, cfg: cfg, plan: plan, log: log}
	c.store = &pointStore{Store: cfg.Open(t, plan.DSN), log: log, point: plan.Point}
	c.store.left.Store(int64(plan.Nth))
	c.f, err = smsfailover.New(&crashProvider{log: log, lease: cfg.Lease}, c.store,
		smsfailover.WithWorkers(8, 16, cfg.Lease),
		smsfailover.WithPoll(cfg.Poll),
		smsfailover.WithSendTimeout(cfg.Lease*4/5),
		smsfailover.WithBackoff(smsfailover.FullJitter(10*time.Millisecond, cfg.Lease)),
		smsfailover.WithMaxAttempts(1<<20),
		smsfailover.WithMaxClaims(1<<20),
	)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() { // The test ends, and this process with it.
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	c.live(ctx, cancel)
	if err := log.err(); err != nil {
		t.Errorf("the log can't be written: %v", err)
	}
}

func (c *child) live(ctx context.Context, stop context.CancelFunc) {
	var wg sync.WaitGroup
	wg.Go(func() {
		if err := c.f.Run(ctx); err != nil {
			c.t.Errorf("Run: %v", err)
		}
		stop()
	})
	c.log.add(evUp, "", "")
	if c.plan.Drain {
		wg.Go(func() { c.drain(ctx); stop() })
	} else {
		for i := range 4 {
			wg.Go(func() { c.submit(ctx, i) })
		}
	}
	wg.Wait()
}

// submit hands in messages, every other one under an IdemKey.
func (c *child) submit(ctx context.Context, producer int) {
	for n := 0; ctx.Err() == nil; n++ {
		id := fmt.Sprintf("%d-%d-%d", os.Getpid(), producer, n) + "-" + strconv.FormatUint(rand.Uint64(), 36)
		m := smsfailover.Message{ID: id, TplID: "login", To: "+86" + id, Args: []string{id}}
		if n%2 == 0 {
			m.IdemKey = "key " + id
		}
		receipts, err := c.f.Submit(ctx, m)
		switch {
		case err == nil:
			c.log.add(evAccepted, id, receipts[0].Outcome.String())
		case ctx.Err() == nil:
			c.log.add(evRefused, id, err.Error())
		}
		pause(ctx, time.Duration(1+rand.Int64N(20))*time.Millisecond)
	}
}

// drain returns when the store has nothing more to deliver.
func (c *child) drain(ctx context.Context) {
	for ctx.Err() == nil {
		d, err := c.store.Depth(ctx)
		if err == nil && d.Live() == 0 {
			c.log.add(evEmpty, "", strconv.Itoa(d.Dead))
			return
		}
		pause(ctx, c.cfg.Poll)
	}
}

// pause waits for d or until ctx is done.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// A crashProvider sends by writing down; now and then it fails, is slow, or takes
// the message and doesn't say so.
type crashProvider struct {
	log   *crashLog
	lease time.Duration
}

var (
	errProvider = errors.New("provider: 503")
	errTimeout  = fmt.Errorf("provider: no answer: %w", os.ErrDeadlineExceeded)
)

func (p *crashProvider) Send(ctx context.Context, _ string, args []string, _ ...string) error {
	key, ok := smsfailover.IdemKeyFrom(ctx)
	if !ok || len(args) != 1 {
		return fmt.Errorf("%w: %d args, an IdemKey: %v", smsfailover.ErrPermanent, len(args), ok)
	}
	dice := rand.IntN(100)
	takes := time.Duration(1+rand.IntN(10)) * time.Millisecond
	if dice < 5 { // long enough to need Extend
		takes = p.lease * 3 / 5
	}
	if pause(ctx, takes); ctx.Err() != nil {
		return context.Cause(ctx)
	}
	switch {
	case dice >= 90:
		return errProvider
	case dice >= 88:
		p.log.add(evUnknown, args[0], key)
		return errTimeout
	}
	p.log.add(evSent, args[0], key)
	return nil
}
