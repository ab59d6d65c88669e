package smsfailover_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

const (
	phone = "+8613800138000"
	tpl   = "login"
)

var errDown = errors.New("connection refused")

// phones returns the i-th of many numbers.
func phones(i int) string { return fmt.Sprintf("+86138%08d", i) }

// An sms is one call of the provider.
type sms struct {
	to, tpl, key string
	args         []string
	at           time.Time
}

// A provider remembers what it was asked, and answers as told.
type provider struct {
	mu     sync.Mutex
	calls  []sms // all of them
	got    []sms // those that it took
	answer func(ctx context.Context, m sms) error
	inside int
	most   int // calls at once
}

func (p *provider) Send(ctx context.Context, tplID string, args []string, numbers ...string) error {
	key, _ := smsfailover.IdemKeyFrom(ctx)
	m := sms{to: numbers[0], tpl: tplID, key: key, args: slices.Clone(args), at: time.Now()}
	p.mu.Lock()
	p.calls = append(p.calls, m)
	p.inside++
	p.most = max(p.most, p.inside)
	answer := p.answer
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.inside--
	}()
	if answer != nil {
		if err := answer(ctx, m); err != nil {
			return err
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.got = append(p.got, m)
	return nil
}

// set makes the provider answer so from now on; nil takes everything.
func (p *provider) set(answer func(ctx context.Context, m sms) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

func (p *provider) fail(err error) {
	p.set(func(context.Context, sms) error { return err })
}

func (p *provider) taken() []sms {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.got)
}

func (p *provider) asked() []sms {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.calls)
}

// takes returns an answer of a provider that needs d, and obeys ctx.
func takes(d time.Duration) func(context.Context, sms) error {
	return func(ctx context.Context, _ sms) error {
		select {
		case <-time.After(d):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// A perMinute admits n at once, and one more each time one is a minute old.
type perMinute struct {
	mu    sync.Mutex
	n     int
	times []time.Time
}

func (l *perMinute) Take(context.Context, string) (time.Duration, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	for len(l.times) > 0 && now.Sub(l.times[0]) >= time.Minute {
		l.times = l.times[1:]
	}
	if len(l.times) < l.n {
		l.times = append(l.times, now)
		return 0, nil
	}
	return time.Minute - now.Sub(l.times[0]), nil
}

func oneKey(smsfailover.Message) string { return "sms" }

func newFailover(t testing.TB, p smsfailover.Service, s smsfailover.Store, opts ...smsfailover.Option) *smsfailover.Failover {
	t.Helper()
	f, err := smsfailover.New(p, s, opts...)
	require.NoError(t, err)
	return f
}

// run runs the workers; the function it returns stops them and waits.
func run(t testing.TB, f *smsfailover.Failover) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	t.Cleanup(stop) // a test that fails ends too
	return stop
}

func depth(t testing.TB, s smsfailover.Store) smsfailover.Depth {
	t.Helper()
	d, err := s.Depth(t.Context())
	require.NoError(t, err)
	return d
}

func submit(t testing.TB, f *smsfailover.Failover, m smsfailover.Message) smsfailover.Outcome {
	t.Helper()
	out, err := f.Submit(t.Context(), m)
	require.NoError(t, err)
	require.Len(t, out, 1)
	return out[0].Outcome
}

func code(to, digits string) smsfailover.Message {
	return smsfailover.Message{TplID: tpl, To: to, Args: []string{digits}}
}

// bubble runs f on a MemStore in a bubble.
func bubble(t *testing.T, f func(t *testing.T, p *provider, s *smsfailover.MemStore)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { f(t, &provider{}, smsfailover.NewMemStore()) })
}

// until waits for ok, at most for so long, by the clock of the bubble.
func until(t testing.TB, most time.Duration, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(most); !ok(); {
		require.True(t, time.Now().Before(end), "nothing came of it in %v", most)
		time.Sleep(max(10*time.Millisecond, most/1000))
		synctest.Wait()
	}
}
