package smsfailover

import (
	"context"
	"errors"
)

var errDropped = errors.New("smsfailover: dropped for a newer one, as the queue was full")

// makeRoom reserves room in the queue for up to n messages, and returns for how
// many there is.
func (f *Failover) makeRoom(ctx context.Context, n int) (int, error) {
	room, err := f.gauge.reserve(ctx, n)
	if err != nil || room == n || f.cfg.overflow == Reject {
		return room, err
	}
	f.gauge.dropped(f.dropOldest(context.WithoutCancel(ctx), n-room))
	more, err := f.gauge.reserve(ctx, n-room)
	if err != nil {
		return room, nil //nolint:nilerr // for what there is room it makes no difference
	}
	return room + more, nil
}

// dropOldest buries up to n of the messages that are due longest and returns how
// many.
func (f *Failover) dropOldest(ctx context.Context, n int) int {
	var jobs []Job
	err := f.callStore(ctx, "claim", func(ctx context.Context) (err error) {
		jobs, err = f.store.Claim(ctx, f.owner, n, f.cfg.lease)
		return err
	})
	if err != nil {
		return 0
	}
	dropped := 0
	for i := range jobs {
		if f.bury(ctx, within(f.cfg.callTimeout), jobs[i].Ref(), errDropped.Error()) != nil {
			continue
		}
		dropped++
		f.count.dropped.Add(1)
		f.buried(&jobs[i], errDropped)
	}
	return dropped
}

// buried counts and tells that a job is a dead letter now.
func (f *Failover) buried(j *Job, why error) {
	f.count.buried.Add(1)
	ev := newEvent(&j.Message, j.Attempt)
	ev.Cause = cause(why)
	call(f.cfg.hooks.OnBuried, ev)
}
