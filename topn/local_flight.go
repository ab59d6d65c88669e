package topn

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
)

// flights lets callers who want the same at the same time share one call.
type flights struct {
	mu  sync.Mutex
	now *flight // what a caller can still join
}

type flight struct {
	done    chan struct{}
	err     error       // once done is closed
	panic   *panicError // likewise
	cancel  context.CancelFunc
	waiters int  // guarded by flights.mu
	given   bool // it ends with the caller who made it, not with the last to wait
}

// do waits for fn, which the first caller starts and others join, until it calls
// seal or returns; if fn panics, so does do. fn runs in a goroutine that is cancelled
// when the last waiter has left. Its context has the values of the first.
func (g *flights) do(ctx context.Context, fn func(ctx context.Context, seal func()) error) error {
	for {
		f := g.join(ctx, fn)
		select {
		case <-f.done:
			if f.given && errors.Is(f.err, context.Canceled) && ctx.Err() == nil {
				continue // its caller has left, which is no reason for this one to fail
			}
			return f.result()
		case <-ctx.Done():
			g.leave(f)
			return contextError(ctx)
		}
	}
}

func (g *flights) join(ctx context.Context, fn func(ctx context.Context, seal func()) error) *flight {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.now != nil {
		g.now.waiters++
		return g.now
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	f := &flight{done: make(chan struct{}), cancel: cancel, waiters: 1}
	g.now = f
	go func() {
		defer cancel()
		g.fly(f, func() error { return fn(ctx, func() { g.seal(f) }) })
	}()
	return f
}

// fly runs fn, and lets all who wait go on however it ends.
func (g *flights) fly(f *flight, fn func() error) {
	f.err = errExit // unless fn returns
	defer func() {
		if v := recover(); v != nil {
			f.panic = panicked(v)
		}
		g.seal(f)
		close(f.done)
	}()
	f.err = fn()
}

// errExit is for callers who wait for a function that called runtime.Goexit.
var errExit = errors.New("topn: a Source or Codec ended its goroutine")

// result is what fn returned, or panics as fn did.
func (f *flight) result() error {
	if f.panic != nil {
		panic(f.panic)
	}
	return f.err
}

// A panicError is the panic of a Source or Codec, as all see it who waited for it.
type panicError struct {
	value any
	stack []byte // of its own goroutine
}

// panicked is called where v was recovered.
func panicked(v any) *panicError {
	if p, passedOn := v.(*panicError); passedOn {
		return p
	}
	return &panicError{v, debug.Stack()}
}

// Error implements error.
func (p *panicError) Error() string { return fmt.Sprintf("%v\n\n%s", p.value, p.stack) }

// Unwrap returns the value, if it is an error.
func (p *panicError) Unwrap() error {
	err, _ := p.value.(error)
	return err
}

// run is do without a goroutine that may outlive the call: fn runs in the
// caller's, or run waits for one to end that it was the last to wait for.
func (g *flights) run(ctx context.Context, fn func(ctx context.Context) error) error {
	g.mu.Lock()
	if f := g.now; f != nil {
		f.waiters++
		g.mu.Unlock()
		return g.outwait(ctx, f)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	f := &flight{done: make(chan struct{}), cancel: func() {}, given: true}
	g.now = f
	g.mu.Unlock()
	g.fly(f, func() error { return fn(ctx) })
	return f.result()
}

func (g *flights) outwait(ctx context.Context, f *flight) error {
	select {
	case <-f.done:
		return f.result()
	case <-ctx.Done():
	}
	if g.leave(f) {
		<-f.done
	}
	return contextError(ctx)
}

// leave takes a waiter away, and reports whether it was the last. Then the flight
// is over, and nobody joins it any more.
func (g *flights) leave(f *flight) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	f.waiters--
	if f.waiters > 0 || f.given {
		return false
	}
	f.cancel()
	if g.now == f {
		g.now = nil
	}
	return true
}

func (g *flights) seal(f *flight) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.now == f {
		g.now = nil
	}
}
