package smsfailover

import "time"

// Hooks are called when something became of a message. A nil one is not called.
//
// They run in the goroutine that sent the message: a slow hook holds up that one
// sender, or the caller of [Failover.Submit]. A hook must not submit a message of
// the same template to the same number and wait for it: those go one at a time,
// and it would wait for itself.
type Hooks struct {
	OnDelivered func(Event) // the provider took it
	OnQueued    func(Event) // it is in the store, also in the place of an older one
	OnRetry     func(Event) // an attempt failed; the next one is in After
	OnBuried    func(Event) // it is among the dead letters, for Cause
	OnExpired   func(Event) // it was queued until its NotAfter, and is gone
}

// An Event tells what became of a message, without its number and args.
type Event struct {
	ID, TplID string
	// Attempt counts the failed attempts so far.
	Attempt int
	// After is how long it waits now.
	After time.Duration
	// Cause says why, in at most 256 bytes.
	Cause string
}

// WithHooks sets hooks. The default is none.
func WithHooks(h Hooks) Option { return func(c *config) { c.hooks = h } }

func call(hook func(Event), e Event) {
	if hook != nil {
		hook(e)
	}
}

func newEvent(m *Message, attempt int) Event {
	return Event{ID: m.ID, TplID: m.TplID, Attempt: attempt}
}
