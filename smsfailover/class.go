package smsfailover

import "fmt"

// Class says what the result of a send means.
type Class uint8

// The classes of results.
const (
	Success   Class = iota // the provider took the message
	Transient              // it may work later; what an unknown error, and a timeout, is
	Throttled              // the provider wants less traffic
	Permanent              // the message is wrong: no retry, and no fault of the provider
	Canceled               // the caller gave up: says nothing about the provider
)

func (c Class) String() string {
	switch c {
	case Success:
		return "success"
	case Transient:
		return "transient"
	case Throttled:
		return "throttled"
	case Permanent:
		return "permanent"
	case Canceled:
		return "canceled"
	}
	return fmt.Sprintf("Class(%d)", uint8(c))
}
