package ratelimit

import (
	"context"
	"sync/atomic"
	"time"
)

// patience makes contexts of calls that end after a while. A timer for each call
// would cost more than all else that is done here for one, to go off never: the
// calls of a moment share that of the first, and so end a little sooner. Nobody
// has to stop it.
type patience struct {
	shared atomic.Pointer[alarm]
}

const moment = 16 // the part of a call's time that it may lose by sharing

// An alarm is a timer that closes rings, once, at its time.
type alarm struct {
	at    time.Time
	rings chan struct{}
}

// A call is a context that ends with its alarm, but not with its parent. It is
// for a client that minds deadlines where it waits for the server, which is deaf
// to a cancellation there.
type call struct {
	context.Context // for its values
	*alarm
}

// begin returns a context that ends after d or up to a sixteenth sooner, or at
// the deadline of parent if that's earlier.
func (p *patience) begin(parent context.Context, d time.Duration) call {
	now := time.Now()
	a := p.alarm(now, d)
	if end, ok := parent.Deadline(); ok && end.Before(a.at) {
		a = newAlarm(now, end)
	}
	return call{parent, a}
}

func (p *patience) alarm(now time.Time, d time.Duration) *alarm {
	if a := p.shared.Load(); a != nil {
		if left := a.at.Sub(now); left <= d && left >= d-d/moment {
			return a
		}
	}
	a := newAlarm(now, now.Add(d))
	p.shared.Store(a)
	return a
}

func newAlarm(now, at time.Time) *alarm {
	a := &alarm{at: at, rings: make(chan struct{})}
	time.AfterFunc(at.Sub(now), func() { close(a.rings) })
	return a
}

func (c call) Deadline() (time.Time, bool) { return c.at, true }

func (c call) Done() <-chan struct{} { return c.rings }

func (c call) Err() error {
	select {
	case <-c.rings:
		return context.DeadlineExceeded
	default:
		return nil
	}
}
