package ratelimittest_test

import (
	"testing"

	"github.com/ycvk/tinybook/internal/teeth"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/ratelimit/ratelimittest"
)

// A fault breaks a limiter in one way.
type fault struct {
	name   string
	caught string // the algorithm and the scenario that must fail
	says   string // and what it must say
	open   func(t *testing.T, a ratelimit.Algorithm, limits []ratelimit.Limit) ratelimittest.Harness
}

func TestSuiteHasTeeth(t *testing.T) {
	var all []teeth.Fault
	for _, f := range faults() {
		suite := func(t *testing.T) { ratelimittest.RunBubble(t, f.open) }
		all = append(all, teeth.Fault{Name: f.name, Caught: f.caught, Says: f.says, Suite: suite})
	}
	teeth.Bite(t, all)
}
