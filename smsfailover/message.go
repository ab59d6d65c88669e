package smsfailover

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Service sends the template tplID, filled with args, to every number. It is a
// provider, a [Chain] of them, or a [Failover].
//
// A provider says with its error what became of the message; see [Class]. It
// has to honour ctx, which ends when a send has taken too long or has lost its
// lease, and may read [IdemKeyFrom] off it. It doesn't change args or numbers, and
// keeps neither. It is called concurrently.
type Service interface {
	Send(ctx context.Context, tplID string, args []string, numbers ...string) error
}

// A Limiter says when the next message under key may go. Wait 0 is now, and the
// one message is counted; [math.MaxInt64] is never. It is asked before every
// send, also of retries, and concurrently.
type Limiter interface {
	Take(ctx context.Context, key string) (wait time.Duration, err error)
}

// A Message is one SMS to one number.
type Message struct {
	// ID names the message. Empty: [Failover.Submit] gives it a fresh UUIDv7.
	ID string
	// TplID is the provider's template, To the number. Both are required.
	TplID, To string
	// IdemKey, if any, makes a second message with the same key a [Duplicate]
	// for [IdemRetention]. A message with one is stored before it is tried.
	IdemKey string
	// Args fill the template.
	Args []string
	// NotAfter, if not zero, is when the message loses its worth: it is never
	// handed to a provider later than that.
	NotAfter time.Time
	// Priority: what is due with a higher one goes first. Stores keep three
	// bands: below zero, zero, above zero.
	Priority int
}

// Outcome says what became of a message that was handed in.
type Outcome uint8

// The outcomes.
const (
	Delivered  Outcome = iota // the provider took it
	Queued                    // it is in the store and will be tried
	Duplicate                 // its like is there already; nothing was stored
	Superseded                // it is in the store, in the place of an older one that now won't go
	Rejected                  // not accepted: the call's error says why
)

func (o Outcome) String() string {
	switch o {
	case Delivered:
		return "delivered"
	case Queued:
		return "queued"
	case Duplicate:
		return "duplicate"
	case Superseded:
		return "superseded"
	case Rejected:
		return "rejected"
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// A Receipt tells the caller of [Failover.Submit] what became of one message.
type Receipt struct {
	ID      string
	Outcome Outcome
}

// The longest fields of a Message, in bytes.
const (
	MaxID      = 64
	MaxTplID   = 128
	MaxTo      = 64
	MaxIdemKey = 200
	MaxArgs    = 16 << 10 // of all args together
)

// Validate returns nil if the fields are there and no longer than a store takes,
// else an error that wraps [ErrInput] and names each that isn't, by its length:
// values don't belong in errors.
func (m Message) Validate() error {
	size := 0
	for _, a := range m.Args {
		size += len(a)
	}
	return errors.Join(
		between("Message.ID", len(m.ID), 0, MaxID),
		between("Message.TplID", len(m.TplID), 1, MaxTplID),
		between("Message.To", len(m.To), 1, MaxTo),
		between("Message.IdemKey", len(m.IdemKey), 0, MaxIdemKey),
		between("Message.Args", size, 0, MaxArgs),
	)
}

func between(name string, n, low, high int) error {
	if n >= low && n <= high {
		return nil
	}
	return fmt.Errorf("%w: %s has %d bytes, want %d to %d", ErrInput, name, n, low, high)
}
