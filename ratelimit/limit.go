package ratelimit

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"time"
)

// A Limit is at most N hits in any stretch of length Per. N 0 refuses
// everything. Burst is for [GCRA] only: how many hits may come at once, where 0
// means N.
//
// N and Burst are at most 2^31-1, Per is from a microsecond to 50 years. N hits
// of Per each must be less than 2^63 microseconds together, which allows 100
// million a day, and a spent Burst must be back within 50 years.
type Limit struct {
	N     int
	Per   time.Duration
	Burst int
}

// PerSecond returns the limit of n hits per second.
func PerSecond(n int) Limit { return Limit{N: n, Per: time.Second} }

// PerMinute returns the limit of n hits per minute.
func PerMinute(n int) Limit { return Limit{N: n, Per: time.Minute} }

// PerHour returns the limit of n hits per hour.
func PerHour(n int) Limit { return Limit{N: n, Per: time.Hour} }

// PerDay returns the limit of n hits per 24 hours.
func PerDay(n int) Limit { return Limit{N: n, Per: 24 * time.Hour} }

// String returns l in words, such as "5 per 1m0s".
func (l Limit) String() string {
	if l.Burst == 0 || l.Burst == l.N {
		return fmt.Sprintf("%d per %v", l.N, l.Per)
	}
	return fmt.Sprintf("%d per %v, burst %d", l.N, l.Per, l.Burst)
}

const (
	maxLimits = 8 // on one key
	maxPer    = 50 * 365 * 24 * time.Hour
)

// checkLimits returns all that is wrong with the limits of one key.
func checkLimits(a Algorithm, limits []Limit) error {
	var errs []error
	if a > FixedWindow {
		errs = append(errs, fmt.Errorf("%w: %v is no algorithm", ErrInput, a))
	}
	if n := len(limits); n == 0 || n > maxLimits {
		errs = append(errs, fmt.Errorf("%w: %d limits: want 1 to %d", ErrInput, n, maxLimits))
	}
	for i, l := range limits[:min(len(limits), maxLimits)] {
		for _, fault := range l.faults(a) {
			errs = append(errs, fmt.Errorf("%w: limits[%d]: %s", ErrInput, i, fault))
		}
	}
	return errors.Join(errs...)
}

// faults says what is wrong with l under a, each with the value.
func (l Limit) faults(a Algorithm) (all []string) {
	fault := func(format string, args ...any) { all = append(all, fmt.Sprintf(format, args...)) }
	if l.N < 0 || l.N > math.MaxInt32 {
		fault("N is %d: want 0 to %d", l.N, math.MaxInt32)
	}
	if l.Per < time.Microsecond || l.Per > maxPer {
		fault("Per is %v: want %v to %v", l.Per, time.Microsecond, maxPer)
	}
	switch {
	case l.Burst < 0 || l.Burst > math.MaxInt32:
		fault("Burst is %d: want 0 to %d", l.Burst, math.MaxInt32)
	case l.Burst != 0 && a != GCRA:
		fault("Burst is %d: only GCRA has bursts, not the %v", l.Burst, a)
	case len(all) == 0 && l.overflows():
		fault("N*Per is %d*%v, with a Burst of %d: too much to count", l.N, l.Per, l.Burst)
	}
	return all
}

// overflows reports whether l asks for more time than there is. l is right in
// all other respects.
func (l Limit) overflows() bool {
	micros := (uint64(l.Per) + 999) / 1000
	if hi, lo := bits.Mul64(uint64(l.N), micros); hi != 0 || lo > math.MaxInt64 {
		return true
	}
	hi, lo := bits.Mul64(uint64(l.Burst), uint64(l.Per))
	allowedHi, allowedLo := bits.Mul64(uint64(max(l.N, 1)), uint64(maxPer))
	_, borrow := bits.Sub64(allowedLo, lo, 0)
	_, borrow = bits.Sub64(allowedHi, hi, borrow)
	return borrow != 0
}
