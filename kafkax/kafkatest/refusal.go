package kafkatest

import (
	"context"

	"github.com/twmb/franz-go/pkg/kfake"
)

// A refusal is a fault as a trouble: the cluster counts what meets it.
type refusal struct {
	count  int
	handle *kfake.FaultHandle
	over   *meter // of which only the end is used
}

func newRefusal(count int, handle *kfake.FaultHandle) *refusal {
	return &refusal{count, handle, newMeter(Always)}
}

func (r *refusal) Hits() int { return r.handle.Hits() }

func (r *refusal) end(why error) {
	r.handle.Remove()
	r.over.end(why)
}

func (r *refusal) ended() bool { return r.spent(r.Hits()+1) || r.over.ended() }

// spent reports whether it isn't for as many as n requests.
func (r *refusal) spent(n int) bool { return r.count != Always && n > r.count }

// Wait is [Trouble.Wait].
func (r *refusal) Wait(ctx context.Context, n int) error {
	err := r.met(ctx, n)
	switch {
	case r.Hits() >= n: // whatever else has come to pass
		return nil
	case err == nil:
		return ErrRemoved
	}
	return err
}

// met waits for n requests, or as many as it is for.
func (r *refusal) met(ctx context.Context, n int) error {
	if r.spent(n) {
		n = r.count
	}
	waiting, cancel := context.WithCancel(ctx)
	defer cancel()
	met := make(chan error, 1)
	go func() { met <- r.handle.Wait(waiting, n) }()
	select {
	case err := <-met:
		if err != nil { // which is ctx.Err
			return context.Cause(ctx)
		}
		return nil
	case <-r.over.gone:
		return r.over.reason()
	}
}
