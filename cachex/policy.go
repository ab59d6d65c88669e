package cachex

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	maxBudgets  = 4                    // send budgets per policy: state stays of fixed size
	maxCount    = math.MaxUint16       // tries and budget maxima
	maxDuration = 366 * 24 * time.Hour // TTLs and windows; keeps sums and Redis' milliseconds in range
	minDuration = time.Millisecond     // Redis expires in whole milliseconds
)

// A Budget allows Max events in a Window that starts at its first event and
// ends Window later, when the next event starts a new one. The zero Budget is
// off: it allows everything.
type Budget struct {
	Max    int           // 1 to 65535
	Window time.Duration // 1 ms to 366 days
}

func (b Budget) off() bool { return b == Budget{} }

func (b Budget) faults(name string) []error {
	if b.off() {
		return nil
	}
	var errs []error
	if b.Max < 1 || b.Max > maxCount {
		errs = append(errs, fmt.Errorf("%s.Max is %d, want 1 to %d (or a zero Budget)", name, b.Max, maxCount))
	}
	return append(errs, checkDuration(name+".Window", b.Window, false))
}

// A Policy says how long codes live and how often they may be sent and tried.
// Start from [DefaultPolicy]: a zero TTL or MaxAttempts is an error, and a zero
// ResendAfter or Budget turns that rule off.
type Policy struct {
	TTL         time.Duration // life of a code, 1 ms to 366 days
	ResendAfter time.Duration // pause between two Sets of a Key; 0 is none
	MaxAttempts int           // tries that one code takes, 1 to 65535
	Guesses     Budget        // wrong tries of a Key over all its codes; a success clears it
	Sends       []Budget      // Sets of a Key, at most 4 budgets, all of which must allow it; never cleared
}

// DefaultPolicy returns the policy of a new cache: codes live 10 minutes and
// take 3 tries, a minute lies between two sends, a recipient gets 5 sends an
// hour and 10 a day, and 20 wrong guesses in a day lock it.
func DefaultPolicy() Policy {
	return Policy{
		TTL:         10 * time.Minute,
		ResendAfter: time.Minute,
		MaxAttempts: 3,
		Guesses:     Budget{Max: 20, Window: 24 * time.Hour},
		Sends:       []Budget{{Max: 5, Window: time.Hour}, {Max: 10, Window: 24 * time.Hour}},
	}
}

// Validate returns nil for a policy that a cache takes, else every fault in
// one joined error that names the field and its value.
func (p Policy) Validate() error { return p.validate("cachex: ") }

// validate is Validate with errors that begin with prefix.
func (p Policy) validate(prefix string) error {
	errs := append(p.Guesses.faults("Policy.Guesses"),
		checkDuration("Policy.TTL", p.TTL, false),
		checkDuration("Policy.ResendAfter", p.ResendAfter, true),
	)
	if p.MaxAttempts < 1 || p.MaxAttempts > maxCount {
		errs = append(errs, fmt.Errorf("Policy.MaxAttempts is %d, want 1 to %d", p.MaxAttempts, maxCount))
	}
	if n := len(p.Sends); n > maxBudgets {
		errs = append(errs, fmt.Errorf("Policy.Sends has %d budgets, at most %d", n, maxBudgets))
	}
	for i, b := range p.Sends {
		errs = append(errs, b.faults(fmt.Sprintf("Policy.Sends[%d]", i))...)
	}
	for i, err := range errs {
		if err != nil {
			errs[i] = fmt.Errorf("%s%w", prefix, err)
		}
	}
	return errors.Join(errs...)
}

// normal returns a copy without budgets that are off.
func (p Policy) normal() Policy {
	p.Sends = slices.DeleteFunc(slices.Clone(p.Sends), Budget.off)
	return p
}

// checkDuration returns what is wrong with d, without the package's prefix.
func checkDuration(name string, d time.Duration, zeroOK bool) error {
	switch {
	case d == 0 && zeroOK, d >= minDuration && d <= maxDuration:
		return nil
	case zeroOK:
		return fmt.Errorf("%s is %v, want 0 or 1ms to 8784h", name, d)
	}
	return fmt.Errorf("%s is %v, want 1ms to 8784h", name, d)
}
