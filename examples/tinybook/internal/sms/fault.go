package sms

import (
	"errors"
	"fmt"
	"time"
)

// A Fault is what a provider is made to suffer from.
type Fault struct {
	Down      bool `json:"down"`        // it takes nothing
	Throttled bool `json:"throttled"`   // it wants less traffic
	Refuses   bool `json:"refuses"`     // it takes no message of ours, and never will
	Percent   int  `json:"failPercent"` // so many of a hundred messages fail
	DelayMS   int  `json:"delayMs"`     // it answers so much later
}

// MaxDelay is the longest delay of a [Fault].
const MaxDelay = time.Minute

// Any reports whether there is anything wrong at all.
func (f Fault) Any() bool { return f != Fault{} }

// Validate returns nil if the numbers make sense.
func (f Fault) Validate() error {
	var errs []error
	if f.Percent < 0 || f.Percent > 100 {
		errs = append(errs, fmt.Errorf("sms: failPercent %d: want 0 to 100", f.Percent))
	}
	if f.DelayMS < 0 || int64(f.DelayMS) > MaxDelay.Milliseconds() { // delay of any int would overflow
		errs = append(errs, fmt.Errorf("sms: delayMs %d: want 0 to %d", f.DelayMS, MaxDelay.Milliseconds()))
	}
	return errors.Join(errs...)
}

func (f Fault) delay() time.Duration { return time.Duration(f.DelayMS) * time.Millisecond }
