package cachextest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ycvk/tinybook/cachex"
)

const crowd = 64 // goroutines

func raceScenarios() []scenario {
	return []scenario{
		{"ManyGoroutinesGuess", with(calm(), func(p *cachex.Policy) {
			p.Guesses = cachex.Budget{Max: 2 * 3, Window: time.Hour}
		}), manyGuess},
		{"ManyGoroutinesRightCode", calm(), manyRight},
		{"ManyGoroutinesSend", with(calm(), func(p *cachex.Policy) {
			p.ResendAfter = time.Hour
		}), manySend},
		{"ManyGoroutinesSpendBudget", with(calm(), func(p *cachex.Policy) {
			p.Sends = []cachex.Budget{{Max: 5, Window: time.Hour}}
		}), manySpend},
		{"ManyGoroutinesOwnKeys", calm(), manyOwnKeys},
	}
}

// together runs f in crowd goroutines that start as one.
func together(f func(i int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range crowd {
		wg.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	wg.Wait()
}

// counts of answers by their reason.
type tally struct{ nil, mismatch, tooMany, locked, notFound, tooSoon, other atomic.Int64 }

func (c *tally) add(err error) {
	for _, e := range []struct {
		reason error
		n      *atomic.Int64
	}{
		{cachex.ErrMismatch, &c.mismatch},
		{cachex.ErrTooMany, &c.tooMany},
		{cachex.ErrLocked, &c.locked},
		{cachex.ErrNotFound, &c.notFound},
		{cachex.ErrTooSoon, &c.tooSoon},
	} {
		if errors.Is(err, e.reason) {
			e.n.Add(1)
			return
		}
	}
	if err == nil {
		c.nil.Add(1)
		return
	}
	c.other.Add(1)
}

func (c *tally) String() string {
	return fmt.Sprintf("nil %d, mismatch %d, too many %d, locked %d, not found %d, too soon %d, other %d",
		c.nil.Load(), c.mismatch.Load(), c.tooMany.Load(), c.locked.Load(), c.notFound.Load(), c.tooSoon.Load(), c.other.Load())
}

func (e *env) tally(c *tally, want string) {
	e.t.Helper()
	if got := c.String(); got != want {
		e.fatalf("got  %s\nwant %s", got, want)
	}
}

func manyGuess(e *env) {
	const guesses = 20
	k := e.key()
	for round := range 2 {
		e.set(k, right)
		var c tally
		together(func(int) {
			for range guesses {
				c.add(e.c.Verify(e.t.Context(), k, wrong))
			}
		})
		refused := fmt.Sprintf("too many %d, locked 0", crowd*guesses-3)
		if round == 1 {
			refused = fmt.Sprintf("too many 0, locked %d", crowd*guesses-3)
		}
		e.tally(&c, "nil 0, mismatch 3, "+refused+", not found 0, too soon 0, other 0")
	}
}

func manyRight(e *env) {
	for range 5 {
		k := e.key()
		e.set(k, right)
		var c tally
		together(func(int) { c.add(e.c.Verify(e.t.Context(), k, right)) })
		e.tally(&c, fmt.Sprintf("nil 1, mismatch 0, too many 0, locked 0, not found %d, too soon 0, other 0", crowd-1))
	}
}

func manySend(e *env) {
	k := e.key()
	var c tally
	together(func(int) {
		_, err := e.c.Set(e.t.Context(), k, right)
		c.add(err)
	})
	e.tally(&c, fmt.Sprintf("nil 1, mismatch 0, too many 0, locked 0, not found 0, too soon %d, other 0", crowd-1))
}

func manySpend(e *env) {
	k := e.key()
	var c tally
	var mu sync.Mutex
	gens := make(map[uint64]bool)
	together(func(int) {
		t, err := e.c.Set(e.t.Context(), k, right)
		c.add(err)
		mu.Lock()
		defer mu.Unlock()
		gens[t.Gen] = true
	})
	e.tally(&c, fmt.Sprintf("nil 5, mismatch 0, too many 0, locked %d, not found 0, too soon 0, other 0", crowd-5))
	delete(gens, 0)
	if len(gens) != 5 {
		e.fatalf("5 Sets got %d gens", len(gens))
	}
}

func manyOwnKeys(e *env) {
	keys := make([]cachex.Key, crowd)
	for i := range keys {
		keys[i] = e.key()
	}
	var c tally
	together(func(i int) {
		ctx, k := e.t.Context(), keys[i]
		for range 5 {
			_, err := e.c.Set(ctx, k, right)
			c.add(err)
			c.add(e.c.Verify(ctx, k, wrong))
			c.add(e.c.Verify(ctx, k, right))
		}
	})
	e.tally(&c, fmt.Sprintf("nil %d, mismatch %d, too many 0, locked 0, not found 0, too soon 0, other 0", crowd*10, crowd*5))
}
