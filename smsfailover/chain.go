package smsfailover

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"
)

// A Chain is a [Service] on several providers: what one can't take, the next one
// may. It sends to one number at a time, so that a number which one provider
// has served isn't served again by the next.
//
// Providers are asked by health, then by Cost, then in the order given. One whose
// monitor is closed and whose health is below 1 comes first for only that
// share of the messages, and after the others for the rest; so a provider that
// recovers gets its traffic back slowly while there is another. One that is due
// for a probe keeps its place, or it would never recover.
//
// What a provider answers decides how it goes on:
//
//   - It took the message: done.
//   - Transient or Throttled, or its limiter or monitor says no: the next one.
//   - Permanent: an error at once. It means that nobody will take the message;
//     a provider that merely lacks a template should return another error.
//   - Nobody knows (a timeout, a broken connection): the SMS may be on its way, and
//     another provider might send a second one. Send returns an error, and for
//     [StickyFor] the same message goes to that provider alone, which knows it by
//     its IdemKey; after that the others come first for it. See [Provider] for how
//     to prefer a second SMS to a late one.
//   - ctx ended: an error at once that wraps ctx's.
//
// What it remembers of these results is in memory, for eleven times StickyFor: a
// hash of each such message, of the last 65 536 of them.
//
// A [Failover] on a Chain needs no monitor or limiter of its own, unless they are
// for all providers together.
//
// It is safe for concurrent use if its providers are, starts no goroutine, and
// allocates nothing for a message that a healthy provider takes.
type Chain struct {
	given, byCost []*link
	holds         holds
}

var _ Service = (*Chain)(nil)

// A Provider is one of a [Chain].
type Provider struct {
	// Name names it in errors and snapshots, and is the key for its Limiter.
	Name    string
	Service Service
	// Limiter and Monitor may be nil. No two providers share a Monitor.
	Limiter Limiter
	Monitor *ErrorRateMonitor
	// Cost orders providers of the same health: the lower comes first.
	Cost int
	// PreferAvailability: after a result that nobody knows, the next provider is
	// tried at once, which is sooner, and may be a second SMS.
	PreferAvailability bool
}

// A link is a provider with what became of its messages.
type link struct {
	Provider
	sent, failed, throttled, permanent, unknown, limited, open atomic.Uint64
}

// NewChain returns a Chain of providers. Its error wraps [ErrInput] and names
// every provider that lacks a name or service or has another's name or monitor.
func NewChain(p ...Provider) (*Chain, error) {
	if err := checkProviders(p); err != nil {
		return nil, err
	}
	c := &Chain{}
	c.holds.init()
	for _, one := range p {
		c.given = append(c.given, &link{Provider: one})
	}
	c.byCost = slices.Clone(c.given)
	slices.SortStableFunc(c.byCost, func(a, b *link) int {
		switch {
		case a.Cost < b.Cost:
			return -1
		case a.Cost > b.Cost:
			return 1
		}
		return 0
	})
	return c, nil
}

func checkProviders(ps []Provider) error {
	if len(ps) == 0 {
		return fmt.Errorf("%w: NewChain: no provider", ErrInput)
	}
	var errs []error
	names := make(map[string]bool)
	monitors := make(map[*ErrorRateMonitor]bool)
	for i, p := range ps {
		bad := func(what string) {
			errs = append(errs, fmt.Errorf("%w: NewChain: provider %d (%q) %s", ErrInput, i, p.Name, what))
		}
		if p.Name == "" {
			bad("has no name")
		} else if names[p.Name] {
			bad("has the name of another")
		}
		if isNil(p.Service) {
			bad("has no service")
		}
		if p.Limiter != nil && isNil(p.Limiter) {
			bad("has a limiter that is a nil pointer")
		}
		if p.Monitor != nil && monitors[p.Monitor] {
			bad("has the monitor of another")
		} else if p.Monitor != nil && !p.Monitor.made() {
			bad("has a monitor that NewErrorRateMonitor didn't make")
		}
		names[p.Name], monitors[p.Monitor] = true, true
	}
	return errors.Join(errs...)
}

// Health returns the health of the healthiest provider; see
// [ErrorRateMonitor.Health]. One without a monitor has 1.
func (c *Chain) Health() float64 {
	h := 0.0
	for _, l := range c.given {
		h = max(h, l.health())
	}
	return h
}

// RetryAfter returns how long it is, at most, until a monitor lets a message
// through; see [ErrorRateMonitor.RetryAfter].
func (c *Chain) RetryAfter() time.Duration {
	d := time.Duration(math.MaxInt64)
	for _, l := range c.given {
		if l.Monitor == nil {
			return 0
		}
		d = min(d, l.Monitor.RetryAfter())
	}
	return d
}

func (l *link) health() float64 {
	if l.Monitor == nil {
		return 1
	}
	return l.Monitor.Health()
}
